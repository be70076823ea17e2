"""The end of a session is certain: every step of it has a deadline, and is taken from outside the pipeline."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from loguru import logger
from pipecat.frames.frames import CancelFrame, EndFrame
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.workers.runner import WorkerRunner

from framework.runtime.assemble import on


@dataclass(frozen=True, kw_only=True)
class Deadlines:
    """How long each part of a session's life may take, in seconds."""

    start: float = 45.0
    """Until the pipeline runs: services connect, models load."""
    client: float = 60.0
    """Until the client is there."""
    drain: float = 8.0
    """From the end of the conversation until the pipeline has finished by itself."""
    cancel: float = 8.0
    """From cancelling the pipeline until it has stopped."""
    beyond: float = 60.0
    """What a session may take beyond the longest its flow allows."""
    idle: float = 900.0
    """How long nothing at all may be said or heard."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a session ended."""

    reason: str
    status: str = "ended"
    """`ended`, or `failed` when something broke; `stuck` when its process has to be ended by force."""
    outputs: dict[str, Any] = field(default_factory=dict)
    message: str = ""
    """A sentence for people, where the session failed."""


class Life:
    """One pipeline, from its start to its certain end."""

    def __init__(self, worker: PipelineWorker, first: FrameProcessor, deadlines: Deadlines) -> None:
        self._worker = worker
        self._first = first
        self._deadlines = deadlines
        self._runner = WorkerRunner(handle_sigint=False, handle_sigterm=False, check_dangling_tasks=False)
        self._running: asyncio.Task[None] | None = None
        self._started = asyncio.Event()

        async def started(*_: object) -> None:
            self._started.set()

        on(worker, "on_pipeline_started", started)

    async def begin(self) -> bool:
        """Start the pipeline; whether it runs in time."""
        await self._runner.add_workers(self._worker)
        self._running = asyncio.create_task(self._runner.run(), name="session/pipeline")
        started = asyncio.create_task(self._started.wait(), name="session/starting")
        await asyncio.wait({self._running, started}, timeout=self._deadlines.start, return_when="FIRST_COMPLETED")
        started.cancel()
        return self._started.is_set() and not self._running.done()

    @property
    def running(self) -> asyncio.Task[None]:
        """The pipeline; done once it has stopped."""
        if self._running is None:
            raise RuntimeError("the pipeline was not started")
        return self._running

    async def end(self, *, politely: bool) -> bool:
        """Let the pipeline finish, else cancel it; False when it does neither in time."""
        if self._running is None or self._running.done():
            return True
        if politely:
            await self._bounded(self._worker.queue_frame(EndFrame()))
            if await self._over(self._deadlines.drain):
                return True
            logger.warning("the pipeline did not finish in time and is cancelled")
        await self._bounded(self._runner.cancel("the session is over"))
        # A worker that waits for its EndFrame pushes no CancelFrame any more: the pipeline gets one past it.
        await self._bounded(self._first.queue_frame(CancelFrame(reason="the session is over")))
        return await self._over(self._deadlines.cancel)

    async def _over(self, within_s: float) -> bool:
        done, _ = await asyncio.wait({self.running}, timeout=within_s)
        return bool(done)

    async def _bounded(self, step: Any) -> None:
        """A step that itself may hang must not keep the next one from being taken."""
        task = asyncio.ensure_future(step)
        await asyncio.wait({task}, timeout=2.0)
