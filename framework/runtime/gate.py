"""Stand before the model: only the engine lets it run."""

from __future__ import annotations

from pipecat.frames.frames import (
    ErrorFrame,
    Frame,
    InputDTMFFrame,
    LLMContextFrame,
    UserStartedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from framework.runtime.frames import Run
from framework.runtime.passage import Passage
from framework.runtime.stage import PipelineStage


class Gate(Passage):
    """Between the person's aggregator and the model."""

    STOPS = (Run, LLMContextFrame)

    def __init__(self, stage: PipelineStage) -> None:
        super().__init__()
        self._stage = stage
        self.models: set[FrameProcessor] = set()
        """Whose errors are failures of the model."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Let a context through only when the engine asked for it."""
        await super().process_frame(frame, direction)
        if isinstance(frame, Run):
            if self._stage.model_may_run(frame.turn):
                await self.push_frame(LLMContextFrame(context=self._stage.context))
            return
        if isinstance(frame, LLMContextFrame):
            return
        if isinstance(frame, UserStartedSpeakingFrame):
            self._stage.began()
        elif isinstance(frame, InputDTMFFrame):
            self._stage.pressed(frame.button.value)
        elif isinstance(frame, ErrorFrame) and frame.processor in self.models:
            self._stage.model_failed(str(frame.error))
        await self.push_frame(frame, direction)
