"""Moonshine as a Pipecat recogniser: one segment of speech after another, decoded in a worker thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from pipecat.frames.frames import ErrorFrame, Frame, TranscriptionFrame
from pipecat.services.settings import STTSettings
from pipecat.services.stt_service import SegmentedSTTService
from pipecat.transcriptions.language import Language
from pipecat.utils.time import time_now_iso8601

from framework.engine.effects import Expectation
from framework.services.providers.moonshine.decode import RATE, Moonshine, shared
from framework.services.providers.moonshine.hearing import hear

if TYPE_CHECKING:
    from framework.plugins.services import ServiceContext

WAIT_S = 0.5
"""How long a turn waits for the transcript once speech has stopped."""

TRAIL_S = 0.2
"""Silence added to a segment, so that its last word is not cut."""

FULL = 32768
"""16-bit samples into numbers between -1 and 1."""


class MoonshineSTT(SegmentedSTTService):
    """Asks what the node expects when it decodes, never before: the node may have changed meanwhile."""

    def __init__(self, *, model: Moonshine, expects: Callable[[], Expectation], manner: dict[str, Any]) -> None:
        super().__init__(
            sample_rate=RATE,
            trailing_silence_secs=TRAIL_S,
            ttfs_p99_latency=WAIT_S,
            settings=STTSettings(model="moonshine-base-en", language=Language.EN),
        )
        self._model = model
        self._expects = expects
        self._manner = manner

    @property
    def wants_wav_segments(self) -> bool:
        """Plain samples are enough."""
        return False

    def can_generate_metrics(self) -> bool:
        """How long decoding takes."""
        return True

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        """One segment's words; nothing when there were none, so that the turn ends empty."""
        await self.start_processing_metrics()
        samples = np.frombuffer(audio, np.int16).astype(np.float32) / FULL
        work = partial(hear, self._model, samples, self._expects(), **self._manner)
        try:
            text = await asyncio.get_running_loop().run_in_executor(None, work)
        except Exception as failed:  # noqa: BLE001 - one segment is lost, the session goes on
            yield ErrorFrame(error=f"moonshine could not listen: {failed}")
            return
        finally:
            await self.stop_processing_metrics()
        if text:
            yield TranscriptionFrame(text, self._user_id, time_now_iso8601(), Language.EN)
        else:
            yield None


def build(context: ServiceContext) -> MoonshineSTT:
    """The recogniser of one session, on the model that the process shares."""
    expects = context.expects or partial(Expectation, node="", language=context.language)
    return MoonshineSTT(model=shared(**context.args), expects=expects, manner=context.settings)
