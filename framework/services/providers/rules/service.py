"""The rules model as a Pipecat language model service."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from pipecat.frames.frames import (
    Frame,
    FunctionCallFromLLM,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
)
from pipecat.services.llm_service import LLMService
from pipecat.services.settings import LLMSettings

from framework.engine.effects import Expectation
from framework.services.providers.rules.decide import FLOOR, MARGIN, Call, Function, Scene, Weigh, decide
from framework.services.router import shared_words

if TYPE_CHECKING:
    from pipecat.processors.aggregators.llm_context import LLMContext
    from pipecat.processors.frame_processor import FrameDirection

    from framework.plugins.services import ServiceContext

WORDS = re.compile(r"\S+\s*")


class RulesLLMService(LLMService[Any]):
    """Answers each context by the rules; the same context gets the same answer."""

    Settings = LLMSettings
    supports_developer_role = True

    def __init__(
        self,
        *,
        expects: Callable[[], Expectation],
        weigh: Weigh,
        floor: float = FLOOR,
        margin: float = MARGIN,
        today: Callable[[], date] = date.today,
        **kwargs: Any,
    ) -> None:
        super().__init__(settings=_no_settings(), **kwargs)
        self._expects = expects
        self._weigh = weigh
        self._floor = floor
        self._margin = margin
        self._today = today

    def can_generate_metrics(self) -> bool:
        """It is timed like any model."""
        return True

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Answer each context; pass everything else on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, LLMContextFrame):
            await self._respond(frame.context)
        else:
            await self.push_frame(frame, direction)

    async def _respond(self, context: LLMContext) -> None:
        await self.push_frame(LLMFullResponseStartFrame())
        await self.start_processing_metrics()
        await self.start_ttfb_metrics()
        try:
            await self._carry_out(context)
        except Exception as failed:  # noqa: BLE001 - a response must end, whatever happened
            await self.push_error(f"the rules model failed: {failed}", exception=failed)
        finally:
            await self.stop_processing_metrics()
            await self.push_frame(LLMFullResponseEndFrame())

    async def _carry_out(self, context: LLMContext) -> None:
        """Decide in a worker thread, since likeness takes milliseconds; then speak or call."""
        scene = Scene(offered(context), self._expects(), self._weigh, self._today(), (), self._floor, self._margin)
        messages = [message for message in context.get_messages() if isinstance(message, dict)]
        decision = await asyncio.get_running_loop().run_in_executor(None, partial(decide, messages, scene))
        await self.stop_ttfb_metrics()
        if isinstance(decision, Call):
            await self.run_function_calls([self._call(decision, context)])
            return
        for word in WORDS.findall(decision.text):
            await self._push_llm_text(word)

    def _call(self, decision: Call, context: LLMContext) -> FunctionCallFromLLM:
        return FunctionCallFromLLM(
            function_name=decision.name,
            tool_call_id=f"call_{uuid.uuid4().hex}",
            arguments=decision.arguments,
            context=context,
        )


def offered(context: LLMContext) -> list[Function]:
    """The functions in a context."""
    tools = getattr(context.tools, "standard_tools", None) or []
    return [
        Function(name=t.name, description=t.description, properties=t.properties, required=t.required)
        for t in tools
        if hasattr(t, "properties")
    ]


def build(context: ServiceContext) -> RulesLLMService:
    """The model of one session; it understands by the stack's router."""
    return RulesLLMService(
        expects=context.expects or partial(Expectation, node="", language=context.language),
        weigh=context.router.weigh if context.router is not None else shared_words,
        **context.settings,
    )


def _no_settings() -> LLMSettings:
    return LLMSettings(
        model="rules",
        system_instruction=None,
        temperature=None,
        max_tokens=None,
        top_p=None,
        top_k=None,
        frequency_penalty=None,
        presence_penalty=None,
        seed=None,
        filter_incomplete_user_turns=False,
        user_turn_completion_config=None,
        use_provider_thinking_default=False,
    )
