"""Services that do as a script says, in Pipecat's pipeline: a model, a recogniser, a voice."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Protocol

from pipecat.frames.frames import (
    Frame,
    FunctionCallFromLLM,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
)
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.services.llm_service import LLMService
from pipecat.services.settings import LLMSettings, STTSettings, TTSSettings
from pipecat.services.stt_service import SegmentedSTTService
from pipecat.services.tts_service import TTSService
from pipecat.utils.time import time_now_iso8601

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from pipecat.processors.frame_processor import FrameDirection

SAMPLE_BYTES = 2
RATE = 16000
"""What the recogniser listens at."""


class Turn(Protocol):
    """What a model answers: words, then calls."""

    @property
    def words(self) -> Sequence[str]:
        """What is said, a word at a time."""
        ...

    @property
    def calls(self) -> Sequence[tuple[str, dict[str, Any]]]:
        """Function and arguments of each call."""
        ...


class Brain(Protocol):
    """Who decides what a scripted model answers."""

    def answer(self, messages: Sequence[Any], tools: Sequence[str], role: str) -> Turn:
        """The next turn; a `ValueError` when the conversation has left the script."""
        ...


class Ear(Protocol):
    """Who decides what a scripted recogniser hears."""

    def hear(self, seconds: float) -> str:
        """What was said in the next stretch of speech; empty for nothing."""
        ...


class Mouth(Protocol):
    """Who is told what a scripted voice says."""

    def speak(self, text: str) -> float:
        """For how many seconds it is spoken."""
        ...


class ScriptedModel(LLMService[Any]):
    """A language model that answers what its brain says."""

    Settings = LLMSettings
    supports_developer_role = True

    def __init__(self, brain: Brain, **kwargs: Any) -> None:
        settings = LLMSettings(
            model="scripted",
            system_instruction=None,
            frequency_penalty=None,
            presence_penalty=None,
            filter_incomplete_user_turns=False,
            user_turn_completion_config=None,
            use_provider_thinking_default=False,
            temperature=None,
            max_tokens=None,
            top_p=None,
            top_k=None,
            seed=None,
        )
        super().__init__(settings=settings, **kwargs)
        self._brain = brain

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Answer each context; pass everything else on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, LLMContextFrame):
            await self._respond(frame.context)
        else:
            await self.push_frame(frame, direction)

    async def _respond(self, context: LLMContext) -> None:
        await self.push_frame(LLMFullResponseStartFrame())
        try:
            role = self._settings.system_instruction or ""
            turn = self._brain.answer(context.get_messages(), _offered(context), role)
            for word in turn.words:
                await self._push_llm_text(word)
            calls = [
                FunctionCallFromLLM(function_name=name, tool_call_id=uuid.uuid4().hex, arguments=given, context=context)
                for name, given in turn.calls
            ]
            await self.run_function_calls(calls)
        except ValueError as lost:
            await self.push_error(str(lost))
        finally:
            await self.push_frame(LLMFullResponseEndFrame())


class ScriptedEar(SegmentedSTTService):
    """A recogniser that hears what its script says, one line for each stretch of speech."""

    def __init__(self, ear: Ear, **kwargs: Any) -> None:
        super().__init__(
            sample_rate=RATE, settings=STTSettings(model="scripted", language=None), ttfs_p99_latency=0.1, **kwargs
        )
        self._ear = ear

    @property
    def wants_wav_segments(self) -> bool:
        """Plain samples are enough to count them."""
        return False

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        """The next line of the script."""
        try:
            if text := self._ear.hear(len(audio) / SAMPLE_BYTES / RATE):
                yield TranscriptionFrame(text, self._user_id, time_now_iso8601(), finalized=True)
        except ValueError as lost:
            await self.push_error(str(lost))


class ScriptedVoice(TTSService):
    """A voice that is silent for as long as the words would take."""

    def __init__(self, mouth: Mouth, **kwargs: Any) -> None:
        settings = TTSSettings(model="scripted", voice=None, language=None)
        super().__init__(push_start_frame=True, push_stop_frames=True, settings=settings, **kwargs)
        self._mouth = mouth

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        """Silence in place of `text`."""
        try:
            samples = int(self._mouth.speak(text) * self.sample_rate)
            yield TTSAudioRawFrame(bytes(samples * SAMPLE_BYTES), self.sample_rate, 1, context_id=context_id)
        except ValueError as lost:
            await self.push_error(str(lost))


def _offered(context: LLMContext) -> list[str]:
    tools = context.tools
    return [tool.name for tool in tools.standard_tools] if hasattr(tools, "standard_tools") else []
