"""The workers of one runner: one for each voice session, one for some text sessions of a tenant, and spare ones."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any

from framework.processes.child import Child, Hear
from framework.processes.nursery import Nursery
from framework.processes.pool import Pool
from framework.processes.settings import RunnerSettings
from framework.processes.watch import Watch
from framework.sessions.spec import SessionSpec
from framework.web.ports import WorkerView


class Workers:
    """Gives sessions a worker, and ends it when it has none any more. No worker ever serves two tenants."""

    def __init__(self, settings: RunnerSettings, environment: Mapping[str, str], hear: Hear) -> None:
        self._settings = settings
        self._deadlines = settings.deadlines
        self._folder = Path(tempfile.mkdtemp(prefix="convo-"))
        self._children: set[Child] = set()
        self._texts: dict[str, Child] = {}
        self._text_lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self.nursery = Nursery(settings, self._folder, environment, hear)
        self.pool = Pool(
            self._new, spare=settings.spare, deadlines=settings.deadlines, doing=lambda: self.nursery.doing
        )

    def open(self) -> None:
        """Begin: warm workers up and watch them."""
        self.pool.open()
        watch = Watch(self._children, self._deadlines, self._settings.workers, self._keep)
        self._keep(watch.silence())
        self._keep(watch.memory())

    async def close(self) -> None:
        """End all of them; afterwards no process of ours is left."""
        await self.pool.close()
        await asyncio.gather(*(child.end(self._deadlines) for child in [*self._children]))
        await self.nursery.close()
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    async def take(self, spec: SessionSpec) -> Child:
        """A worker for the session; raises `RefusedError` when there is none to be had."""
        if spec.channel == "voice":
            return self._owned(await self.pool.take(), spec)
        async with self._text_lock:
            shared = self._texts.get(spec.tenant)
            if shared and not shared.retired and len(shared.sessions) < self._settings.texts_per_worker:
                return shared
            if shared:
                shared.retired = True
            self._texts[spec.tenant] = self._owned(await self.pool.take(), spec)
            return self._texts[spec.tenant]

    def release(self, child: Child, session: str) -> None:
        """The session is over: its worker leaves, or waits a while for another one of its tenant."""
        child.sessions.discard(session)
        shared = self._texts.get(child.tenant) is child
        if not child.sessions and (not shared or child.retired):
            self._keep(child.end(self._deadlines))
        elif not child.sessions:
            self._keep(self._linger(child))

    def lost(self, child: Child) -> None:
        """The process is gone."""
        self._children.discard(child)
        self.pool.lost(child)
        if self._texts.get(child.tenant) is child:
            del self._texts[child.tenant]

    def views(self) -> list[WorkerView]:
        """The processes that sessions are in, and those that wait for one; the oldest first."""
        return [
            WorkerView(
                pid=child.pid,
                state=child.state,
                sessions=tuple(sorted(child.sessions)),
                tenant=child.tenant,
                pss_mb=child.pss_mb,
                lag_ms=child.beat.lag_ms if child.beat else 0.0,
                age_s=round(child.age_s, 1),
            )
            for child in sorted(self._children, key=lambda child: child.age_s, reverse=True)
        ]

    async def _new(self) -> Child:
        child = await self.nursery.child()
        self._children.add(child)
        return child

    def _owned(self, child: Child, spec: SessionSpec) -> Child:
        child.tenant = spec.tenant
        return child

    async def _linger(self, child: Child) -> None:
        """Let a text worker go when nobody has needed it for a while."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._deadlines.linger_s):
                await child.gone.wait()
        if not child.sessions and self._texts.get(child.tenant) is child:
            del self._texts[child.tenant]
            await child.end(self._deadlines)

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="workers")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
