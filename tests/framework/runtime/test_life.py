"""The end of a pipeline is certain, whatever its processors do."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from pipecat.frames.frames import CancelFrame, EndFrame, Frame, StartFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from framework.runtime.life import Deadlines, Life

SHORT = Deadlines(start=20, drain=0.3, cancel=0.5)


class Stubborn(FrameProcessor):
    """Keeps some kinds of frames until it is told to let go."""

    def __init__(self, *kinds: type[Frame]) -> None:
        super().__init__()
        self._kinds = kinds
        self.lets_go = asyncio.Event()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, self._kinds):
            await self.lets_go.wait()
        await self.push_frame(frame, direction)


def life(*kinds: type[Frame], deadlines: Deadlines = SHORT) -> tuple[Life, Stubborn]:
    stubborn = Stubborn(*kinds)
    worker = PipelineWorker(Pipeline([stubborn]), enable_rtvi=False, idle_timeout_secs=None)
    return Life(worker, stubborn, deadlines), stubborn


async def test_a_willing_pipeline_drains():
    one, _ = life()
    assert await one.begin()
    assert await one.end(politely=True)
    assert one.running.done()


async def test_one_that_never_starts_is_given_up():
    one, _ = life(StartFrame, deadlines=replace(SHORT, start=0.5))
    assert not await one.begin()
    assert await one.end(politely=False)


async def test_one_that_does_not_drain_is_cancelled_past_its_worker():
    one, _ = life(EndFrame)
    assert await one.begin()
    assert await one.end(politely=True)


async def test_one_that_can_not_even_be_cancelled_is_reported_as_stuck():
    one, stubborn = life(EndFrame, CancelFrame)
    assert await one.begin()
    assert not await one.end(politely=True)
    stubborn.lets_go.set()
    await asyncio.wait_for(one.running, 10)


async def test_an_end_that_comes_twice_is_one_end():
    one, _ = life()
    assert await one.begin()
    assert await one.end(politely=True)
    assert await one.end(politely=False)


@pytest.mark.parametrize("politely", [True, False])
async def test_ending_before_the_beginning_is_no_trouble(politely):
    one, _ = life()
    assert await one.end(politely=politely)
