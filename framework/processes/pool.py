"""Workers that are ready: a few spare ones kept warm, each given away once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from loguru import logger

from framework.errors import FrameworkError
from framework.processes.child import Child
from framework.processes.settings import Deadlines
from framework.web.ports import RefusedError

_RETRY_S = (1.0, 5.0, 20.0, 60.0)
"""Pauses between attempts while workers keep failing to get ready."""


class Pool:
    """Keeps `spare` workers warm; whoever takes one is followed by a new one."""

    def __init__(
        self,
        start: Callable[[], Awaitable[Child]],
        *,
        spare: int,
        deadlines: Deadlines,
        doing: Callable[[], str] = lambda: "starting",
    ) -> None:
        self._start = start
        self._doing = doing
        self._spare = spare
        self._deadlines = deadlines
        self._idle: list[Child] = []
        self._getting_ready: set[Child] = set()
        self._changed = asyncio.Condition()
        self._wanted = 0
        self._failures = 0
        self._filling: asyncio.Task[None] | None = None
        self._closed = False
        self.problem = ""
        """Why the last worker could not get ready; empty once one could."""
        self.fix = ""

    @property
    def warm(self) -> int:
        """Workers that could take a session at this moment."""
        return len(self._idle)

    @property
    def doing(self) -> str:
        """What the worker that is getting ready does, for people who wait."""
        if self._idle and not self._getting_ready:
            return "ready"
        return next((child.doing for child in self._getting_ready), self._doing())

    def open(self) -> None:
        """Begin to keep workers warm."""
        self._filling = asyncio.create_task(self._fill(), name="pool: fill")

    async def take(self) -> Child:
        """A warm worker, the caller's own from now on; waits for one that is getting ready."""
        self._wanted += 1
        try:
            async with self._changed:
                self._changed.notify_all()
                async with asyncio.timeout(self._deadlines.warm_s):
                    await self._changed.wait_for(self._can_give)
                if self._idle:
                    child = self._idle.pop(0)
                    self._changed.notify_all()
                    return child
        except TimeoutError:
            self.problem = self.problem or "no worker got ready in time"
        finally:
            self._wanted -= 1
        raise RefusedError(
            f"no worker can be started: {self.problem or 'the runner is leaving'}",
            status=503,
            retry_after_s=5,
            fix=self.fix,
        )

    async def close(self) -> None:
        """End the spare workers."""
        self._closed = True
        if self._filling:
            self._filling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._filling
        leaving, self._idle = [*self._idle, *self._getting_ready], []
        await asyncio.gather(*(child.end(self._deadlines) for child in leaving))
        async with self._changed:
            self._changed.notify_all()

    def lost(self, child: Child) -> None:
        """A spare worker has gone by itself; another one takes its place."""
        if child in self._idle:
            self._idle.remove(child)
            self._nudge()

    def _can_give(self) -> bool:
        # A worker may die with the process it was forked from: one that says why it can't get ready is another matter.
        return bool(self._idle) or self._closed or self._failures > (0 if self.fix else 1)

    def _is_short(self) -> bool:
        """Whether one more is to get ready; after a failure, too, as nobody may wait until it works again."""
        return len(self._idle) < self._spare or self._wanted > len(self._idle) or bool(self._failures)

    def _nudge(self) -> None:
        async def notify() -> None:
            async with self._changed:
                self._changed.notify_all()

        task = asyncio.ensure_future(notify())
        task.add_done_callback(lambda _: None)

    async def _fill(self) -> None:
        while not self._closed:  # cancelling alone may come to nothing at the moment when what is awaited arrives
            async with self._changed:
                await self._changed.wait_for(self._is_short)
            if not await self._add():
                await asyncio.sleep(_RETRY_S[min(self._failures, len(_RETRY_S)) - 1])

    async def _add(self) -> bool:
        child = await self._ready_one()
        async with self._changed:
            if child:
                self._idle.append(child)
                self._failures, self.problem = 0, ""
            else:
                self._failures += 1
            self._changed.notify_all()
        return child is not None

    async def _ready_one(self) -> Child | None:
        try:
            child = await self._start()
        except FrameworkError as error:
            self.problem, self.fix = error.message, error.fix
            logger.bind(problem=self.problem).error("no worker could be started")
            return None
        self._getting_ready.add(child)
        try:
            ready = await self._got_ready(child)
        finally:
            if not self._closed:
                self._getting_ready.discard(child)
        return child if ready else None

    async def _got_ready(self, child: Child) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._deadlines.warm_s):
                await child.settled.wait()
        if child.warm:
            return True
        if child.broken:
            self.problem, self.fix = child.broken.message, child.broken.fix
        elif child.gone.is_set():
            self.problem = f"the worker died while it got ready ({child.doing})"
        else:
            self.problem = f"the worker was not ready after {self._deadlines.warm_s:g} s ({child.doing})"
        logger.bind(pid=child.pid, problem=self.problem).error("a worker could not get ready")
        await child.end(self._deadlines)
        return False
