"""Build the Pipecat pipeline of one session, slot by slot."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pipecat.audio.vad.vad_analyzer import VADAnalyzer
from pipecat.frames.frames import Frame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.service_switcher import ServiceSwitcher
from pipecat.pipeline.worker import PipelineParams, PipelineWorker, ProcessorUnusablePolicy
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregator,
    LLMUserAggregatorParams,
)
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.processors.frameworks.rtvi import RTVIProcessor
from pipecat.services.llm_service import LLMService
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.transports.base_transport import BaseTransport
from pipecat.turns.user_turn_strategies import ExternalUserTurnStrategies, UserTurnStrategies
from pipecat.utils.base_object import BaseObject

from framework.runtime.ear import Ear, Throat
from framework.runtime.gate import Gate
from framework.runtime.lease import Sluice
from framework.runtime.manners import Unheard, patient
from framework.runtime.mouth import Mouth
from framework.runtime.stage import PipelineStage

FLUSH_S = 2.0
"""How long dropping what was queued may make no progress."""
CANCEL_S = 5.0
"""How long the pipeline may take to be cancelled."""


@dataclass
class Parts:
    """What stands in the pipeline's slots; a text session has neither ears nor voice."""

    llm: LLMService[Any]
    stt: FrameProcessor | None = None
    tts: FrameProcessor | None = None
    vad: VADAnalyzer | None = None
    turns: UserTurnStrategies | None = None
    transport: BaseTransport | None = None
    rtvi: RTVIProcessor | None = None
    rate_in: int = 16_000
    rate_out: int = 24_000


@dataclass
class Assembly:
    """A pipeline that is ready to run."""

    worker: PipelineWorker
    first: FrameProcessor
    user: LLMUserAggregator
    gate: Gate
    mouth: Mouth
    way_out: FrameProcessor | None
    """Where messages for the client are queued."""

    async def queue_frames(self, frames: list[Frame]) -> None:
        """Push frames from the beginning of the pipeline, in order."""
        await self.worker.queue_frames(frames)

    async def queue_ahead(self, frames: list[Frame]) -> None:
        """Push frames from behind the model, so that they are not held up by what it is thinking about."""
        for frame in frames:
            await self.mouth.queue_frame(frame)

    async def interrupt(self) -> None:
        """Stop speech and model at once, and return when what was queued has been dropped."""
        await self.gate.broadcast_interruption()  # type: ignore[no-untyped-call]
        await self.worker.flush_pipeline(timeout=FLUSH_S)


def on(source: BaseObject, event: str, handler: Callable[..., Awaitable[None]]) -> None:
    """Have a function called at one of Pipecat's events."""
    source.add_event_handler(event, handler)


def assemble(stage: PipelineStage, parts: Parts, *, resources: object = None) -> Assembly:
    """Put the processors in their order and tie the stage's own among them."""
    parts.llm.register_function(None, stage.handle_call)
    pair = LLMContextAggregatorPair(stage.context, user_params=_listening(parts, stage))
    gate = Gate(stage)
    gate.models = {parts.llm, *_members(parts.llm)}
    for recogniser in _members(parts.stt):
        stage.listen_at(recogniser)
    before = [parts.transport.input() if parts.transport else None, parts.stt]
    mouth = Mouth(stage)
    middle = [pair.user(), gate, parts.llm, mouth]
    way_out = parts.transport.output() if parts.transport else None
    sluice = Sluice(stage.lease) if way_out is not None and not isinstance(way_out, BaseOutputTransport) else None
    if stage.voice:
        after = [parts.tts, Throat(stage), sluice, way_out, Ear(stage), pair.assistant()]
    elif isinstance(way_out, BaseOutputTransport):  # does nothing with words but queue them, one by one
        after = [pair.assistant(), Ear(stage, behind=False), way_out]
    else:
        after = [sluice, way_out, pair.assistant(), Ear(stage)]
    if isinstance(way_out, BaseOutputTransport):
        stage.lease.guard(way_out)
    processors = [slot for slot in (*before, *middle, *after) if slot is not None]
    worker = PipelineWorker(
        Pipeline(processors),
        params=PipelineParams(
            audio_in_sample_rate=parts.rate_in,
            audio_out_sample_rate=parts.rate_out,
            enable_metrics=parts.rtvi is not None,
            enable_usage_metrics=parts.rtvi is not None,
        ),
        app_resources=resources,
        enable_rtvi=parts.rtvi is not None,
        rtvi_processor=parts.rtvi,
        enable_turn_tracking=False,
        idle_timeout_secs=None,
        check_dangling_tasks=False,
        cancel_timeout_secs=CANCEL_S,
        processor_unusable_policy=ProcessorUnusablePolicy.CONTINUE,
    )
    return Assembly(worker, processors[0], pair.user(), gate, mouth, sluice or way_out)


def _members(service: FrameProcessor | None) -> list[FrameProcessor]:
    """A service, or those that a switch chooses from."""
    if isinstance(service, ServiceSwitcher):
        return list(service.services)
    return [service] if service is not None else []


def _listening(parts: Parts, stage: PipelineStage) -> LLMUserAggregatorParams:
    """How turns of the person are told: by voice activity, or, for text, from outside."""
    if not stage.voice:
        return LLMUserAggregatorParams(user_turn_strategies=ExternalUserTurnStrategies(), empty_user_turn=None)
    return LLMUserAggregatorParams(
        vad_analyzer=parts.vad,
        user_turn_strategies=None if parts.turns is None else patient(parts.turns, stage.unstoppable),
        user_mute_strategies=[Unheard(stage.unheard)],
        empty_user_turn=None,
    )
