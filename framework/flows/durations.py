"""Durations as a flow writes them: `800ms`, `6s`, `15m`, `2h`, `1m30s`."""

from __future__ import annotations

import re

FORM = re.compile(
    r"(?:(?P<h>[0-9]{1,6})h)?(?:(?P<m>[0-9]{1,6})m(?!s))?(?:(?P<s>[0-9]{1,6})s)?(?:(?P<ms>[0-9]{1,6})ms)?"
)
SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def parse(text: str | float) -> float:
    """The seconds that a duration lasts; `ValueError` with a sentence when it is none.

    >>> parse("1m30s"), parse("800ms")
    (90.0, 0.8)
    """
    found = FORM.fullmatch(text) if isinstance(text, str) else None
    if found and text:
        return sum(int(amount) * SECONDS[unit] for unit, amount in found.groupdict().items() if amount)
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", str(text)):
        raise ValueError(f"`{text}` has no unit: write `{text}s` for seconds, `{text}m` for minutes.")
    raise ValueError(f"`{str(text)[:40]}` is not a duration: write for example `800ms`, `6s`, `15m` or `1m30s`.")
