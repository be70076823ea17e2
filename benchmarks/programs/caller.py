"""A caller on a WebSocket: speaks a recorded line when the bot is silent, and notes when what came back."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import numpy as np

from benchmarks.programs.client import Client, connected

LINE = "What should I see first in the old town?"
RATE = 16_000
STEP = RATE // 50
"""Samples in a piece of audio: 20 ms."""
NOISE = 4.0
"""A microphone is never digitally silent, and voice detection knows."""
LOUD = 300
"""A sample above this is speech."""
AUDIBLE = 60
"""The same for the bot's first audio, which may begin softly."""
GAP_S = 0.8
"""How long the caller waits after the bot has finished."""
TURN_S = 30.0
MARKS = {
    "user-transcription": "transcript",
    "user-stopped-speaking": "turn decided",
    "bot-llm-stopped": "model answered",
    "audio": "first audio",
}
"""What is noted of a turn, in the order in which it comes."""


def spoken() -> np.ndarray:
    """The caller's line at 16 kHz; it ends with its last loud sample."""
    import soxr  # noqa: PLC0415 - speech weighs

    from framework.runtime.caller import second_voice  # noqa: PLC0415

    samples, rate = second_voice()(LINE)
    resampled = soxr.resample(samples, rate, RATE)
    loud = np.flatnonzero(np.abs(resampled) > LOUD)
    return resampled[loud[0] : loud[-1] + 1].astype(np.int16)


class Caller:
    """One call."""

    def __init__(self, client: Client, line: np.ndarray) -> None:
        self._client = client
        self._line = line
        self._saying: np.ndarray | None = None
        self._ended_at = 0.0
        self._marks: dict[str, float] = {}
        self._silent = asyncio.Event()
        """Set when the bot has finished."""
        self._random = np.random.default_rng(7)

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """The microphone is open and the bot is heard; begins when its greeting is over."""
        tasks = [asyncio.create_task(self._microphone()), asyncio.create_task(self._listen())]
        try:
            await self._until_silent()
            yield
        finally:
            for task in tasks:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def turn(self) -> dict[str, float]:
        """Say the line and hear the answer to its end; the seconds from the end of speech to each mark."""
        await asyncio.sleep(GAP_S)
        self._silent.clear()
        self._marks, self._ended_at, self._saying = {}, 0.0, self._line
        await self._until_silent()
        if set(self._marks) != set(MARKS.values()):
            raise RuntimeError(f"a turn was not answered as it should be: {self._marks}")
        return {mark: at - self._ended_at for mark, at in self._marks.items()}

    async def _until_silent(self) -> None:
        async with asyncio.timeout(TURN_S):
            await self._silent.wait()

    async def _microphone(self) -> None:
        """20 ms of speech or near silence, every 20 ms."""
        due = time.perf_counter()
        while True:
            noise = self._random.normal(0, NOISE, STEP)
            piece = self._next_piece()
            noise[: len(piece)] += piece
            await self._client.speak(noise.astype(np.int16).tobytes(), RATE)
            if self._saying is not None and not len(self._saying):
                self._saying, self._ended_at = None, time.perf_counter()
            due += STEP / RATE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))

    def _next_piece(self) -> np.ndarray:
        if self._saying is None:
            return np.zeros(0)
        piece, self._saying = self._saying[:STEP], self._saying[STEP:]
        return piece

    async def _listen(self) -> None:
        async for at, kind, what in self._client.heard():
            if kind == "bot-stopped-speaking" and (not self._ended_at or "first audio" in self._marks):
                self._silent.set()
            if not self._ended_at or MARKS.get(kind) in self._marks:
                continue
            if kind == "audio" and np.abs(np.frombuffer(what.audio, np.int16)).max(initial=0) < AUDIBLE:
                continue
            if kind in MARKS:
                self._marks[MARKS[kind]] = at


@contextlib.asynccontextmanager
async def calling(url: str, line: np.ndarray) -> AsyncIterator[Caller]:
    """A call to a bot, past its greeting and a first turn that warms both sides up."""
    async with connected(url) as client:
        caller = Caller(client, line)
        async with caller.listening():
            await caller.turn()
            yield caller
