"""Turn a mistyped name into a helpful second half of an error message."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SHOWN = 12
"""How many known names are listed when none is near."""

SURE = 0.65
"""How like a name must be for a program to put it in without asking."""

APART = 0.1
"""How much less like the next one must be."""

COMPARED = 1_000
"""With more known names than this none is looked for: comparing takes time."""


class Advice(str):
    """A sentence that also says what to write instead, so that a program may do it: `wrong` becomes `right`."""

    __slots__ = ("right", "wrong")

    right: str
    wrong: str

    @classmethod
    def to_write(cls, sentence: str, wrong: str, right: str) -> Advice:
        """The sentence, with what to put in the place of what."""
        advice = cls(sentence)
        advice.wrong, advice.right = wrong, right
        return advice


def meant(name: str, close: str, known: Iterable[str]) -> str:
    """The question whether `close` was meant; `Advice` where no other known name is nearly as close.

    >>> meant("wether", "weather", ["weather", "time"]).right
    'weather'
    >>> type(meant("by", "bye", ["bye", "bya"])) is str
    True
    """
    sentence = f"Did you mean `{close}`?"
    others = (likeness(name, other) for other in known if other != close)
    best = likeness(name, close)
    sure = best >= SURE and best - max(others, default=0.0) >= APART
    return Advice.to_write(sentence, name, close) if sure else sentence


def likeness(name: str, other: str) -> float:
    """How alike two names are, from 0 to 1, whatever their case."""
    return difflib.SequenceMatcher(None, other.lower(), name.lower()).ratio()


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name`, or None when nothing is near.

    >>> nearest("wether", ["weather", "time"])
    'weather'
    """
    originals = {k.lower(): k for k in known}
    if len(originals) > COMPARED:
        return None
    close = difflib.get_close_matches(name.lower(), originals, n=1, cutoff=0.6)
    return originals[close[0]] if close else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """One sentence that helps: the nearest name, else the list of what there is.

    >>> did_you_mean("wether", ["weather", "time"])
    'Did you mean `weather`?'
    """
    names = sorted(known)
    if not names:
        return "There are none."
    if close := nearest(name, names):
        return meant(name, close, names)
    listed = ", ".join(f"`{n}`" for n in names[:SHOWN])
    return f"Known: {listed}{', …' if len(names) > SHOWN else ''}."
