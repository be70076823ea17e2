"""Let frames by without a stop, except those that a processor of ours looks at.

Pipecat spends about ten microseconds on every frame at every processor, and words and audio are most of all frames.
"""

from __future__ import annotations

from typing import ClassVar

from pipecat.frames.frames import Frame, SystemFrame
from pipecat.processors.frame_processor import FrameCallback, FrameDirection, FrameProcessor


class Passage(FrameProcessor):
    """A processor that stops few kinds of frames; the others go to its neighbour as if it were not there."""

    STOPS: ClassVar[tuple[type[Frame], ...]] = ()
    """What `process_frame` gets to see, beside system frames."""

    def __init__(self) -> None:
        super().__init__(enable_direct_mode=True)

    def passes(self, frame: Frame, direction: FrameDirection) -> bool:
        """Whether a frame may go by."""
        del direction
        return not isinstance(frame, (*self.STOPS, SystemFrame))

    async def queue_frame(
        self,
        frame: Frame,
        direction: FrameDirection = FrameDirection.DOWNSTREAM,
        callback: FrameCallback | None = None,
    ) -> None:
        """Take a frame, or hand it on."""
        neighbour = self.next if direction is FrameDirection.DOWNSTREAM else self.previous
        if neighbour is not None and self.passes(frame, direction):
            await neighbour.queue_frame(frame, direction, callback)
        else:
            await super().queue_frame(frame, direction, callback)
