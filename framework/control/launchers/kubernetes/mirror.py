"""Hold a copy of the objects of one kind: listed, then watched, listed again when the server has forgotten."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from typing import Any

from loguru import logger

from framework.control.launchers.kubernetes.cluster import Cluster, GoneError
from framework.errors import LauncherError

SHORTEST_S, LONGEST_S = 0.2, 10.0
"""Between two attempts while the server fails."""


class Mirror:
    """All objects of one kind that carry certain labels.

    Args:
        cluster: Where they are.
        kind: `Job` or `Pod`.
        labels: Which ones.
        resync_s: How often all are listed again.
        stale_s: How old a copy may become before it is no answer any more.
    """

    def __init__(
        self,
        cluster: Cluster,
        kind: str,
        labels: Mapping[str, Any],
        *,
        resync_s: float,
        stale_s: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cluster = cluster
        self._kind = kind
        self._labels = dict(labels)
        self._resync_s = resync_s
        self._stale_s = stale_s
        self._now = monotonic
        self._objects: dict[str, dict[str, Any]] = {}
        self._own: dict[str, tuple[dict[str, Any], float]] = {}
        self._version: str | None = None
        self._confirmed: float | None = None
        self._listed = asyncio.Event()
        self._problem = ""
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to follow."""
        self._task = asyncio.create_task(self._run(), name=f"kubernetes: {self._kind.lower()}s")

    async def close(self) -> None:
        """Stop."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def objects(self, wait_s: float) -> list[dict[str, Any]]:
        """All objects; waits for the first list, and raises when the copy is too old to be believed."""
        try:
            async with asyncio.timeout(wait_s):
                await self._listed.wait()
        except TimeoutError:
            raise self._unknown() from None
        if self._now() - (self._confirmed or 0.0) > self._stale_s:
            raise self._unknown()
        own = {name: made for name, (made, _) in self._own.items()}
        return list({**own, **self._objects}.values())

    def made(self, thing: dict[str, Any]) -> None:
        """Take in what this process has just created, so that it is seen before the watch brings it."""
        self._own[thing["metadata"]["name"]] = (thing, self._now())

    def _unknown(self) -> LauncherError:
        return LauncherError(
            f"what {self._kind}s there are is not known: {self._problem or 'the API server has not answered yet'}",
            where="kubernetes",
            fix="Check that the API server can be reached and that the Role allows `list` and `watch`.",
        )

    async def _run(self) -> None:
        """List, follow, and after any failure begin again; nothing ends it but `close`."""
        pause = SHORTEST_S
        while True:
            try:
                await self._list()
                pause = SHORTEST_S
                await self._follow()
            except Exception as error:  # noqa: BLE001 - whatever it is, the copy must be kept up
                self._problem = str(error).partition("\n")[0] or type(error).__name__
                logger.bind(kind=self._kind, error=type(error).__name__).warning("watching the cluster was interrupted")
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - only spreads callers out
                pause = min(pause * 2, LONGEST_S)

    async def _list(self) -> None:
        begun = self._now()
        objects, self._version = await self._cluster.all(self._kind, self._labels)
        self._objects = {thing["metadata"]["name"]: thing for thing in objects}
        self._own = {name: own for name, own in self._own.items() if own[1] >= begun and name not in self._objects}
        self._confirm()
        self._listed.set()

    async def _follow(self) -> None:
        """Take in changes until it is time to list again; a stream that breaks is taken up where it broke."""
        until = self._now() + self._resync_s
        failures = 0
        while (left := until - self._now()) > 0:
            try:
                async with asyncio.timeout(left):
                    async for change, thing in self._cluster.changes(self._kind, self._labels, self._version):
                        failures = 0
                        self._take(change, thing)
            except TimeoutError:
                return
            except GoneError:
                return
            except LauncherError:
                failures += 1
                if failures > 3:  # noqa: PLR2004 - a server that breaks each stream at once is listed again, more slowly
                    raise
                await asyncio.sleep(SHORTEST_S * failures)

    def _take(self, change: str, thing: dict[str, Any]) -> None:
        metadata = thing["metadata"]
        self._version = metadata.get("resourceVersion") or self._version
        self._confirm()
        if change == "BOOKMARK":
            return
        self._own.pop(metadata["name"], None)
        if change == "DELETED":
            self._objects.pop(metadata["name"], None)
        else:
            self._objects[metadata["name"]] = thing

    def _confirm(self) -> None:
        self._confirmed = self._now()
        self._problem = ""
