"""Scripted parts for sessions: an engine that follows a script, a model, a voice; everything real beneath."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from typing import Any, Self

import numpy as np
import pytest
from pipecat.audio.vad.vad_analyzer import VADAnalyzer
from pipecat.frames.frames import (
    ErrorFrame,
    FunctionCallFromLLM,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    TTSAudioRawFrame,
)
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.services.llm_service import LLMService
from pipecat.services.settings import LLMSettings, TTSSettings
from pipecat.services.tts_service import TTSService
from pipecat.workers.runner import WorkerRunner

from framework.clock import SystemClock
from framework.engine import effects as do
from framework.engine import inputs as happened
from framework.runtime.assemble import Assembly, Parts, assemble
from framework.runtime.conversation import Conversation
from framework.runtime.stage import PipelineStage
from framework.sessions.events import Event


async def until(holds: Callable[[], Any], within: float = 30.0) -> None:
    """Wait for a condition, with a deadline."""
    async with asyncio.timeout(within):
        while not holds():
            await asyncio.sleep(0.005)


class ScriptedModel(LLMService):
    """Says and calls what its script says for the n-th run; an item may be a text, a call, a float to sleep."""

    def __init__(self, *responses: list[Any]) -> None:
        settings = {f.name: None for f in dataclasses.fields(LLMSettings) if f.name != "extra"}
        super().__init__(settings=LLMSettings(**settings))
        self.responses = list(responses)
        self.contexts: list[list[dict[str, Any]]] = []
        self.offered: list[list[str]] = []

    async def process_frame(self, frame: Any, direction: Any) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, LLMContextFrame):
            await self._respond(frame.context)
        else:
            await self.push_frame(frame, direction)

    async def _respond(self, context: LLMContext) -> None:
        self.contexts.append([dict(message) for message in context.get_messages()])
        script = self.responses.pop(0) if self.responses else ["All right."]
        if script == ["error"]:
            await self.push_error("the provider is down")
            return
        await self.push_frame(LLMFullResponseStartFrame())
        try:
            await self._play(script, context)
        finally:  # as Pipecat's services do, also when they are cut off
            await self.push_frame(LLMFullResponseEndFrame())

    async def _play(self, script: list[Any], context: LLMContext) -> None:
        calls = []
        for item in script:
            if isinstance(item, float):
                await asyncio.sleep(item)
            elif isinstance(item, str):
                await self._push_llm_text(item)
            else:
                name, arguments = item
                number = len(calls)
                calls.append(
                    FunctionCallFromLLM(
                        function_name=name,
                        tool_call_id=f"c{len(self.contexts)}.{number}",
                        arguments=arguments,
                        context=context,
                    )
                )
        if calls:
            await self.run_function_calls(calls)


class ToneVoice(TTSService):
    """A voice without word timing: a second of tone for every ten letters, at once."""

    def __init__(self, *, broken: bool = False) -> None:
        super().__init__(
            push_start_frame=True,
            push_stop_frames=True,
            settings=TTSSettings(model=None, voice="tone", language=None),
        )
        self.broken = broken

    async def run_tts(self, text: str, context_id: str) -> Any:
        if self.broken:
            yield ErrorFrame(error="no voice")
            return
        audio = (b"\x10\x27" * 160) * max(1, len(text) * 10)
        for at in range(0, len(audio), 3200):
            yield TTSAudioRawFrame(audio[at : at + 3200], 16000, 1, context_id=context_id)


class ScriptedEngine:
    """Calls `reacts(input)` for its effects; waits for the person unless told otherwise."""

    def __init__(self, reacts: Callable[[happened.Input], list[do.Effect] | None]) -> None:
        self.reacts = reacts

    def initial(self) -> dict[str, Any]:
        return {"steps": 0}

    def step(self, plan: Any, state: dict[str, Any], what: happened.Input) -> tuple[dict[str, Any], list[do.Effect]]:
        return {"steps": state["steps"] + 1}, self.reacts(what) or []

    def deadline(self, state: dict[str, Any]) -> float | None:
        return None

    def waiting(self, plan: Any, state: dict[str, Any]) -> bool:
        return True

    def expects(self, plan: Any, state: dict[str, Any]) -> do.Expectation:
        return do.Expectation(node="", language="en")

    def private(self, plan: Any, state: dict[str, Any], text: str) -> bool:
        return False


class ScriptedHands:
    """Tools by name: functions of their arguments, awaited."""

    def __init__(self, **tools: Callable[..., Any]) -> None:
        self.tools = tools

    async def call(self, call: do.CallTool) -> happened.ToolFinished:
        result = await self.tools[call.tool](**call.arguments)
        return happened.ToolFinished(at=0, call=call.call, outcome="value", result=result)

    async def act(self, act: do.Act) -> happened.ActionFinished:
        return happened.ActionFinished(at=0, action=act.action)

    async def classify(self, ask: do.Classify) -> happened.Classified:
        return happened.Classified(at=0, request=ask.request, choice=None)

    async def run_errand(self, errand: do.Errand) -> happened.Carried:
        return happened.Carried(at=0, order=errand.order)

    def news(self) -> None:
        return None


class Scene:
    """One conversation over a real pipeline."""

    def __init__(self, reacts: Any, model: Any, hands: Any = None, *, voice: Any = None, **parts: Any) -> None:
        self.events: list[Event] = []
        self.ends: list[str] = []
        self.context = LLMContext()
        self.stage = PipelineStage(context=self.context, voice=voice is not None)
        self.engine = ScriptedEngine(reacts)
        self.model = model
        self.conversation = Conversation(
            None,
            engine=self.engine,
            stage=self.stage,
            hands=hands or ScriptedHands(),
            clock=SystemClock(),
            session="s",
            flow="f",
            on_event=self.events.append,
            on_end=lambda reason, outputs: self.ends.append(reason),
        )
        self.assembly: Assembly = assemble(self.stage, Parts(llm=model, tts=voice, rate_out=16000, **parts))
        self.worker: PipelineWorker = self.assembly.worker
        self.stage.connect(self.assembly, self.conversation)

    async def __aenter__(self) -> Self:
        self.runner = WorkerRunner(handle_sigint=False, handle_sigterm=False)
        await self.runner.add_workers(self.worker)
        started = asyncio.Event()

        @self.worker.event_handler("on_pipeline_started")
        async def _(*_: Any) -> None:
            started.set()

        self._running = asyncio.create_task(self.runner.run())
        self._consuming = asyncio.create_task(self.conversation.run())
        await asyncio.wait_for(started.wait(), 10)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.conversation.close()
        self.stage.close()
        await self.runner.cancel("the scene is over")
        await asyncio.wait_for(self._running, 20)
        await asyncio.wait_for(self._consuming, 5)

    def took(self, kind: type[Any]) -> list[Any]:
        """Inputs of one kind, in order."""
        return [what for what in self.conversation.record if isinstance(what, kind)]


@pytest.fixture
def scene() -> Any:
    return Scene


@pytest.fixture
def model() -> Any:
    return ScriptedModel


@pytest.fixture
def voice() -> Any:
    return ToneVoice


@pytest.fixture
def hands() -> Any:
    return ScriptedHands


class Loudness(VADAnalyzer):
    """Whatever is loud is speech."""

    def num_frames_required(self) -> int:
        return 512

    def voice_confidence(self, buffer: bytes) -> float:
        return float(np.abs(np.frombuffer(buffer, np.int16)).mean() > 500)


@pytest.fixture
def vad() -> Any:
    return Loudness


@pytest.fixture
def wav() -> Any:
    from plugins.transports.wav.transport import WavTransport

    return WavTransport


@pytest.fixture(scope="module")
def parts() -> Any:
    from plugins.transports.wav.transport import WavTransport

    return {"model": ScriptedModel, "voice": ToneVoice, "vad": Loudness, "wav": WavTransport}


@pytest.fixture
def eventually() -> Any:
    return until


class TimedVoice(ToneVoice):
    """A voice that says when each word begins: half a second a word."""

    WORD_S = 0.5

    def __init__(self) -> None:
        super().__init__()
        self._push_text_frames = False

    async def run_tts(self, text: str, context_id: str) -> Any:
        words = text.split()
        await self.add_word_timestamps([(word, n * self.WORD_S) for n, word in enumerate(words)], context_id)
        for _ in words:
            for _ in range(5):
                yield TTSAudioRawFrame(b"\x10\x27" * 1600, 16000, 1, context_id=context_id)


@pytest.fixture
def timed() -> Any:
    return TimedVoice
