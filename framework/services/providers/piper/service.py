"""Piper as a Pipecat voice: synthesis in a worker thread, one sentence after another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipecat.frames.frames import ErrorFrame, Frame
from pipecat.services.settings import TTSSettings
from pipecat.services.tts_service import TTSService

from framework.errors import UnknownNameError
from framework.services.providers.piper.voices import Voice, known, voice

if TYPE_CHECKING:
    from framework.plugins.services import ServiceContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a text is spoken."""

    speed: float = 1.0
    """1 is the voice's own pace; 1.2 is a fifth faster."""
    noise: float | None = None
    """How much the sound varies; None is the voice's own, 0 makes audio repeatable."""
    noise_width: float | None = None
    """How much the rhythm varies."""


class PiperTTS(TTSService):
    """Speaks with a voice that all sessions of the process share."""

    def __init__(self, *, speaks: Voice, name: str, manner: Manner, **kwargs: Any) -> None:
        settings = TTSSettings(model=None, voice=name, language=None)
        super().__init__(push_start_frame=True, push_stop_frames=True, settings=settings, **kwargs)
        self._speaks = speaks
        self._manner = manner

    def can_generate_metrics(self) -> bool:
        """Time to the first audio, and characters."""
        return True

    def voice_problem(self, voice: str) -> str:
        """Why it can't speak with a voice; empty when it can. One voice is loaded for a session."""
        try:
            name = known(voice)
        except UnknownNameError as unknown:
            return unknown.sentence
        own = self._settings.voice
        return "" if name == own else f"Piper speaks with `{own}` in this session and can't change to `{name}`"

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        """Audio as it is made; a sentence that was begun is finished in its thread, an interruption drops it."""
        try:
            await self.start_tts_usage_metrics(text)
            audio = self._stream_audio_frames_from_iterator(
                self._chunks(text), in_sample_rate=self._speaks.sample_rate, context_id=context_id
            )
            async for frame in audio:
                await self.stop_ttfb_metrics()
                yield frame
        except Exception as failed:  # noqa: BLE001 - one sentence is lost, the session goes on
            yield ErrorFrame(error=f"piper could not speak: {failed}")
        finally:
            await self.stop_ttfb_metrics()

    async def _chunks(self, text: str) -> AsyncIterator[bytes]:
        manner = self._manner
        sentences = self._speaks.speak(text, speed=manner.speed, noise=manner.noise, noise_width=manner.noise_width)
        loop = asyncio.get_running_loop()
        while (chunk := await loop.run_in_executor(None, next, sentences, None)) is not None:
            yield chunk


def build(context: ServiceContext) -> PiperTTS:
    """The voice of one session, at the personality's pace."""
    name = known(context.voice)
    settings = dict(context.settings)
    manner = Manner(speed=settings.pop("speed", 1.0) * context.pace, **settings)
    speaks = voice(name, **context.args)
    return PiperTTS(speaks=speaks, name=name, manner=manner, sample_rate=context.sample_rate)
