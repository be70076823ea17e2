"""What a recogniser hears is taken out before anybody sees it, where it is for the engine only."""

from __future__ import annotations

from typing import Any

import pytest
from pipecat.frames.frames import InterimTranscriptionFrame, TextFrame, TranscriptionFrame
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.tests.utils import run_test

from framework.engine import inputs as happened
from framework.runtime.manners import Manners
from framework.runtime.stage import PipelineStage, revealed


class Recogniser(FrameProcessor):
    """Writes down each text as if it had been heard."""

    async def process_frame(self, frame: Any, direction: Any) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TextFrame):
            await self.push_frame(InterimTranscriptionFrame(frame.text, "user", "now"))
            await self.push_frame(TranscriptionFrame(frame.text, "user", "now"))
        else:
            await self.push_frame(frame, direction)


class Listener:
    """Knows which words are private, and what it was told."""

    def __init__(self, *, deaf: bool = False) -> None:
        self.manners = Manners(deaf=deaf)
        self.told: list[Any] = []

    def private(self, text: str) -> bool:
        return any(c.isdigit() for c in text)

    def tell(self, what: type[Any], **fields: Any) -> None:
        self.told.append(what(at=0.0, **fields))

    def settled(self) -> None:
        """Nobody waits for that here."""

    def publish(self, *_: Any) -> None:
        """Nobody listens here."""


async def heard(listener: Listener, *texts: str) -> tuple[list[str], list[Any]]:
    stage, recogniser = PipelineStage(context=LLMContext(), voice=True), Recogniser()
    stage.connect(None, listener)
    stage.listen_at(recogniser)
    down, _ = await run_test(recogniser, frames_to_send=[TextFrame(text) for text in texts])
    finals = [frame.text for frame in down if isinstance(frame, TranscriptionFrame)]
    assert not any(any(c.isdigit() for c in frame.text) for frame in down if hasattr(frame, "text"))
    await stage.heard(" ".join(text for text in finals if text))
    return finals, listener.told


async def test_private_words_leave_the_recogniser_masked_and_reach_the_engine_as_they_were():
    finals, told = await heard(Listener(), "it is", "4929 1234", "and then 5678", "thank you")
    assert finals == ["it is", "***", "***", "thank you"]
    assert told == [happened.Heard(at=0.0, text="it is 4929 1234 and then 5678 thank you", private=True)]


async def test_plain_words_pass_as_they_are():
    finals, told = await heard(Listener(), "hello there")
    assert finals == ["hello there"]
    assert told == [happened.Heard(at=0.0, text="hello there")]


async def test_who_is_muted_leaves_no_words_at_all():
    finals, told = await heard(Listener(deaf=True), "hello there")
    assert finals == [""]
    assert told == []


@pytest.mark.parametrize(("text", "secrets"), [("*** ***", ["a", "b"]), ("x *** y", ["z"]), ("plain", [])])
def test_words_come_back_where_they_were(text, secrets):
    assert "***" not in revealed(text, secrets)
