"""Find where in a file a character of a text stands, whatever quotes, escapes and folds lie between."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framework.documents.diagnostics import Span

BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|\r\n|.)", re.DOTALL)


def align(text: str, span: Span, value: str, style: str, offset: int) -> tuple[int, int]:
    """Line and column of `value[offset]` in the file whose text is `text`."""
    begin = _index(text, span.line) + span.column - 1
    if style in {"|", ">"}:
        fold = BREAK.search(text, begin)
        begin = fold.end() if fold else len(text)
    elif style:
        begin += 1
    at = _walk(text, begin, value, style, min(offset, len(value)))
    before = list(BREAK.finditer(text, 0, at))
    return len(before) + 1, at - (before[-1].end() if before else 0) + 1


def _index(text: str, line: int) -> int:
    """Where line number `line` begins in the text."""
    at = 0
    for _ in range(line - 1):
        fold = BREAK.search(text, at)
        at = fold.end() if fold else len(text)
    return at


def _walk(text: str, at: int, value: str, style: str, offset: int) -> int:
    """Walk the written form and the value side by side until `offset` characters of the value are behind."""
    seen = 0
    while at < len(text):
        char = text[at]
        wanted = value[seen] if seen < len(value) else ""
        if seen >= offset and (not wanted or char in (wanted, "\\")):
            return at
        if style == '"' and char == "\\" and (escape := ESCAPE.match(text, at)):
            at, seen = escape.end(), seen + (escape[1][0] not in "\r\n")
        elif char == wanted:
            at += 2 if style == "'" and char == "'" else 1
            seen += 1
        elif char.isspace() or BREAK.match(char):
            folded = wanted.isspace() and bool(wanted) and BREAK.match(char)
            at, seen = at + 1, seen + bool(folded)
        else:
            at, seen = at + 1, seen + 1
    return min(at, len(text))
