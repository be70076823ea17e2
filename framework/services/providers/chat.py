"""A chat model over OpenAI's API, ours or anybody's: Pipecat's service with deadlines, one retry, and plain errors."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from openai import APIConnectionError, APIStatusError, APITimeoutError
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.utils.errors import ErrorCategory
from pipecat.utils.http import TIMEOUT_EXCEPTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

PAUSE_S = 0.5
"""Before the one retry, when the server names no other time."""

LATE = (TimeoutError, APITimeoutError, *TIMEOUT_EXCEPTIONS)
"""A deadline that passed: ours, the SDK's, the HTTP library's."""

SENTENCES = {
    400: "the model's service refused the request",
    401: "the model's service refused the key; set the right one",
    403: "this key may not use the model",
    404: "the model's service knows no such model or address",
    429: "the model's service has had too many requests, or the account has no credit left",
}


class ChatService(OpenAILLMService):
    """Never keeps a caller waiting for longer than `timeout_s` without a word, and says why."""

    def __init__(
        self, *, timeout_s: float = 10.0, retries: int = 1, developer_role: bool = True, **kwargs: Any
    ) -> None:
        self._timeout_s = timeout_s
        self._retries = retries
        self._answering = False
        self.supports_developer_role = developer_role
        super().__init__(**kwargs)

    def create_client(self, *args: Any, **kwargs: Any) -> Any:
        """Pipecat's client without the SDK's own retries, which wait for up to a minute."""
        client: Any = super().create_client(*args, **kwargs)  # type: ignore[no-untyped-call]
        return client.with_options(timeout=self._timeout_s, max_retries=0)

    async def get_chat_completions(self, context: Any) -> Any:
        """The stream of chunks, begun within the deadline; tried once more where that can help and there is time."""
        self._answering = False
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._timeout_s
        for attempt in range(self._retries + 1):
            try:
                async with asyncio.timeout_at(deadline):
                    stream = await super().get_chat_completions(context)
            except (APIStatusError, APIConnectionError) as failed:
                pause = _pause(failed)
                if pause is None or attempt == self._retries or loop.time() + pause >= deadline:
                    raise
                await asyncio.sleep(pause)
            else:
                self._answering = True
                return stream
        raise AssertionError("unreachable")  # pragma: no cover

    async def push_error(
        self,
        error_msg: str,
        exception: Exception | None = None,
        fatal: bool = False,
        category: ErrorCategory | None = None,
        force_treat_as_permanent: bool = False,
    ) -> None:
        """Pipecat's report, in a sentence that says what to do and quotes no request."""
        if category is None and (isinstance(exception, LATE) or _unreachable(exception)):
            category = ErrorCategory.CONNECTIVITY
        told = self._sentence(exception) or error_msg
        await super().push_error(told, exception, fatal, category, force_treat_as_permanent)

    async def run_function_calls(self, function_calls: Sequence[Any]) -> None:
        """Pipecat drops a call whose arguments are no JSON; a turn that consisted of nothing else has failed."""
        if not function_calls:
            await self.push_error("the model called a function with arguments that are no JSON")
        await super().run_function_calls(function_calls)

    def _sentence(self, exception: Exception | None) -> str | None:
        where = urlsplit(str(self._client.base_url)).netloc
        model = getattr(self._settings, "model", "")
        if isinstance(exception, APIStatusError):
            known = SENTENCES.get(exception.status_code, "the model's service failed")
            return f"{known} ({exception.status_code} from {where}, model `{model}`)"
        if isinstance(exception, LATE):
            return f"the model `{model}` at {where} gave no word within {self._timeout_s:g} s"
        if _unreachable(exception):
            if self._answering:
                return f"the model's service at {where} broke off in the middle of its answer"
            return f"the model's service at {where} can't be reached"
        return None


def _pause(failed: Exception) -> float | None:
    """How long to wait before trying again; None when that would not help."""
    if isinstance(failed, APITimeoutError):
        return None
    if isinstance(failed, APIConnectionError):
        return PAUSE_S
    if not isinstance(failed, APIStatusError) or (failed.status_code != 429 and failed.status_code < 500):  # noqa: PLR2004
        return None
    if getattr(failed, "code", None) == "insufficient_quota":
        return None
    try:
        return float(failed.response.headers.get("retry-after", PAUSE_S))
    except ValueError:
        return PAUSE_S


def _unreachable(exception: Exception | None) -> bool:
    """The SDK's error, or that of the HTTP library below it, which the SDK doesn't wrap in the middle of a stream."""
    transport = {"RemoteProtocolError", "LocalProtocolError", "ReadError", "ConnectError"}
    return isinstance(exception, APIConnectionError) or type(exception).__name__ in transport
