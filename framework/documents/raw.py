"""A document as it is written: scalars, lists and pairs with their places, before anything is understood."""

from __future__ import annotations

from dataclasses import dataclass, field

from framework.documents.diagnostics import Diagnostic, Span

DEEPEST = 100
"""How many levels a document may nest."""


@dataclass(slots=True)
class Leaf:
    """A scalar."""

    span: Span
    text: str
    style: str = ""
    """`` for plain, else `'`, `"`, `|` or `>`."""
    tag: str | None = None


@dataclass(slots=True)
class Items:
    """A list."""

    span: Span
    children: list[Raw] = field(default_factory=list)
    tag: str | None = None


@dataclass(slots=True)
class Pairs:
    """A mapping, in the order of the file, duplicates included."""

    span: Span
    children: list[tuple[Raw, Raw]] = field(default_factory=list)
    tag: str | None = None
    flow: bool = False
    """Written in braces."""


Raw = Leaf | Items | Pairs


def has_key(raw: Raw | None, key: str) -> bool:
    """True when the mapping has this key, as written."""
    pairs = raw.children if isinstance(raw, Pairs) else []
    return any(isinstance(written, Leaf) and written.text == key for written, _ in pairs)


class SyntaxProblemError(Exception):
    """The text is not what its format allows; nothing more can be read."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def too_deep(span: Span) -> SyntaxProblemError:
    """The problem of a document that nests without end."""
    return SyntaxProblemError(Diagnostic(span, "YML010", f"values nest deeper than {DEEPEST} levels."))
