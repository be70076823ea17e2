"""A shelf with the services in the box, a way to write stacks, and a pipeline to try a model in."""

from __future__ import annotations

import asyncio
import importlib
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from framework.plugins.registry import Registry
from framework.plugins.services import Service

MODULES = (
    "framework.services.providers.openai",
    "framework.services.providers.ollama",
    "framework.services.providers.elevenlabs",
    "framework.services.providers.kokoro",
    "framework.services.providers.deepgram",
    "framework.services.providers.silero",
    "framework.services.providers.turns",
    "framework.testing.scripted",
)


@pytest.fixture
def host():
    """What is left of a plugin host when only services matter; `add` puts one more on the shelf."""
    shelf = Registry("service")
    for module in MODULES:
        importlib.import_module(module).register_services(shelf)
    return SimpleNamespace(services=shelf, add=lambda **given: shelf.add(Service(**given)))


@pytest.fixture
def write(tmp_path):
    """Writes a stack file."""

    def written(text, name="stack.yaml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return written


@dataclass
class Talk:
    """A model in a pipeline of its own, and all that came of it."""

    worker: object
    context: object
    said: list = field(default_factory=list)
    errors: list = field(default_factory=list)
    happened: asyncio.Event = field(default_factory=asyncio.Event)

    async def say(self, text):
        """One message of the person's; returns when the model has said something, or failed."""
        from pipecat.frames.frames import LLMMessagesAppendFrame

        self.happened.clear()
        frame = LLMMessagesAppendFrame(messages=[{"role": "user", "content": text}], run_llm=True)
        await self.worker.queue_frame(frame)
        await self.until(self.happened.is_set)

    async def until(self, condition):
        """Waits for a condition, looked at whenever something happens."""
        async with asyncio.timeout(20):
            while not condition():
                await self.happened.wait()
                if not condition():
                    self.happened.clear()


@pytest.fixture
def talking():
    """`async with talking(model, tools=…) as talk: await talk.say("hello")`."""

    @asynccontextmanager
    async def open_talk(model, tools=()):
        from pipecat.adapters.llm.schemas.tools_schema import ToolsSchema
        from pipecat.pipeline.pipeline import Pipeline
        from pipecat.pipeline.worker import PipelineWorker
        from pipecat.processors.aggregators.llm_context import LLMContext
        from pipecat.processors.aggregators.llm_response_universal import (
            LLMContextAggregatorPair,
            LLMUserAggregatorParams,
        )
        from pipecat.turns.user_turn_strategies import ExternalUserTurnStrategies
        from pipecat.workers.runner import WorkerRunner

        context = LLMContext(tools=ToolsSchema(standard_tools=list(tools))) if tools else LLMContext()
        params = LLMUserAggregatorParams(user_turn_strategies=ExternalUserTurnStrategies())
        pair = LLMContextAggregatorPair(context, user_params=params)
        worker = PipelineWorker(Pipeline([pair.user(), model, pair.assistant()]), enable_rtvi=False)
        talk = Talk(worker, context)

        async def failed(_, error):
            talk.errors.append(error)
            talk.happened.set()

        async def answered(_, message):
            if message.content:
                talk.said.append(message.content)
                talk.happened.set()

        model.add_event_handler("on_error", failed)
        pair.assistant().add_event_handler("on_assistant_turn_stopped", answered)
        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(worker)
        running = asyncio.create_task(runner.run())
        yield talk
        await runner.cancel()
        await asyncio.wait_for(running, 20)

    return open_talk
