"""Positions in a text: characters from 0 for us, lines and code units for editors."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING

from framework.documents.align import offset_of

if TYPE_CHECKING:
    from framework.documents import Span

FOLD = re.compile("\r\n|\n|\r")
"""What editors take for the end of a line; YAML knows some more."""

LAST_OF_ONE_UNIT = 0xFFFF


class Text:
    """The text of a file, with its lines as an editor counts them.

    Args:
        text: The characters.
        encoding: In which units the editor counts within a line: `utf-8`, `utf-16` or `utf-32`.
    """

    def __init__(self, text: str, encoding: str = "utf-16") -> None:
        self.text = text
        self.encoding = encoding

    @cached_property
    def begins(self) -> list[int]:
        """Where each line begins."""
        return [0, *(fold.end() for fold in FOLD.finditer(self.text))]

    def offset(self, line: int, units: int) -> int:
        """The character at an editor's position; the nearest one where there is none."""
        if line >= len(self.begins):
            return len(self.text)
        begin = self.begins[max(line, 0)]
        end = self.begins[line + 1] if line + 1 < len(self.begins) else len(self.text)
        written = self.text[begin:end].rstrip("\r\n")
        at = 0
        for index, char in enumerate(written):
            if at >= units:
                return begin + index
            at += self._units(char)
        return begin + len(written)

    def position(self, offset: int) -> tuple[int, int]:
        """The editor's line and units of a character."""
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self.begins, offset) - 1
        return line, sum(self._units(char) for char in self.text[self.begins[line] : offset])

    def span(self, span: Span) -> tuple[int, int]:
        """The characters from and up to which a span of the file goes."""
        begin = offset_of(self.text, span.line, span.column)
        return begin, max(begin, offset_of(self.text, span.end_line, span.end_column))

    def _units(self, char: str) -> int:
        if self.encoding == "utf-32":
            return 1
        if self.encoding == "utf-8":
            return len(char.encode("utf-8", "surrogatepass"))
        return 2 if ord(char) > LAST_OF_ONE_UNIT else 1
