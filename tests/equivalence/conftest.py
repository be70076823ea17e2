"""The oracle: the same FlowConfig, functions and scripted model on Pipecat's own `Flow` and `FlowManager`."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field, fields
from typing import Any

import pytest
from loguru import logger
from pipecat.flows import TRANSITION_IN_YAML, Flow, FlowConfig, FlowManager
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

FINISH_S = 20.0

logger.disable("pipecat")


@dataclass
class Trace:
    """What a conversation came to."""

    runs: list[dict[str, Any]] = field(default_factory=list)
    """For each run of the model: the messages and functions it was given, and its instruction."""
    nodes: list[str] = field(default_factory=list)
    ended: bool = False


@dataclass
class Script:
    """Decides for the model by drawn numbers: a text, or one of the functions it is offered."""

    numbers: list[int]
    ran: int = 0

    def next(self, offered: list[str]) -> str | tuple[str, dict[str, Any]]:
        number = self.numbers[self.ran] if self.ran < len(self.numbers) else 0
        self.ran += 1
        pick = number % (len(offered) + 1)
        return f"Reply {self.ran}." if pick == 0 else (offered[pick - 1], {})


class ScriptedModel(LLMService):
    """Pipecat's own service, following the script."""

    def __init__(self, script: Script, trace: Trace) -> None:
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
        tools = context.tools
        offered = [tool.name for tool in tools.standard_tools] if hasattr(tools, "standard_tools") else []
        self.trace.runs.append(
            {"messages": plain(context.get_messages()), "tools": offered, "role": self._settings.system_instruction}
        )
        reply = self.script.next(offered)
        await self.push_frame(LLMFullResponseStartFrame())
        if isinstance(reply, str):
            await self._push_llm_text(reply)
        else:
            call = FunctionCallFromLLM(
                function_name=reply[0], tool_call_id=f"c{self.script.ran}", arguments=reply[1], context=context
            )
            await self.run_function_calls([call])
        await self.push_frame(LLMFullResponseEndFrame())


class Voice(FrameProcessor):
    """Says what it is given at once, so that it stands in the context as with a real voice."""

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        if isinstance(frame, TTSSpeakFrame):
            await self.push_frame(LLMFullResponseStartFrame())
            await self.push_frame(LLMTextFrame(frame.text))
            await self.push_frame(LLMFullResponseEndFrame())
        else:
            await self.push_frame(frame, direction)


def plain(messages: list[Any]) -> list[tuple[str, str]]:
    """Messages as role and content; calls as `call name`, answers without ids."""
    found = []
    for message in messages:
        if message.get("tool_calls"):
            found.extend(("call", call["function"]["name"]) for call in message["tool_calls"])
        elif message["role"] == "tool":
            found.append(("tool", json.dumps(json.loads(message["content"]), sort_keys=True)))
        else:
            found.append((message["role"], message["content"]))
    return found


class Oracle:
    """One conversation on Pipecat's own manager."""

    def __init__(self, config: dict[str, Any], handlers: Any, numbers: list[int]) -> None:
        self.trace = Trace()
        self.script = Script(numbers)
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

    async def play(self, texts: list[str]) -> Trace:
        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(self.worker)
        running = asyncio.create_task(runner.run())
        try:
            await self.manager.initialize(self.flow.initial_node)
            await self.rest(running)
            for text in texts:
                if running.done():
                    break
                message = {"role": "user", "content": text}
                await self.worker.queue_frame(LLMMessagesAppendFrame(messages=[message], run_llm=True))
                await self.rest(running)
            self.trace.ended = running.done()
            if not running.done():
                await self.worker.queue_frame(EndFrame())
        finally:
            await asyncio.wait_for(running, FINISH_S)
        return self.trace

    async def rest(self, running: asyncio.Task) -> None:
        """Until nothing moves any more, or all is over."""
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
def oracle():
    def play(
        config: dict[str, Any], handlers: Any, numbers: list[int], texts: list[str], state: dict[str, Any] | None = None
    ) -> Trace:
        async def scene() -> Trace:
            conversation = Oracle(config, handlers, numbers)
            conversation.manager.state.update(state or {})
            return await conversation.play(texts)

        return asyncio.run(scene())

    return play


def stays(result: Any):
    """A direct function that returns this result and lets the file decide."""

    async def function(flow_manager):
        """Do it."""
        return result, TRANSITION_IN_YAML

    return function


@pytest.fixture(scope="session")
def functions():
    """Direct functions by name, with the results that branches decide on."""
    return {
        "look": stays({"found": True}),
        "size": stays({"size": "large", "n": 3}),
        "nothing": stays(None),
    }
