"""Stand around the way out: how much audio was made, and how much of it was heard."""

from __future__ import annotations

from pipecat.frames.frames import (
    AggregatedTextFrame,
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    Frame,
    InterruptionFrame,
    LLMMessagesAppendFrame,
    TTSAudioRawFrame,
    TTSTextFrame,
)
from pipecat.processors.frame_processor import FrameDirection

from framework.runtime.frames import Cue
from framework.runtime.passage import Passage
from framework.runtime.speech import Piece, Utterance, letters, prefix
from framework.runtime.stage import PipelineStage


def seconds(frame: TTSAudioRawFrame) -> float:
    """The length of a piece of 16-bit audio."""
    return len(frame.audio) / (2 * frame.num_channels * frame.sample_rate)


class Throat(Passage):
    """Between the voice and the way out: measures what is made."""

    STOPS = (Cue, TTSAudioRawFrame, AggregatedTextFrame)

    def __init__(self, stage: PipelineStage) -> None:
        super().__init__()
        self._stage = stage
        self._making: Utterance | None = None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Measure and pass on."""
        await super().process_frame(frame, direction)
        if direction is FrameDirection.DOWNSTREAM:
            self._measure(frame)
        await self.push_frame(frame, direction)

    def _measure(self, frame: Frame) -> None:
        if isinstance(frame, Cue):
            self._edge(frame)
        elif self._making is None:
            return
        elif isinstance(frame, TTSAudioRawFrame):
            self._audio(self._making, frame)
        elif isinstance(frame, TTSTextFrame):
            if frame.pts is None and self._making.pieces:
                self._making.pieces[-1].complete = True
        elif isinstance(frame, AggregatedTextFrame) and frame.will_be_spoken:
            self._making.pieces.append(Piece(frame.raw_text or frame.text))

    def _edge(self, cue: Cue) -> None:
        self._making = self._stage.speech.get(cue.key)
        if cue.edge == "end" and self._making is not None:
            for piece in self._making.pieces:
                piece.complete = True
            self._making = None

    @staticmethod
    def _audio(making: Utterance, frame: TTSAudioRawFrame) -> None:
        if not making.pieces:
            making.pieces.append(Piece(making.generated))
        making.pieces[-1].seconds += seconds(frame)


class Ear(Passage):
    """Behind the way out: what passes here was heard, or seen."""

    STOPS = (Cue, TTSAudioRawFrame, TTSTextFrame)

    def __init__(self, stage: PipelineStage, *, behind: bool = True) -> None:
        super().__init__()
        self._stage = stage
        self._behind = behind
        """Whether what the way out doesn't let by isn't in the model's context either."""
        self._hearing: Utterance | None = None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Count and pass on; after an interruption, put what was heard into the context."""
        await super().process_frame(frame, direction)
        if direction is FrameDirection.DOWNSTREAM:
            self._count(frame)
        if not isinstance(frame, Cue):
            await self.push_frame(frame, direction)
        if isinstance(frame, InterruptionFrame) and direction is FrameDirection.DOWNSTREAM:
            await self._cut()

    def _count(self, frame: Frame) -> None:
        if isinstance(frame, Cue):
            self._edge(frame)
        elif isinstance(frame, BotStartedSpeakingFrame | BotStoppedSpeakingFrame):
            self._stage.sounds(isinstance(frame, BotStartedSpeakingFrame))
        elif self._hearing is None:
            return
        elif isinstance(frame, TTSAudioRawFrame):
            self._hearing.played += seconds(frame)
        elif isinstance(frame, TTSTextFrame):
            if frame.pts is not None:
                self._hearing.words += f" {frame.text}"
            if frame.append_to_context:
                self._hearing.remembered += letters(frame.raw_text or frame.text)

    def _edge(self, cue: Cue) -> None:
        utterance = self._stage.speech.get(cue.key)
        if utterance is None:
            return
        if cue.edge == "start":
            utterance.begun = True
            self._hearing = utterance
            return
        self._hearing = None
        if self._stage.voice:
            self._stage.speech.close(utterance, interrupted=utterance.lost or utterance.cut)
        elif self._stage.lease.holds:
            self._stage.speech.close(utterance, spoken=utterance.generated)
        else:
            utterance.remembered = 0 if self._behind else letters(utterance.generated)
            self._stage.speech.close(utterance, spoken="", interrupted=True)

    async def _cut(self) -> None:
        """Whatever was being heard ends here."""
        self._hearing = None
        self._stage.speech.cut()
        for utterance in self._stage.speech.audible():
            if self._stage.voice:
                await self._remember(utterance)
                self._stage.speech.close(utterance, interrupted=True)

    async def _remember(self, utterance: Utterance) -> None:
        """Put words into the context that were heard, but that the voice had not reported yet."""
        known = prefix(utterance.generated, utterance.remembered)
        rest = prefix(utterance.generated, utterance.heard())[len(known) :].strip()
        if rest and utterance.remember:
            frame = LLMMessagesAppendFrame(messages=[{"role": "assistant", "content": rest}])
            frame.interruptible = False
            await self.push_frame(frame)
