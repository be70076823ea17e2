"""The project as the gateway has it: read once, and read again when its files have changed, never within a request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from loguru import logger

from framework.errors import FrameworkError
from framework.flows.inputs import read_ahead
from framework.project import bundled

if TYPE_CHECKING:
    from framework.project import Project

LOOK_S = 1.0
"""How often files are looked at."""
_LOOKED_AT = ("convo.yaml", "flows", "personalities", "stacks")

Seen = tuple[tuple[int, int] | None, ...]


class Catalog:
    """The bots one can ask for, and the names of flows, personalities and stacks."""

    def __init__(self, read: Callable[[], Project]) -> None:
        self._read = read
        self.project = read()
        """As it was at the last look; a broken `convo.yaml` changes nothing until it is mended."""
        self.problem = ""
        """What keeps the newest files from being used; empty while nothing does."""
        self._seen = _look(self.project.root)

    def refresh(self) -> None:
        """Read the project again if its files have changed, and the bots' flows if theirs have."""
        self._read_again()
        read_ahead(_flows(self.project), self.project.root)

    def _read_again(self) -> None:
        seen = _look(self.project.root)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self.project, self.problem = self._read(), ""
        except (FrameworkError, OSError) as error:
            self.problem = str(error)
            logger.bind(problem=self.problem[:500]).warning("the project can't be read; it stays as it was")
        else:
            logger.info("the project was read again")

    async def watch(self) -> None:
        """Keep looking."""
        while True:
            await asyncio.to_thread(self.refresh)
            await asyncio.sleep(LOOK_S)


def _flows(project: Project) -> Iterator[Path]:
    for bot in project.bots.values():
        with suppress(FrameworkError):  # who asks for a bot without a flow is told so then
            yield project.flow_path(bot.flow)


def _look(root: Path) -> Seen:
    """When files that give names were last changed: a folder changes when a file comes or goes."""
    return tuple(_changed(folder / name) for folder in dict.fromkeys((root, bundled())) for name in _LOOKED_AT)


def _changed(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
