"""Stand behind the model: tell the engine what it said and called, and show lines where nothing is spoken."""

from __future__ import annotations

from pipecat.frames.frames import (
    Frame,
    FunctionCallCancelFrame,
    FunctionCallInProgressFrame,
    FunctionCallResultFrame,
    FunctionCallsStartedFrame,
    InterruptionFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
)
from pipecat.processors.frame_processor import FrameDirection

from framework.runtime.frames import Cue, Line
from framework.runtime.passage import Passage
from framework.runtime.stage import PipelineStage

CALLS = (FunctionCallInProgressFrame, FunctionCallResultFrame, FunctionCallCancelFrame)
"""Pipecat's frames about function calls: the stage writes calls into the context itself."""


class Mouth(Passage):
    """Between the model and the voice."""

    STOPS = (LLMContextFrame, LLMTextFrame, LLMFullResponseEndFrame, Line, *CALLS)

    def __init__(self, stage: PipelineStage) -> None:
        super().__init__()
        self._stage = stage

    def passes(self, frame: Frame, direction: FrameDirection) -> bool:
        """Words in the middle of a response go by, too, and are noted."""
        if direction is FrameDirection.DOWNSTREAM and isinstance(frame, LLMTextFrame):
            return self._stage.text_goes_on(frame.text)
        return super().passes(frame, direction)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Report, mark the edges of utterances, and pass on."""
        await super().process_frame(frame, direction)
        if direction is FrameDirection.UPSTREAM:
            if not isinstance(frame, LLMContextFrame):
                await self.push_frame(frame, direction)
            return
        if isinstance(frame, LLMTextFrame):
            await self._text(frame)
        elif isinstance(frame, LLMFullResponseEndFrame | InterruptionFrame):
            await self._over(frame)
        elif isinstance(frame, FunctionCallsStartedFrame):
            self._stage.calls_came(list(frame.function_calls))
        elif isinstance(frame, Line):
            await self._line(frame)
        elif not isinstance(frame, CALLS):
            await self.push_frame(frame, direction)

    async def _text(self, frame: LLMTextFrame) -> None:
        utterance = self._stage.text_came(frame.text)
        if utterance is not None and self._stage.voice:
            await self.push_frame(Cue(utterance.key, "start"))
        await self.push_frame(frame)

    async def _over(self, frame: Frame) -> None:
        utterance = self._stage.response_over()
        await self.push_frame(frame)
        if utterance is not None:
            await self.push_frame(Cue(utterance.key, "end"))

    async def _line(self, line: Line) -> None:
        """A text word for word, as if the model had said it."""
        text = LLMTextFrame(line.text)
        text.append_to_context = line.remember
        frames: list[Frame] = [LLMFullResponseStartFrame(), text, LLMFullResponseEndFrame()]
        if self._stage.thinking:  # said in the middle of a response: that one begins anew behind it
            frames.append(LLMFullResponseStartFrame())
        for frame in frames:
            frame.interruptible = False
            await self.push_frame(frame)
        await self.push_frame(Cue(line.key, "end"))
