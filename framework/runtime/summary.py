"""Let the session's model sum up what was said so far, through Pipecat's public means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.utils.context.llm_context_summarization import DEFAULT_SUMMARIZATION_PROMPT, LLMContextSummarizationUtil

from framework.engine.context import last

if TYPE_CHECKING:
    from collections.abc import Callable

TOKENS = 600
"""How long a summary may become."""
FEW = 4
"""So few messages need no summary: the node keeps them as they are."""


class Summarizer:
    """Asks the model, outside of the conversation's own turns."""

    def __init__(self, llm: Any, messages: Callable[[], list[Any]]) -> None:
        self._llm = llm
        self._messages = messages

    async def summary(self) -> str:
        """What was said so far, in short; empty where that is little, or the model can't."""
        messages: list[Any] = [message for message in self._messages() if isinstance(message, dict)]
        if self._llm is None or len(last(messages, FEW + 1)) <= FEW:
            return ""
        transcript = LLMContextSummarizationUtil.format_messages_for_summary(messages)
        asked = LLMContext(messages=[{"role": "user", "content": f"Conversation history:\n{transcript}"}])
        try:
            text = await self._llm.run_inference(
                asked, max_tokens=TOKENS, system_instruction=DEFAULT_SUMMARIZATION_PROMPT
            )
        except NotImplementedError:
            return ""
        return str(text or "").strip()
