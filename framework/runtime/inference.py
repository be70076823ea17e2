"""Ask a stack's language model outside any session: one answer to some messages."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

from pipecat.processors.aggregators.llm_context import LLMContext

from framework.errors import UserError
from framework.services.resolve import Services, build_stack

if TYPE_CHECKING:
    from framework.plugins.host import PluginHost
    from framework.services.model import StackModel

PATIENCE_S = 60.0
"""How long an answer may take."""


class Inference:
    """The model of a stack, for code that does not wait; a context manager."""

    def __init__(self, stack: StackModel, host: PluginHost) -> None:
        self._stack = stack
        self._host = host
        self._runner = asyncio.Runner()
        self._services: Services | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._services is not None:
            self._runner.run(self._services.aclose())
        self._runner.close()

    def answer(self, messages: list[Any]) -> str:
        """What the model says.

        Raises:
            UserError: It says nothing, or its service is of a kind that can't be asked so.
        """
        return self._runner.run(asyncio.wait_for(self._ask(messages), PATIENCE_S))

    async def _ask(self, messages: list[Any]) -> str:
        if self._services is None:
            self._services = build_stack(self._stack, self._host, channel="text")
        try:
            text = await self._services.llm.run_inference(LLMContext(messages))
        except (NotImplementedError, AttributeError):
            raise UserError("the stack's model can't play a caller", fix="Name another stack with `--stack`.") from None
        if not text:
            raise UserError("the stack's model gave no answer")
        return str(text).strip()
