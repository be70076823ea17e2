"""Find where in a file a character of a text stands, whatever quotes, escapes and folds lie between."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framework.documents.diagnostics import Span

BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|\r\n|.)", re.DOTALL)


def align(text: str, span: Span, value: str, style: str, offset: int) -> tuple[int, int]:
    """Line and column of `value[offset]` in the file whose text is `text`."""
    places = _places(text, span, value, style)
    at = places[min(max(offset, 0), len(places) - 1)]
    begins = begins_of(text)
    line = bisect_right(begins, at)
    return line, at - begins[line - 1] + 1


@lru_cache(maxsize=16)
def begins_of(text: str) -> tuple[int, ...]:
    """Where each line of a text begins."""
    return (0, *(fold.end() for fold in BREAK.finditer(text)))


def offset_of(text: str, line: int, column: int) -> int:
    """Which character of the text stands at a line and column, both from 1; the text's end where it has none there."""
    begins = begins_of(text)
    return min(begins[line - 1] + column - 1, len(text)) if line <= len(begins) else len(text)


@lru_cache(maxsize=64)
def _places(text: str, span: Span, value: str, style: str) -> tuple[int, ...]:
    """For each character of the value, and for its end, where in the file it stands."""
    at = begins_of(text)[span.line - 1] + span.column - 1
    if style in {"|", ">"}:
        fold = BREAK.search(text, at)
        at = fold.end() if fold else len(text)
    elif style:
        at += 1
    places: list[int] = []
    while at < len(text) and len(places) < len(value):
        at = _step(text, at, value, style, places)
    last = min(at, len(text))
    return (*places, *([last] * (len(value) + 1 - len(places))))


def _step(text: str, at: int, value: str, style: str, places: list[int]) -> int:
    """Match one written character with the value; returns where the next one stands."""
    char, wanted = text[at], value[len(places)]
    if style == '"' and char == "\\" and (escape := ESCAPE.match(text, at)):
        if escape[1][0] not in "\r\n":
            places.append(at)
        return escape.end()
    if char == wanted:
        places.append(at)
        return at + (2 if style == "'" and char == "'" else 1)
    if char.isspace() or BREAK.match(char):
        if wanted.isspace() and BREAK.match(char):
            places.append(at)
        return at + 1
    places.append(at)
    return at + 1
