"""A problem in a document, as data: anyone may sort it, count it or print it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from framework.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Severity(StrEnum):
    """How much a problem matters."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Span(NamedTuple):
    """A stretch of a file; lines and columns count from 1, the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    @classmethod
    def start(cls, file: str) -> Span:
        """The first character of a file: the place of problems that belong to the whole of it."""
        return cls(file, 1, 1, 1, 1)

    @classmethod
    def point(cls, file: str, line: int, column: int) -> Span:
        """One character."""
        return cls(file, line, column, line, column + 1)


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """A change that mends a problem: what stands at `span` becomes `text`, every other character stays."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """One problem: where it is, which rule saw it, what it is, how to fix it."""

    span: Span
    code: str
    message: str
    fix: str = ""
    severity: Severity = Severity.ERROR
    edit: Edit | None = field(default=None, compare=False, repr=False)
    """The fix as a change of the text, where it is safe to make it without asking."""


class DocumentError(UserError):
    """A document can't be used as it is; `diagnostics` says everything that is wrong with it."""

    def __init__(self, diagnostics: Iterable[Diagnostic], texts: Mapping[str, str] | None = None) -> None:
        self.diagnostics = sorted(set(diagnostics))
        self.texts = dict(texts or {})
        first = self.diagnostics[0]
        super().__init__(first.message, where=f"{first.span.file}:{first.span.line}", fix=first.fix)

    def __str__(self) -> str:
        from framework.documents.rendering import render_text  # noqa: PLC0415 - rendering knows diagnostics

        return render_text(self.diagnostics, self.texts)
