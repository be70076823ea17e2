"""The two ends of a terminal: nothing comes in by frames, and what is said is written as it comes."""

from __future__ import annotations

from typing import Protocol

from pipecat.frames.frames import Frame, LLMFullResponseEndFrame, LLMTextFrame
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.transports.base_transport import BaseTransport


class Stream(Protocol):
    """Where text is written."""

    def write(self, text: str, /) -> object:
        """Write some text."""
        ...

    def flush(self) -> object:
        """Show it now."""
        ...


class TerminalTransport(BaseTransport):
    """What the bot says, on a stream."""

    def __init__(self, stream: Stream, *, before: str = "") -> None:
        super().__init__()
        self._in = Passage()
        self._out = TerminalOutput(stream, before)

    def input(self) -> FrameProcessor:
        """Typed turns come in by the session, not by frames."""
        return self._in

    def output(self) -> FrameProcessor:
        """Where words are shown."""
        return self._out


class Passage(FrameProcessor):
    """Passes everything on."""

    def __init__(self) -> None:
        super().__init__(enable_direct_mode=True)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Pass on."""
        await super().process_frame(frame, direction)
        await self.push_frame(frame, direction)


class TerminalOutput(Passage):
    """Writes each response on a line of its own, word by word."""

    def __init__(self, stream: Stream, before: str) -> None:
        super().__init__()
        self._stream = stream
        self._before = before
        self._open = False

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Show text, pass everything on."""
        if isinstance(frame, LLMTextFrame) and frame.text:
            self._stream.write(frame.text if self._open else self._before + frame.text.lstrip())
            self._stream.flush()
            self._open = True
        elif isinstance(frame, LLMFullResponseEndFrame) and self._open:
            self._stream.write("\n")
            self._stream.flush()
            self._open = False
        await super().process_frame(frame, direction)
