"""espeak-ng as a Pipecat voice: words come with their times, and an interruption stops the synthesis."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipecat.frames.frames import ErrorFrame, Frame
from pipecat.services.settings import TTSSettings
from pipecat.services.tts_service import TTSService
from pipecat.utils.types import is_given

from framework.errors import UnknownNameError
from framework.services.providers.espeak.library import Espeak, Manner, Word, shared

if TYPE_CHECKING:
    from framework.plugins.services import ServiceContext

Piece = tuple[bytes, list[Word]]

SLOWEST, FASTEST = 80, 450
"""Words a minute that the library can speak."""


class EspeakTTS(TTSService):
    """Speaks with the process's one espeak-ng."""

    def __init__(self, *, espeak: Espeak, manner: Manner, **kwargs: Any) -> None:
        super().__init__(
            push_text_frames=False,
            push_start_frame=True,
            push_stop_frames=True,
            settings=TTSSettings(model=None, voice=manner.voice, language=None),
            **kwargs,
        )
        self._espeak = espeak
        self._manner = manner

    def can_generate_metrics(self) -> bool:
        """Time to the first audio, and characters."""
        return True

    def voice_problem(self, voice: str) -> str:
        """Why it can't speak with a voice; empty when it can."""
        try:
            self._espeak.check(voice)
        except UnknownNameError as unknown:
            return unknown.sentence
        return ""

    async def _update_settings(self, delta: TTSSettings) -> dict[str, Any]:  # type: ignore[override]
        """Another voice, or that of another language; a voice of another language keeps only its variant."""
        changed = await super()._update_settings(delta)
        voice = delta.voice if is_given(delta.voice) and delta.voice else self._manner.voice
        if is_given(delta.language) and delta.language:
            voice = in_language(self._espeak, str(voice), str(delta.language))
        self._manner = replace(self._manner, voice=self._espeak.check(str(voice)))
        return changed

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        """Audio and words as they are made; the thread stops at the next piece once nobody listens."""
        enough = threading.Event()
        try:
            await self.start_tts_usage_metrics(text)
            chunks = self._chunks(text, context_id, enough)
            async for frame in self._stream_audio_frames_from_iterator(
                chunks, in_sample_rate=self._espeak.sample_rate, context_id=context_id
            ):
                await self.stop_ttfb_metrics()
                yield frame
        except Exception as failed:  # noqa: BLE001 - one sentence is lost, the session goes on
            yield ErrorFrame(error=f"espeak could not speak: {failed}")
        finally:
            enough.set()
            await self.stop_ttfb_metrics()

    async def _chunks(self, text: str, context_id: str, enough: threading.Event) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[Piece | None] = asyncio.Queue()

        def sink(audio: bytes, words: list[Word]) -> bool:
            loop.call_soon_threadsafe(pieces.put_nowait, (audio, words))
            return not enough.is_set()

        def work() -> None:
            try:
                self._espeak.speak(text, self._manner, sink)
            finally:
                loop.call_soon_threadsafe(pieces.put_nowait, None)

        speaking, told = loop.run_in_executor(None, work), 0
        while (piece := await pieces.get()) is not None:
            audio, words = piece
            if words:
                said, told = spelled_out(text, words, told)
                await self.add_word_timestamps(said, context_id)
            if audio:
                yield audio
        await speaking


def spelled_out(text: str, words: list[Word], told: int) -> tuple[list[tuple[str, float]], int]:
    """The words as they are written, with punctuation and with small words that have no time of their own.

    >>> spelled_out("In the morning.", [Word(0, 2, 0.0), Word(7, 7, 0.2)], 0)
    ([('In', 0.0), ('the morning.', 0.2)], 15)
    """
    said = []
    for word in words:
        end = word.start + word.length
        while end < len(text) and not text[end].isspace():
            end += 1
        if written := text[told:end].strip():
            said.append((written, word.at_s))
        told = max(told, end)
    return said, told


def build(context: ServiceContext) -> EspeakTTS:
    """The voice of one session: the personality's, else that of the language."""
    espeak = shared()
    settings = dict(context.settings)
    rate = min(FASTEST, max(SLOWEST, round(settings.pop("rate", Manner().rate) * context.pace)))
    voice = espeak.check(context.voice or _of_language(espeak, context.language))
    voice = in_language(espeak, voice, context.language)
    manner = Manner(voice=voice, rate=rate, **settings)
    espeak.check(manner.voice)
    return EspeakTTS(espeak=espeak, manner=manner, sample_rate=context.sample_rate)


def in_language(espeak: Espeak, voice: str, language: str) -> str:
    """A voice if it speaks a language, else the language's own, with the variant of the voice."""
    base, plus, variant = voice.partition("+")
    if base.partition("-")[0].lower() == language.partition("-")[0].lower():
        return voice
    return _of_language(espeak, language) + plus + variant


def _of_language(espeak: Espeak, language: str) -> str:
    """The voice for a language: with its region, else without."""
    tag = language.lower().replace("_", "-")
    return next((name for name in (tag, tag.partition("-")[0]) if name in espeak.voices), tag)
