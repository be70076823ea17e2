"""From audio to words that are worth handing on: lean, decode, tidy, refuse. What the live session does, without it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from framework.services.providers.moonshine.bias import LEAN, bias_for

if TYPE_CHECKING:
    from framework.engine.effects import Expectation
    from framework.services.providers.moonshine.decode import Decoded, Moonshine

FLOOR = -1.0
"""Mean log-probability below which a decoding is noise."""

STRICT = -0.7
"""The same where any words would do: no grammar of a slot stands behind the recogniser there."""

OPEN = frozenset({"", "text", "person_name"})
"""Kinds of node that take any words."""

REPEATABLE = frozenset({"digits", "phone", "postal_code", "email", "integer", "number"})
"""Kinds whose answers rightly say a word twice: "five five"."""

UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
TEENS = tuple(f"{stem}teen" for stem in ("thir", "four", "fif", "six", "seven", "eigh", "nine"))
TENS = tuple(f"{stem}ty" for stem in ("twen", "thir", "for", "fif", "six", "seven", "eigh", "nine"))
NUMBERS = (*UNITS, *TEENS, *TENS, "hundred", "thousand", "dozen")
"""What numbers are made of; the model knows English only."""

KINDS = {"integer": NUMBERS, "number": NUMBERS, "digits": NUMBERS, "phone": NUMBERS, "boolean": ("yes", "no")}
"""Words that every answer of a kind is made of."""

SPELLINGS = (
    (re.compile(r"\b(to)-(day|morrow|night)\b", re.IGNORECASE), r"\1\2"),
    (
        re.compile(
            r"\b(twent|thirt)ieth[,-]? (?=(?:fir|seco|thi|four|fif|six|seven|eigh|nin)(?:st|nd|rd|th)\b)", re.IGNORECASE
        ),
        r"\1y ",
    ),
    (re.compile(r"\btwelveth\b", re.IGNORECASE), "twelfth"),
)
"""How the model writes some words, and how they are written."""

_AGAIN = re.compile(r"\b(\w{2,})((?:[\s,.!?]+\1)+)\b", re.IGNORECASE)


def hear(model: Moonshine, samples: Any, expected: Expectation, *, floor: float = FLOOR, lean: float = LEAN) -> str:
    """What was said to a node; empty when it was nothing, or noise."""
    words = {*expected.words, *KINDS.get(expected.kind, ())}
    bias = bias_for(model.tokens, tuple(sorted(words)), lean) if words and lean else None
    return tidied(model.decode(samples, bias), expected.kind, floor)


def tidied(decoded: Decoded, kind: str, floor: float = FLOOR) -> str:
    """The text, repeats collapsed; empty below the floor."""
    least = max(floor, STRICT) if kind in OPEN else floor
    if not decoded.confidence >= least or not re.search(r"\w", decoded.text):
        return ""
    return spelled(decoded.text if kind in REPEATABLE else once(decoded.text))


def spelled(text: str) -> str:
    """Words as everybody else writes them.

    >>> spelled("The day after to-morrow, the thirtieth, first")
    'The day after tomorrow, the thirty first'
    """
    for pattern, right in SPELLINGS:
        text = pattern.sub(right, text)
    return text


def once(text: str) -> str:
    """Words that the model said over and over, once.

    >>> once("Stop stop stop. It is very very late"), once("A D A A")
    ('Stop. It is very late', 'A D A A')
    """
    return _AGAIN.sub(r"\1", text)
