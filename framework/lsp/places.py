"""Find what stands at a character: a name, or a key or value with its path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from framework.documents.align import begins_of

if TYPE_CHECKING:
    from framework.documents import Source, Span
    from framework.documents.source import Node
    from framework.flows.names import Use
    from framework.lsp.desk import Document

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A key or a value."""

    path: Path
    span: Span
    key: bool = False


def use_at(document: Document, offset: int) -> Use | None:
    """The name that a character belongs to; right behind a name counts, too."""
    line, column = where(document.text, offset)
    for use in document.uses:
        span = use.span
        if span.file == str(document.path) and span.line == line and span.column <= column <= span.end_column:
            return use
    return None


def place_at(document: Document, offset: int) -> Place | None:
    """The innermost key or value around a character."""
    if document.source is None:
        return None
    point = where(document.text, offset)
    return _inner(document.source, document.source.root, (), point)


def _inner(source: Source, node: Node, path: Path, point: tuple[int, int]) -> Place | None:
    for key, name in node.keys.items():
        if _within(name, source.file, point):
            return Place((*path, key), name, key=True)
    for key, child in reversed(node.children.items()):  # YAML ends a block where the next one begins
        if _within(child.span, source.file, point):
            return _inner(source, child, (*path, key), point) or Place((*path, key), child.span)
    return None


def _within(span: Span, file: str, point: tuple[int, int]) -> bool:
    return span.file == file and (span.line, span.column) <= point <= (span.end_line, span.end_column)


def where(text: str, offset: int) -> tuple[int, int]:
    """Line and column of a character, from 1, as YAML counts them."""
    from bisect import bisect_right  # noqa: PLC0415

    begins = begins_of(text)
    line = bisect_right(begins, offset)
    return line, offset - begins[line - 1] + 1
