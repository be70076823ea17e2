"""What can be wrong with an expression: its form, its types, or the values it meets."""

from __future__ import annotations

from dataclasses import dataclass

from framework.errors import UserError


class ExpressionError(UserError):
    """The text is not an expression of the language; `column` counts from 1."""

    def __init__(self, message: str, column: int = 1, fix: str = "") -> None:
        super().__init__(message, where=f"column {column}", fix=fix)
        self.column = column


class EvaluationError(UserError):
    """An expression met values that it can't work with."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What a type check found; `column` counts from 1."""

    column: int
    message: str
    fix: str = ""
