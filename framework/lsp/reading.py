"""Read what somebody is still writing: lines that YAML can't read are left out, so that the others count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.documents import Source, scan, unsaved
from framework.documents.align import BREAK

if TYPE_CHECKING:
    from pathlib import Path

TRIES = 8
"""How many lines are left out before a file is given up."""

HOPELESS = {"YML001", "YML002", "YML003", "YML010"}


def read_on(path: Path, text: str, *, keep: int | None = None) -> Source | None:
    """The document that the text would be without the lines that YAML can't read; every place stays where it is.

    Args:
        path: Its file; it need not be there.
        text: What is written so far.
        keep: A line, from 1, that must not be left out: then there is no document.
    """
    name = str(path)
    for _ in range(TRIES):
        with unsaved({path.resolve(): text}):
            source, problems, _ = scan(path)
        if source is not None:
            return source
        blamed = next((p.span.line for p in problems if p.span.file == name and p.code not in HOPELESS), None)
        shorter = _without(text, blamed, keep) if blamed else None
        if shorter is None or shorter == text:
            return None
        text = shorter
    return None


def _without(text: str, line: int, keep: int | None) -> str | None:
    """The text with a line left empty; the one before where that is empty already."""
    folds = [0, *(fold.end() for fold in BREAK.finditer(text)), len(text)]
    for number in range(min(line, len(folds) - 1), 0, -1):
        begin, end = folds[number - 1], folds[number]
        written = text[begin:end].rstrip("\r\n\x85\u2028\u2029")
        if written.strip() and not written.lstrip().startswith("#"):
            return None if number == keep else text[:begin] + " " * len(written) + text[begin + len(written) :]
    return None
