"""The bot `guide` by hand, on bare Pipecat: a voice pipeline on a WebSocket, with the services of the stack `offline`.

The services are made by our factory, so that they and their settings are the same; all else is what one would write.
"""

from __future__ import annotations

import asyncio
from typing import Any

import uvicorn
from fastapi import FastAPI, WebSocket
from loguru import logger
from pipecat.flows import FlowManager
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair, LLMUserAggregatorParams
from pipecat.serializers.protobuf import ProtobufFrameSerializer
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.workers.runner import WorkerRunner

from benchmarks.measure import PROJECT
from benchmarks.programs.bare_text import GUIDE
from framework.engine.effects import Expectation
from framework.plugins.host import PluginHost
from framework.project import Project
from framework.services.resolve import Services, build_stack
from framework.services.stacks import load_stack

EXPECTS = Expectation(
    node="guide",
    language="en",
    words=("goodbye", "that was all"),
    sample="Ask me about the tower.",
    functions={"says_goodbye": ("goodbye", "that was all")},
)
"""What the recogniser leans towards and the rules model may say at the one node."""


def services() -> Services:
    """The stack `offline`, once for each session."""
    project = Project.find(PROJECT)
    stack, _ = load_stack(project.stack_path("offline"))
    return build_stack(stack, PluginHost.load(project), expects=lambda: EXPECTS)


async def converse(websocket: WebSocket) -> None:
    """One session, from its connection to its end."""
    made = services()
    transport = FastAPIWebsocketTransport(
        websocket=websocket,
        params=FastAPIWebsocketParams(
            audio_in_enabled=True, audio_out_enabled=True, serializer=ProtobufFrameSerializer()
        ),
    )
    context = LLMContext()
    pair = LLMContextAggregatorPair(
        context, user_params=LLMUserAggregatorParams(vad_analyzer=made.vad, user_turn_strategies=made.turn)
    )
    parts = [transport.input(), made.stt, pair.user(), made.llm, made.tts, transport.output(), pair.assistant()]
    worker = PipelineWorker(Pipeline(parts), params=PipelineParams(enable_metrics=True, enable_usage_metrics=True))
    flow = FlowManager(worker=worker, llm=made.llm, context_aggregator=pair, transport=transport)
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)

    @worker.rtvi.event_handler("on_client_ready")
    async def ready(*_: Any) -> None:
        await flow.initialize(GUIDE)

    @transport.event_handler("on_client_disconnected")
    async def gone(*_: Any) -> None:
        await runner.cancel()

    await runner.run()


async def main() -> None:
    """Serve sessions, one after another, until Ctrl-C."""
    app = FastAPI()

    @app.websocket("/ws-client")
    async def session(websocket: WebSocket) -> None:
        await websocket.accept()
        await converse(websocket)

    services()  # loads the models: a spare child of ours has done so, too
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for this
        await asyncio.sleep(0.01)
    print(f"url http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", flush=True)
    await serving


if __name__ == "__main__":
    logger.remove()
    asyncio.run(main())
