"""How wide a text will be, near enough to cut it where it would no longer fit."""

from __future__ import annotations

import unicodedata

NARROW = frozenset("ijl|!.,:;'`()[]ftI -/\\")
WIDE = frozenset("mwMW@%—…")
MONO = 0.615
"""Width of a letter of a typewriter's face, in its size."""


def width(text: str, size: float, *, mono: bool = False, bold: bool = False) -> float:
    """How wide a text is at most likely to be drawn, in the units of `size`."""
    if mono:
        return sum(1.0 if _broad(char) else MONO for char in text) * size
    return sum(_width(char) for char in text) * size * (1.06 if bold else 1.0)


def _width(char: str) -> float:
    if char in NARROW:
        return 0.36
    if char in WIDE:
        return 0.95
    if _broad(char):
        return 1.05
    return 0.72 if char.isupper() else 0.61


def _broad(char: str) -> bool:
    return ord(char) > 0x2E7F or unicodedata.east_asian_width(char) in "WF"  # noqa: PLR2004 - from CJK on


def cut(text: str, room: float, size: float, *, mono: bool = False, bold: bool = False) -> str:
    """As much of a text as has room, with `…` where it goes on.

    >>> cut("a very long text", 40, 10)
    'a ver…'
    """
    if width(text, size, mono=mono, bold=bold) <= room:
        return text
    room -= width("…", size, mono=mono)
    kept = ""
    for char in text:
        room -= width(char, size, mono=mono, bold=bold)
        if room < 0:
            break
        kept += char
    return kept.rstrip() + "…"


def wrapped(text: str, room: float, size: float, lines: int) -> list[str]:
    """A text on at most so many lines, the last one cut.

    >>> wrapped("one two three four", 45, 10, 2)
    ['one two', 'three f…']
    """
    found: list[str] = []
    rest = text.split()
    while rest and len(found) < lines - 1:
        line = rest.pop(0)
        while rest and width(f"{line} {rest[0]}", size) <= room:
            line = f"{line} {rest.pop(0)}"
        found.append(cut(line, room, size))
    if rest:
        found.append(cut(" ".join(rest), room, size))
    return found
