"""Turn a mistyped name into a helpful second half of an error message."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SHOWN = 12
"""How many known names are listed when none is near."""

COMPARED = 1_000
"""With more known names than this none is looked for: comparing takes time."""


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
        return f"Did you mean `{close}`?"
    listed = ", ".join(f"`{n}`" for n in names[:SHOWN])
    return f"Known: {listed}{', …' if len(names) > SHOWN else ''}."
