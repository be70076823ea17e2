"""The conversation of `turn` by hand, on bare Pipecat with its FlowManager."""

from __future__ import annotations

import argparse
import asyncio

from loguru import logger
from pipecat.flows import FlowManager, FlowsFunctionSchema, NodeConfig
from pipecat.frames.frames import LLMMessagesAppendFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair, LLMUserAggregatorParams
from pipecat.turns.user_turn_strategies import ExternalUserTurnStrategies
from pipecat.workers.runner import WorkerRunner

from benchmarks.programs import chatter
from framework.services.providers.scripted import ScriptedModel

END: NodeConfig = {"name": "end", "task_messages": [], "post_actions": [{"type": "end_conversation"}]}


async def says_goodbye(_arguments: object, _flow: FlowManager) -> tuple[None, NodeConfig]:
    """The person is done."""
    return None, END


GOODBYE = FlowsFunctionSchema(
    name="says_goodbye", description="says goodbye", properties={}, required=[], handler=says_goodbye
)
GUIDE: NodeConfig = {
    "name": "guide",
    "role_message": chatter.ROLE,
    "task_messages": [{"role": "developer", "content": chatter.TASK}],
    "functions": [GOODBYE],
}


async def main(turns: int, *, rtvi: bool, lean: bool) -> None:
    """Run the bot and take turns with it."""
    llm = ScriptedModel(chatter.Parrot())
    pair = LLMContextAggregatorPair(
        LLMContext(), user_params=LLMUserAggregatorParams(user_turn_strategies=ExternalUserTurnStrategies())
    )
    worker = PipelineWorker(
        Pipeline([pair.user(), llm, pair.assistant()]),
        params=PipelineParams(),
        enable_rtvi=rtvi,
        enable_turn_tracking=not lean,
        idle_timeout_secs=None if lean else 300,
    )
    flow = FlowManager(worker=worker, llm=llm, context_aggregator=pair)
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    started, answered = asyncio.Event(), asyncio.Event()

    @worker.event_handler("on_pipeline_started")
    async def begin(*_: object) -> None:
        started.set()

    @pair.assistant().event_handler("on_assistant_turn_stopped")
    async def stopped(*_: object) -> None:
        answered.set()

    async def turn() -> None:
        answered.clear()
        said = {"role": "user", "content": chatter.LINE}
        await worker.queue_frame(LLMMessagesAppendFrame(messages=[said], run_llm=True))
        await answered.wait()

    running = asyncio.create_task(runner.run())
    await started.wait()
    await flow.initialize(GUIDE)
    await answered.wait()
    await chatter.measure(turn, turns)
    await runner.cancel()
    await running


if __name__ == "__main__":
    logger.remove()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=200)
    parser.add_argument("--rtvi", action="store_true", help="leave Pipecat's own default on")
    parser.add_argument("--lean", action="store_true", help="leave out turn tracking and the idle timeout, too")
    asked = parser.parse_args()
    asyncio.run(main(asked.turns, rtvi=asked.rtvi, lean=asked.lean))
