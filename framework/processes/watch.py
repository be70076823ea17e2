"""Watch workers: one that is silent or takes too much memory is ended, and its stacks are dumped if it is stuck."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine
from typing import Any

from loguru import logger

from framework.processes import memory
from framework.processes.child import Child
from framework.processes.settings import Deadlines, WorkerSettings

_LOOK_S = 1.0
_AGAIN = 1.25
"""A worker that was warned about is mentioned again when it has grown by this factor."""


class Watch:
    """Looks at all workers every second, and at their memory every few."""

    def __init__(
        self,
        children: Collection[Child],
        deadlines: Deadlines,
        limits: WorkerSettings,
        keep: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._children = children
        self._deadlines = deadlines
        self._limits = limits
        self._keep = keep
        self._warned: dict[int, float] = {}

    async def silence(self) -> None:
        """Kill workers that have fallen silent."""
        while True:
            await asyncio.sleep(min(_LOOK_S, self._deadlines.silent_s / 4))
            for child in [*self._children]:
                if child.settled.is_set() and not child.retired and child.silent_s > self._deadlines.silent_s:
                    logger.bind(pid=child.pid).error("a worker gave no sign of life and is killed")
                    child.why = f"it gave no sign of life for {self._deadlines.silent_s:g} s and was killed"
                    self._keep(child.kill(self._deadlines))

    async def memory(self) -> None:
        """Measure workers in a thread: the kernel walks all of a process's pages for it."""
        while True:
            for child in [*self._children]:
                child.pss_mb = await asyncio.to_thread(memory.pss_mb, child.pid) or self._resident(child)
                if not child.gone.is_set():
                    self._weigh(child)
            self._warned = {pid: mb for pid, mb in self._warned.items() if pid in {c.pid for c in self._children}}
            await asyncio.sleep(self._deadlines.memory_s)

    def _weigh(self, child: Child) -> None:
        limits, mb = self._limits, child.pss_mb
        if limits.worker_max_mb and mb > limits.worker_max_mb and not child.retired:
            logger.bind(pid=child.pid, mb=mb, limit=limits.worker_max_mb).error("a worker is killed for its memory")
            child.why = f"it took {mb:.0f} MB of memory, and {limits.worker_max_mb} is the limit"
            self._keep(child.end(self._deadlines, ask=False))
        elif limits.worker_warn_mb and mb > max(limits.worker_warn_mb, _AGAIN * self._warned.get(child.pid, 0.0)):
            self._warned[child.pid] = mb
            logger.bind(pid=child.pid, mb=mb).warning("a worker takes much memory")

    def _resident(self, child: Child) -> float:
        """What it says itself where the system doesn't tell its share: too much, as shared pages count in full."""
        return child.beat.rss_mb if child.beat else 0.0
