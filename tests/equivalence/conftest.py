"""Both sides: the same FlowConfig, functions and scripted model on Pipecat's own `FlowManager` and on our session."""

from __future__ import annotations

import asyncio
import copy
import importlib.util
import json
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

import pytest
from loguru import logger
from pipecat.flows import Flow, FlowConfig, FlowManager
from pipecat.frames.frames import (
    EndFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMMessagesAppendFrame,
    LLMTextFrame,
    TTSSpeakFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair, LLMUserAggregatorParams
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.services.llm_service import FunctionCallFromLLM, LLMService
from pipecat.services.settings import LLMSettings
from pipecat.turns.user_turn_strategies import ExternalUserTurnStrategies
from pipecat.workers.runner import WorkerRunner

from framework.plugins.host import PluginHost
from framework.project import Project
from framework.runtime.session import LiveSession
from framework.services.resolve import Services
from framework.sessions.events import Event
from framework.sessions.spec import SessionSpec

FINISH_S = 20.0
CUT = "The person speaks over this."
"""What the oracle's voice is interrupted at."""
HANDLERS = Path(__file__).with_name("handlers.py")


@pytest.fixture(scope="module", autouse=True)
def quiet():
    """Thousands of failing turns are played here; Pipecat's log of them is for nobody."""
    logger.disable("pipecat")
    yield
    logger.enable("pipecat")


@dataclass
class Trace:
    """What a conversation came to."""

    runs: list[dict[str, Any]] = field(default_factory=list)
    """For each run of the model: the messages and functions it was given, and its instruction."""
    nodes: list[str] = field(default_factory=list)
    ended: bool = False
    state: dict[str, Any] = field(default_factory=dict)


Reply = str | tuple[str, dict[str, Any]]

ARGUMENTS = {
    "string": ["Ada", "two words", 'Zoë "Z" {{ who }}', ""],
    "integer": [3, 0, -7],
    "number": [0.5, 2.0, 1e9],
    "boolean": [True, False],
    "array": [["nuts"], [], ["a", "b"]],
    "object": [{"a": 1}, {"b": [True, None]}],
}


@dataclass
class Script:
    """Decides for the model by drawn numbers: a text, or one of the functions it is offered."""

    numbers: list[int]
    ran: int = 0

    def next(self, offered: list[dict[str, Any]]) -> list[Reply]:
        number = self.numbers[self.ran] if self.ran < len(self.numbers) else 0
        self.ran += 1
        pick = number % (len(offered) + 1)
        if pick == 0:
            return [f"Reply {self.ran}."]
        return [(offered[pick - 1]["name"], self.arguments(offered[pick - 1], number))]

    @staticmethod
    def arguments(tool: dict[str, Any], number: int) -> dict[str, Any]:
        """What the parameters ask for; the optional ones only now and then."""
        given = {}
        for place, (name, parameter) in enumerate(tool["properties"].items()):
            if name in tool["required"] or (number + place) % 2:
                values = ARGUMENTS.get(parameter.get("type"), [None])
                given[name] = values[(number + place) % len(values)]
        return given


class Turns:
    """Plays these responses, one for each run of the model, then only talks."""

    def __init__(self, *responses: list[Reply]) -> None:
        self.responses = list(responses)
        self.ran = 0

    def next(self, offered: list[dict[str, Any]]) -> list[Reply]:
        self.ran += 1
        return self.responses.pop(0) if self.responses else [f"Reply {self.ran}."]


class ScriptedModel(LLMService):
    """Pipecat's own service, following the script."""

    def __init__(self, script: Script | Turns, trace: Trace) -> None:
        names = [field.name for field in fields(LLMSettings)]
        super().__init__(settings=LLMSettings(**{name: {} if name == "extra" else None for name in names}))
        self.script = script
        self.trace = trace

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        if isinstance(frame, LLMContextFrame):
            await self.respond(frame.context)
        else:
            await self.push_frame(frame, direction)

    async def respond(self, context) -> None:
        offered = [described(tool) for tool in getattr(context.tools, "standard_tools", [])]
        role = self._settings.system_instruction
        self.trace.runs.append({"messages": plain(context.get_messages()), "tools": offered, "role": role})
        await self.push_frame(LLMFullResponseStartFrame())
        replies = self.script.next(offered)
        for reply in replies:
            if isinstance(reply, str):
                await self._push_llm_text(reply)
        calls = [reply for reply in replies if not isinstance(reply, str)]
        if calls:
            await self.run_function_calls(
                [
                    FunctionCallFromLLM(
                        function_name=name, tool_call_id=f"c{self.script.ran}.{n}", arguments=given, context=context
                    )
                    for n, (name, given) in enumerate(calls)
                ]
            )
        await self.push_frame(LLMFullResponseEndFrame())


def described(tool: Any) -> dict[str, Any]:
    """A function as the model reads of it."""
    return {
        "name": tool.name,
        "description": tool.description,
        "properties": tool.properties,
        "required": list(tool.required),
    }


class Voice(FrameProcessor):
    """Says what it is given at once, so that it stands in the context as with a real voice."""

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        if isinstance(frame, TTSSpeakFrame):
            if frame.text == CUT:
                await self.broadcast_interruption()
                return
            await self.push_frame(LLMFullResponseStartFrame())
            text = LLMTextFrame(frame.text)
            text.append_to_context = frame.append_to_context is not False
            await self.push_frame(text)
            await self.push_frame(LLMFullResponseEndFrame())
        else:
            await self.push_frame(frame, direction)


def plain(messages: list[Any]) -> list[tuple[str, str]]:
    """Messages as role and content; calls with their arguments, answers without ids."""
    found = []
    for message in messages:
        if message.get("tool_calls"):
            found.extend((call["function"]["name"], call["function"]["arguments"]) for call in message["tool_calls"])
        elif message["role"] == "tool":
            found.append(("tool", answer(message["content"])))
        else:
            found.append((message["role"], message["content"]))
    return found


def answer(content: str) -> str:
    """A result in one spelling; of a failure, that it is one: the words are each side's own."""
    try:
        result = json.loads(content)
    except ValueError:
        return content
    failed = isinstance(result, dict) and result.get("status") == "error"
    return "error" if failed else json.dumps(result, sort_keys=True)


class Oracle:
    """One conversation on Pipecat's own manager."""

    def __init__(self, config: dict[str, Any], handlers: Any, script: Script | Turns) -> None:
        self.trace = Trace()
        self.script = script
        self.flow = Flow(FlowConfig.model_validate(config), handlers=handlers)
        self.context = LLMContext()
        strategies = LLMUserAggregatorParams(user_turn_strategies=ExternalUserTurnStrategies())
        self.pair = LLMContextAggregatorPair(self.context, user_params=strategies)
        self.model = ScriptedModel(self.script, self.trace)
        pipeline = Pipeline([self.pair.user(), self.model, Voice(), self.pair.assistant()])
        self.worker = PipelineWorker(pipeline, enable_rtvi=False, enable_turn_tracking=False, idle_timeout_secs=None)
        self.manager = FlowManager(
            worker=self.worker,
            llm=self.model,
            context_aggregator=self.pair,
            global_functions=self.flow.global_functions,
        )
        enter = self.manager._set_node

        async def noted(name, node):
            self.trace.nodes.append(name)
            await enter(name, node)

        self.manager._set_node = noted

    async def __aenter__(self) -> Self:
        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(self.worker)
        self.running = asyncio.create_task(runner.run())
        self.entering = asyncio.create_task(self.manager.initialize(self.flow.initial_node))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.trace.ended = self.running.done()
        self.trace.state = self.manager.state
        if not self.running.done():
            self.entering.cancel()
            await self.worker.queue_frame(EndFrame())
        await asyncio.wait_for(self.running, FINISH_S)

    async def play(self, texts: list[str]) -> Trace:
        async with self:
            await self.entering
            await self.rest()
            for text in texts:
                await self.say(text)
        return self.trace

    async def say(self, text: str) -> None:
        if not self.running.done():
            message = {"role": "user", "content": text}
            await self.worker.queue_frame(LLMMessagesAppendFrame(messages=[message], run_llm=True))
            await self.rest()

    async def rest(self) -> None:
        """Until nothing moves any more, or all is over."""
        running = self.running
        seen, quiet = None, 0
        while quiet < 3 and not running.done():
            flush = asyncio.create_task(self.worker.flush_pipeline(timeout=2.0))
            await asyncio.wait({flush, running}, return_when=asyncio.FIRST_COMPLETED)
            if not flush.done():
                flush.cancel()
            now = (len(self.trace.runs), len(self.trace.nodes), len(self.context.get_messages()))
            open_calls = self.pair.assistant().has_function_calls_in_progress
            quiet = quiet + 1 if now == seen and not open_calls else 0
            seen = now


@pytest.fixture(scope="session")
def pipecat():
    """Opens a conversation on Pipecat's manager."""
    return lambda config, script: Oracle(config, functions_of(HANDLERS), script)


@pytest.fixture(scope="session")
def oracle():
    """Plays a config to the end of the texts on Pipecat's manager; answers the trace."""

    def play(
        config: dict[str, Any],
        script: Script | Turns,
        texts: list[str],
        *,
        state: dict[str, Any] | None = None,
    ) -> Trace:
        async def scene() -> Trace:
            conversation = Oracle(config, functions_of(HANDLERS), script)
            conversation.manager.state.update(copy.deepcopy(state or {}))
            return await conversation.play(texts)

        return asyncio.run(scene())

    return play


@pytest.fixture(scope="session")
def script():
    """The model that decides by numbers."""
    return Script


@pytest.fixture(scope="session")
def turns():
    """The model that plays given responses."""
    return Turns


def functions_of(path: Path) -> Any:
    """A fresh module from a file."""
    spec = importlib.util.spec_from_file_location("equivalence_handlers", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Live:
    """The same on a session of ours: real engine, plugins and pipeline, the same scripted model."""

    def __init__(self, folder: Path, host: PluginHost, config: dict[str, Any], script: Any, **more: Any) -> None:
        flow = folder / "flows" / "flow.json"
        flow.write_text(json.dumps(config))
        self.trace = Trace()
        self.events: list[Event] = []
        self.given = more.pop("state", None) or {}
        parts = more.pop("parts", {})
        self.session = LiveSession(
            SessionSpec(flow=str(flow), stack="none", channel=more.pop("channel", "text")),
            project=Project.find(folder),
            host=host,
            on_event=self.events.append,
            services=lambda _blueprint, _conversation: Services(llm=ScriptedModel(script, self.trace), **parts),
            **{"handlers": str(HANDLERS), **more},
        )

    async def __aenter__(self) -> Self:
        self.running = asyncio.create_task(self.session.run())
        await self.session._first({self.session._begun, self.session._over}, None, FINISH_S)
        self.manager.state.update(copy.deepcopy(self.given))
        return self

    async def __aexit__(self, *_: object) -> None:
        if not self.running.done():
            self.session.hang_up()
        await asyncio.wait_for(self.running, FINISH_S)

    @property
    def manager(self) -> Any:
        """What functions get as their first argument."""
        return self.session._manager

    async def say(self, *texts: str) -> None:
        """Take a turn whenever the flow waits for one, then let it come to rest."""
        for text in texts:
            if await self.person():
                await self.session.hear(text)
        await self.person()

    async def person(self) -> bool:
        return await asyncio.wait_for(self.session.person(), FINISH_S)

    async def until(self, holds: Callable[[], Any]) -> None:
        """Wait for a condition, with a deadline."""
        async with asyncio.timeout(FINISH_S):
            while not holds():
                await asyncio.sleep(0.005)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event.data for event in self.events if event.type == kind]

    @property
    def nodes(self) -> list[str]:
        return [data["node"] for data in self.of("node.entered")]

    @property
    def spoken(self) -> list[str]:
        return [data["spoken"] for data in self.of("bot.said")]

    @property
    def context(self) -> list[tuple[str, str]]:
        """What the model would read now."""
        return plain(self.session._built.stage.context.get_messages())


@pytest.fixture(scope="session")
def room(tmp_path_factory) -> Path:
    """A project without anything but a stack."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "convo.yaml").write_text("bots: {}\n")
    (folder / "flows").mkdir()
    (folder / "stacks").mkdir()
    (folder / "stacks" / "none.yaml").write_text("stack: none\nllm: {provider: rules}\n")
    return folder


@pytest.fixture(scope="session")
def live(room):
    """Opens a session of ours on a config."""
    host = PluginHost.load(Project.find(room), installed=False)
    return lambda config, script, **more: Live(room, host, config, script, **more)


@pytest.fixture(scope="session")
def ours(live):
    """Plays a config to the end of the texts on our session; answers the trace."""

    def play(config: dict[str, Any], script: Any, texts: list[str], *, state: dict[str, Any] | None = None) -> Trace:
        async def scene() -> Trace:
            async with live(config, script, state=state) as session:
                await session.say(*texts)
                session.trace.ended = session.running.done() or session.session._ended.is_set()
                session.trace.state = session.manager.state
                session.trace.nodes = session.nodes
            return session.trace

        return asyncio.run(scene())

    return play
