"""Keys of a telephone: what was pressed, without what closes it."""

from __future__ import annotations

import re
from typing import Any

from framework.slots.base import Found

_POINTED = re.compile(r"\d*\*?\d+|\d+\*")
_SIGNED = re.compile(r"\*?\d+")


def closed(pressed: str) -> str:
    """The keys without the `#` that closes them.

    >>> closed("12#"), closed("#")
    ('12', '')
    """
    return pressed.removesuffix("#")


def place(pressed: str) -> int:
    """Which of some choices was pressed, from 1; 0 for none.

    >>> place("2"), place("12#"), place("*")
    (2, 12, 0)
    """
    digits = closed(pressed)
    return int(digits) if digits.isdecimal() and digits.isascii() and len(digits) <= 3 else 0  # noqa: PLR2004


def amount(pressed: str) -> float | None:
    """A number with `*` as its point.

    >>> amount("12*50#"), amount("7"), amount("*5"), amount("1*2*3")
    (12.5, 7, 0.5, None)
    """
    digits = closed(pressed)
    if not _POINTED.fullmatch(digits):
        return None
    return float(digits.replace("*", ".")) if "*" in digits else int(digits)


def count(pressed: str) -> int | None:
    """A whole number; a `*` before it is a minus.

    >>> count("12#"), count("*3")
    (12, -3)
    """
    digits = closed(pressed)
    return int(digits.replace("*", "-")) if _SIGNED.fullmatch(digits) else None


def digits(pressed: str) -> str:
    """Nothing but digits, else nothing.

    >>> digits("0049#"), digits("1*2")
    ('0049', '')
    """
    bare = closed(pressed)
    return bare if re.fullmatch(r"[0-9]+", bare) else ""


def found(pressed: str, value: Any) -> Found:
    """A value that all of the keys say."""
    return Found(value, 0, len(pressed))
