"""Whether the session may still be heard: past its lease not a sound, not a word, not a message leaves it.

A runner that has lost touch with the control plane must not speak beside the one that has taken over. So this is
looked at where a frame would be written to the client, behind every queue: what had been queued is held back, too.
"""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable
from typing import Any

from pipecat.frames.frames import (
    Frame,
    OutputAudioRawFrame,
    OutputDTMFFrame,
    OutputDTMFUrgentFrame,
    OutputImageRawFrame,
    OutputTransportMessageFrame,
    OutputTransportMessageUrgentFrame,
    TextFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from framework.runtime.passage import Passage

WRITERS = ("write_audio_frame", "write_video_frame", "write_dtmf", "write_transport_frame", "send_message")
"""What Pipecat's transports send by, each with one frame; `True` says that it has left."""
OUTWARD = (
    TextFrame,
    OutputAudioRawFrame,
    OutputImageRawFrame,
    OutputTransportMessageFrame,
    OutputTransportMessageUrgentFrame,
    OutputDTMFFrame,
    OutputDTMFUrgentFrame,
)
"""Frames that a client could get."""


class Lease:
    """How long the session may be heard, on the clock that all processes of a machine share."""

    def __init__(self, on_renewal: Callable[[], None] = lambda: None) -> None:
        self.until = math.inf
        self.on_renewal = on_renewal
        """Called when there is a lease again after there was none."""
        self._over = False

    @property
    def holds(self) -> bool:
        """Whether anything may leave now."""
        return time.monotonic() < self.until

    def renew(self, until: float) -> None:
        """Let the session be heard until this moment of `time.monotonic()`; minus infinity is the end of it."""
        if until == -math.inf:
            self.end()
        if self._over:
            return
        lapsed = not self.holds
        self.until = until
        if lapsed and self.holds:
            self.on_renewal()

    def end(self) -> None:
        """From now on nothing leaves, whatever may come."""
        self._over = True
        self.until = -math.inf

    def guard(self, way_out: FrameProcessor) -> None:
        """Let what leaves by this transport ask first; what may not leave is dropped."""
        for name in WRITERS:
            setattr(way_out, name, self._asking(getattr(way_out, name)))

    def _asking(self, write: Callable[[Any], Awaitable[Any]]) -> Callable[[Any], Awaitable[Any]]:
        async def written(frame: Any) -> Any:
            return await write(frame) if self.holds else False

        return written


class Sluice(Passage):
    """Stands before a way out that isn't built like Pipecat's: there is no place in it that all frames leave by."""

    STOPS = OUTWARD

    def __init__(self, lease: Lease) -> None:
        super().__init__()
        self._lease = lease

    def passes(self, frame: Frame, direction: FrameDirection) -> bool:
        """Without a lease, what a client could get is stopped."""
        return self._lease.holds or super().passes(frame, direction)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Pass on what steers the pipeline, and nothing else."""
        await super().process_frame(frame, direction)
        if not isinstance(frame, OUTWARD) or self._lease.holds:
            await self.push_frame(frame, direction)
