"""The caller is a recording: what is played is heard, and both sides are kept on the conversation's time line."""

from __future__ import annotations

import asyncio
from collections import deque
from pathlib import Path

import numpy as np
from pipecat.audio.dtmf.types import KeypadEntry
from pipecat.frames.frames import (
    CancelFrame,
    EndFrame,
    Frame,
    InputAudioRawFrame,
    InputDTMFFrame,
    InterruptionFrame,
    OutputAudioRawFrame,
    StartFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.transports.base_input import BaseInputTransport
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.transports.base_transport import BaseTransport, TransportParams

from .audio import RATE, SAMPLE_BYTES, Samples, write_stereo

TICK_S = 0.02
"""The caller's microphone gives a piece of sound this often."""
TICK = int(RATE * TICK_S)
AHEAD_S = 0.04
"""How far ahead of its playing the bot's sound may be written."""
NOISE = 6.0
"""A microphone is never digitally silent: the noise's standard deviation."""


class TimeLine:
    """One side of a call: what was heard when, from the call's beginning."""

    def __init__(self) -> None:
        self.sound = bytearray()

    def put(self, at: int, audio: bytes) -> None:
        """Place sound at a sample's number; what lies between is silence."""
        gap = at * SAMPLE_BYTES - len(self.sound)
        if gap > 0:
            self.sound.extend(bytes(gap))
        self.sound.extend(audio)

    def cut(self, at: int) -> None:
        """Forget what was to come after this sample: nobody heard it."""
        del self.sound[max(0, at) * SAMPLE_BYTES :]


class WavTransport(BaseTransport):
    """A call whose caller is made of recordings, played one after another."""

    def __init__(self) -> None:
        super().__init__()
        self.caller = TimeLine()
        self.bot = TimeLine()
        self.started: float | None = None
        """When the call began, on the loop's clock."""
        params = TransportParams(
            audio_in_enabled=True,
            audio_out_enabled=True,
            audio_in_sample_rate=RATE,
            audio_out_sample_rate=RATE,
            audio_out_end_silence_secs=0,
        )
        self._in = WavInput(self, params)
        self._out = WavOutput(self, params)

    def input(self) -> FrameProcessor:
        """The caller's microphone."""
        return self._in

    def output(self) -> FrameProcessor:
        """The caller's ear."""
        return self._out

    @property
    def rate(self) -> int:
        """Samples a second, on both sides."""
        return RATE

    def record(self, path: Path) -> None:
        """Write both sides: the caller left, the bot right."""
        write_stereo(path, bytes(self.caller.sound), bytes(self.bot.sound))

    async def play(self, sound: Samples) -> None:
        """Let the caller say this; returns when it has been said."""
        said = asyncio.get_running_loop().create_future()
        self._in.queue(sound, said)
        await said

    async def press(self, keys: str) -> None:
        """Let the caller press keys of a telephone, one after another."""
        for key in keys:
            await self._in.push_frame(InputDTMFFrame(button=KeypadEntry(key)))

    def begin(self) -> None:
        """The call begins now, if it has not yet."""
        if self.started is None:
            self.started = asyncio.get_running_loop().time()

    def sample(self, moment: float) -> int:
        """The number of the sample that belongs to a moment."""
        begun = moment if self.started is None else self.started
        return round((moment - begun) * RATE)


class WavInput(BaseInputTransport):
    """A microphone: recordings when there are any, else almost silence."""

    def __init__(self, transport: WavTransport, params: TransportParams) -> None:
        super().__init__(params)
        self._transport = transport
        self._waiting: deque[tuple[Samples, asyncio.Future[None]]] = deque()
        self._feeding: asyncio.Task[None] | None = None
        self._closed = False
        self._noise = np.random.default_rng(0)

    def queue(self, sound: Samples, said: asyncio.Future[None]) -> None:
        """Say this next; into a closed microphone nobody says anything."""
        if self._closed:
            said.set_result(None)
        else:
            self._waiting.append((sound, said))

    async def start(self, frame: StartFrame) -> None:
        """The pipeline runs: open the microphone."""
        await super().start(frame)
        await self.set_transport_ready(frame)
        self._transport.begin()
        self._feeding = self.create_task(self._feed())

    async def stop(self, frame: EndFrame) -> None:
        """The call has ended."""
        await super().stop(frame)
        await self._close()

    async def cancel(self, frame: CancelFrame) -> None:
        """The call was cut."""
        await super().cancel(frame)
        await self._close()

    async def _close(self) -> None:
        self._closed = True
        if self._feeding:
            feeding, self._feeding = self._feeding, None
            await self.cancel_task(feeding)
        for _, said in self._waiting:
            if not said.done():
                said.set_result(None)
        self._waiting.clear()

    async def _feed(self) -> None:
        loop = asyncio.get_running_loop()
        begun, ticks, position = loop.time(), 0, 0
        while True:
            heard, position = self._piece(position)
            self._transport.caller.put(ticks * TICK, heard)
            await self.push_audio_frame(InputAudioRawFrame(heard, RATE, 1))
            ticks += 1
            await asyncio.sleep(max(0.0, begun + ticks * TICK_S - loop.time()))

    def _piece(self, position: int) -> tuple[bytes, int]:
        """The next piece of sound, and how far the present recording has been played."""
        piece = np.zeros(TICK, np.int16)
        if self._waiting:
            sound, said = self._waiting[0]
            part = sound[position : position + TICK]
            piece[: len(part)] = part
            position += TICK
            if position >= len(sound):
                self._waiting.popleft()
                position = 0
                if not said.done():
                    said.set_result(None)
        noisy = piece + self._noise.normal(0, NOISE, TICK)
        return np.clip(noisy, -32768, 32767).astype(np.int16).tobytes(), position


class WavOutput(BaseOutputTransport):
    """An ear that hears at the speed of speech; what was not played yet when it is interrupted was never heard."""

    def __init__(self, transport: WavTransport, params: TransportParams) -> None:
        super().__init__(params)
        self._transport = transport
        self._until = 0.0

    async def start(self, frame: StartFrame) -> None:
        """The pipeline runs: listen."""
        await super().start(frame)
        self._transport.begin()
        await self.set_transport_ready(frame)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Cut what was still to come at an interruption."""
        await super().process_frame(frame, direction)
        if isinstance(frame, InterruptionFrame):
            now = asyncio.get_running_loop().time()
            self._transport.bot.cut(self._transport.sample(now))
            self._until = 0.0

    async def write_audio_frame(self, frame: OutputAudioRawFrame) -> bool:
        """Hear a piece of sound, no faster than it sounds."""
        loop = asyncio.get_running_loop()
        self._until = max(self._until, loop.time())
        self._transport.bot.put(self._transport.sample(self._until), frame.audio)
        self._until += len(frame.audio) / (SAMPLE_BYTES * RATE)
        await asyncio.sleep(max(0.0, self._until - loop.time() - AHEAD_S))
        return True
