"""Texts with `{{ expressions }}` in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from framework.flows.expressions.errors import ExpressionError
from framework.flows.expressions.expression import Expression, parse
from framework.flows.expressions.values import bounded, canonical

if TYPE_CHECKING:
    from datetime import datetime

Speak = Callable[[Any, "tuple[str, ...] | None"], str]
"""Turns a value into words; the path is there when the placeholder is a bare name."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """An expression inside a text."""

    expression: Expression
    offset: int
    """Where the expression begins in the text, from 0."""
    path: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Template:
    """A text, parsed once; immutable."""

    text: str
    parts: tuple[str | Placeholder, ...]

    @classmethod
    def parse(cls, text: str) -> Template:
        """The template of a text; `ExpressionError` with a column when a placeholder is wrong."""
        return _parse(text)

    @classmethod
    def scan(cls, text: str) -> tuple[Template, list[ExpressionError]]:
        """The template of what is right in a text, and every problem."""
        return _scan(text)

    @property
    def placeholders(self) -> tuple[Placeholder, ...]:
        """The expressions in the text."""
        return tuple(part for part in self.parts if isinstance(part, Placeholder))

    @property
    def single(self) -> Placeholder | None:
        """The placeholder when the text is nothing else."""
        found = self.placeholders
        rest = "".join(part for part in self.parts if isinstance(part, str))
        return found[0] if len(found) == 1 and not rest.strip() else None

    def names(self) -> set[tuple[str, ...]]:
        """The paths that its expressions read."""
        return {path for part in self.placeholders for path in part.expression.names()}

    def render(self, names: Mapping[str, Any], now: datetime, speak: Speak | None = None) -> str:
        """The text with every placeholder filled; `EvaluationError` when one can't be."""
        written = []
        for part in self.parts:
            if isinstance(part, str):
                written.append(part)
            elif (value := part.expression.evaluate(names, now)) is not None:
                written.append(speak(value, part.path) if speak else canonical(value))
        return str(bounded("".join(written)))

    def value(self, names: Mapping[str, Any], now: datetime) -> Any:
        """The value of a text that is one placeholder, in its type; else the rendered text."""
        single = self.single
        return single.expression.evaluate(names, now) if single else self.render(names, now)


@lru_cache(maxsize=4096)
def _parse(text: str) -> Template:
    template, problems = _scan(text)
    if problems:
        raise problems[0]
    return template


def _scan(text: str) -> tuple[Template, list[ExpressionError]]:
    parts: list[str | Placeholder] = []
    problems: list[ExpressionError] = []
    at = 0
    while (begin := text.find("{{", at)) >= 0:
        if begin > 0 and text[begin - 1] == "\\":
            parts.append(text[at : begin - 1] + "{{")
            at = begin + 2
            continue
        parts.append(text[at:begin])
        end = _end(text, begin + 2)
        if end is None:
            problems.append(
                ExpressionError("`{{` is never closed.", begin + 1, "Add `}}`, or write `\\{{` for the braces.")
            )
            at = len(text)
            break
        _place(text, begin + 2, end, parts, problems)
        at = end + 2
    parts.append(text[at:])
    return Template(text, tuple(part for part in parts if part != "")), problems


def _place(text: str, begin: int, end: int, parts: list[str | Placeholder], problems: list[ExpressionError]) -> None:
    inner = text[begin:end]
    try:
        expression = parse(inner)
    except ExpressionError as wrong:
        problems.append(ExpressionError(wrong.message, begin + wrong.column, wrong.fix))
    else:
        parts.append(Placeholder(expression, begin, expression.path))


def _end(text: str, at: int) -> int | None:
    """Where the `}}` of a placeholder stands; braces inside quotes don't count."""
    quote = ""
    while at < len(text):
        char = text[at]
        if quote:
            if char == "\\":
                at += 1
            elif char == quote:
                quote = ""
        elif char in "'\"":
            quote = char
        elif text.startswith("}}", at):
            return at
        at += 1
    return None
