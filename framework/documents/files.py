"""Get the text of a file, or one sentence about why not; within bounds of size, before anything is read."""

from __future__ import annotations

import stat
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from framework.documents.diagnostics import Diagnostic, Span

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping
    from pathlib import Path

LIMIT = 4_000_000
"""Bytes that one file may have."""

_UNSAVED: ContextVar[Mapping[Path, str]] = ContextVar("unsaved")


@contextmanager
def unsaved(texts: Mapping[Path, str]) -> Iterator[None]:
    """Let every reader inside the block see these texts instead of what is saved, for editors and for trials.

    Args:
        texts: Resolved path → text. A file that has not been saved at all is read like any other.
    """
    before = _UNSAVED.set({**_UNSAVED.get({}), **texts})
    try:
        yield
    finally:
        _UNSAVED.reset(before)


class UnreadableError(Exception):
    """The file can't be had; holds the code, the sentence and the remedy."""

    def __init__(self, code: str, message: str, fix: str = "", line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fix = fix
        self.line = line
        self.column = column

    def diagnostic(self, file: str) -> Diagnostic:
        """The same as a record."""
        return Diagnostic(Span.point(file, self.line, self.column), self.code, self.message, self.fix)


def fetch(path: Path) -> bytes:
    """The bytes of a regular file of at most `LIMIT` bytes, or of what an editor holds of it."""
    try:
        if (held := _held(path)) is not None:
            return held
        _admit(path.stat())
        with path.open("rb") as file:
            return file.read(LIMIT + 1)[:LIMIT]
    except FileNotFoundError:
        raise UnreadableError("YML001", "there is no such file.", "Check the path.") from None
    except (OSError, ValueError) as refused:
        why = getattr(refused, "strerror", None) or "the path is not one that can be opened"
        raise UnreadableError("YML001", f"the file can't be read: {why.lower()}.") from None


def _held(path: Path) -> bytes | None:
    """What is held unsaved of the file, if anything is."""
    texts = _UNSAVED.get(None)
    text = texts.get(path.resolve()) if texts else None
    if text is None:
        return None
    content = text.encode("utf-8", "surrogatepass")
    _admit_size(len(content))
    return content


def _admit(found: os.stat_result) -> None:
    mode = found.st_mode
    if stat.S_ISDIR(mode):
        raise UnreadableError("YML001", "this is a folder, not a file.", "Name a file in it.")
    if not stat.S_ISREG(mode):
        raise UnreadableError("YML001", "this is not an ordinary file.")
    _admit_size(found.st_size)


def _admit_size(size: int) -> None:
    if size > LIMIT:
        raise UnreadableError(
            "YML002",
            f"the file has {size / 1_000_000:.1f} MB; at most {LIMIT // 1_000_000} MB is read.",
            "Split it, and put the parts together with `!include`.",
        )


def decode(content: bytes) -> str:
    """The bytes as UTF-8 text without a byte order mark."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        good = content[: wrong.start].decode("utf-8", "replace")
        place = good.count("\n") + 1, len(good) - good.rfind("\n")
        what = "a binary file, not text" if b"\0" in content[:4096] else "not UTF-8 text"
        raise UnreadableError("YML003", f"this is {what}.", "Save it as UTF-8.", *place) from None
    if (at := text.find("\0")) >= 0:
        place = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
        raise UnreadableError("YML003", "this is a binary file, not text.", "", *place)
    return text
