"""Tell when a file of a project has changed: by looking, a few times a second, so that nothing need be installed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from framework.documents.reader import PROJECT
from framework.project.folders import ENDINGS

if TYPE_CHECKING:
    from framework.checker.checking import Checking

PERIOD_S = 0.3
"""How long between two looks."""

FOLDERS = ("flows", "personalities", "stacks")

Stamps = dict[Path, tuple[int, int]]
"""File → when it was changed, and its size."""


def watched(checking: Checking, named: Iterable[Path]) -> Iterator[Path]:
    """Every file on which the outcome of a check depends, and those that may come."""
    project = checking.project
    yield project.root / PROJECT
    yield from (Path(name) for name in checking.texts)
    for folder in (*named, *(project.root / name for name in FOLDERS)):
        yield from _below(folder, ENDINGS) if folder.is_dir() else [folder]
    if not checking.structure:
        for folder in project.plugin_folders:
            yield from _below(folder, (".py",))


def stamps(paths: Iterable[Path]) -> Stamps:
    """The state of those files that are there."""
    found = {}
    for path in paths:
        try:
            seen = path.stat()
        except OSError:
            continue
        found[path] = (seen.st_mtime_ns, seen.st_size)
    return found


def wait_for_change(paths: Callable[[], Iterable[Path]], before: Stamps) -> None:
    """Return as soon as a file differs from what was seen before, has come or is gone."""
    while stamps(paths()) == before:
        time.sleep(PERIOD_S)


def _below(folder: Path, endings: tuple[str, ...]) -> Iterator[Path]:
    hidden = (".", "__pycache__")
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.suffix in endings and not any(part.startswith(hidden) for part in path.relative_to(folder).parts):
            yield path
