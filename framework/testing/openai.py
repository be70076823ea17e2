"""A server that answers like OpenAI's chat completions: streams, calls tools, refuses what the real one refuses.

    async with Server([Reply("Hello."), Reply(calls=[("weather", {"city": "Oslo"})])]) as server:
        service = OpenAILLMService(base_url=server.url, api_key=server.key)

Replies are given in turn, one a request; a request without a reply left gets a 500 that says so. Requests are checked
as strictly as the API does, so a test that passes here sends what the API takes.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web

from framework.testing.refusals import Refuse, broke, busy, down, problem

__all__ = ["Drop", "Hang", "Refuse", "Reply", "Server", "broke", "busy", "down"]


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the model answers."""

    text: str = ""
    calls: Sequence[tuple[str, dict[str, Any] | str]] = ()
    """Function → arguments; a text is sent as it is, valid JSON or not."""
    chunk: int = 4
    """Characters a chunk, of text and of arguments alike."""
    pause_s: float = 0.0
    """Between chunks."""


@dataclass(frozen=True, kw_only=True)
class Hang:
    """So many characters, then nothing more."""

    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Drop:
    """So many characters, then the connection breaks."""

    text: str = ""


Answer = Reply | Refuse | Hang | Drop
Answers = Sequence[Answer] | Callable[[dict[str, Any]], Answer]


class Server:
    """Listens on a free port of this machine for as long as the `async with` lasts."""

    def __init__(
        self, answers: Answers, *, key: str = "sk-test-0123456789", models: Sequence[str] = ("gpt-4o-mini",)
    ) -> None:
        self.key = key
        self.models = tuple(models)
        self.requests: list[dict[str, Any]] = []
        """The bodies that were taken, in order."""
        self.refused: list[str] = []
        """What was wrong with those that weren't."""
        self._answers = answers if callable(answers) else list(answers)
        self._closing = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """To give as `base_url`."""
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def left(self) -> int:
        """Answers that nobody has asked for."""
        return 0 if callable(self._answers) else len(self._answers)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_get("/v1/models", self._list)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        if self._runner:
            await self._runner.cleanup()

    async def _list(self, request: web.Request) -> web.Response:
        if wrong := self._key(request):
            return self._refuse(wrong)
        listed = [{"id": name, "object": "model", "created": 0, "owned_by": "test"} for name in self.models]
        return web.json_response({"object": "list", "data": listed})

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        if wrong := self._key(request):
            return self._refuse(wrong)
        try:
            body = await request.json()
        except json.JSONDecodeError:
            return self._refuse(Refuse(status=400, message="We could not parse the JSON body of your request."))
        if wrong := self._model(body) or problem(body):
            return self._refuse(wrong)
        self.requests.append(body)
        answer = self._next(body)
        if isinstance(answer, Refuse):
            return self._refuse(answer)
        return await (self._stream(request, body, answer) if body.get("stream") else self._whole(body, answer))

    def _next(self, body: dict[str, Any]) -> Answer:
        if callable(self._answers):
            return self._answers(body)
        if self._answers:
            return self._answers.pop(0)
        return Refuse(status=500, message="the test's script has no answer left", type="server_error")

    def _key(self, request: web.Request) -> Refuse | None:
        given = request.headers.get("Authorization", "")
        if not given:
            message = (
                "You didn't provide an API key. You need to provide your API key in an Authorization header using"
                " Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."
            )
            return Refuse(status=401, message=message)
        if given != f"Bearer {self.key}":
            shown = given.removeprefix("Bearer ")[:3] + "****"
            return Refuse(status=401, message=f"Incorrect API key provided: {shown}.", code="invalid_api_key")
        return None

    def _model(self, body: dict[str, Any]) -> Refuse | None:
        name = body.get("model")
        if not isinstance(name, str) or not name:
            return Refuse(status=400, message="you must provide a model parameter")
        if name not in self.models:
            message = f"The model `{name}` does not exist or you do not have access to it."
            return Refuse(status=404, message=message, code="model_not_found")
        return None

    def _refuse(self, wrong: Refuse) -> web.Response:
        self.refused.append(wrong.message)
        error = {"message": wrong.message, "type": wrong.type, "param": wrong.param, "code": wrong.code}
        return web.json_response({"error": error}, status=wrong.status, headers=wrong.headers)

    async def _stream(self, request: web.Request, body: dict[str, Any], answer: Answer) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        usage = bool((body.get("stream_options") or {}).get("include_usage"))
        for event in chunks(body, answer, usage=usage):
            await response.write(f"data: {json.dumps(event)}\n\n".encode())
            if isinstance(answer, Reply) and answer.pause_s:
                await asyncio.sleep(answer.pause_s)
        if isinstance(answer, Hang):
            await self._closing.wait()
        if isinstance(answer, Hang | Drop):
            if request.transport:
                request.transport.abort()
            return response
        await response.write(b"data: [DONE]\n\n")
        await response.write_eof()
        return response

    async def _whole(self, body: dict[str, Any], answer: Answer) -> web.Response:
        if isinstance(answer, Hang):
            await self._closing.wait()
        reply = answer if isinstance(answer, Reply) else Reply(text=getattr(answer, "text", ""))
        message: dict[str, Any] = {"role": "assistant", "content": reply.text or None, "refusal": None}
        if reply.calls:
            message["tool_calls"] = [_call(name, arguments) for name, arguments in reply.calls]
        choice = {"index": 0, "message": message, "finish_reason": _reason(reply), "logprobs": None}
        return web.json_response(_envelope(body, "chat.completion") | {"choices": [choice], "usage": _usage(reply)})


def chunks(body: dict[str, Any], answer: Answer, *, usage: bool) -> list[dict[str, Any]]:
    """The server-sent events of an answer, as the API cuts them."""
    head = _envelope(body, "chat.completion.chunk")
    size = answer.chunk if isinstance(answer, Reply) else 4
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": "", "refusal": None}]
    deltas += [{"content": piece} for piece in _pieces(getattr(answer, "text", ""), size)]
    for index, (name, arguments) in enumerate(answer.calls if isinstance(answer, Reply) else ()):
        call = _call(name, arguments)
        first = {"index": index, **call, "function": {"name": name, "arguments": ""}}
        deltas.append({"tool_calls": [first]})
        for piece in _pieces(call["function"]["arguments"], size):
            deltas.append({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    events = [head | {"choices": [_choice(delta, None)]} for delta in deltas]
    if isinstance(answer, Reply):
        events.append(head | {"choices": [_choice({}, _reason(answer))]})
        if usage:
            events = [event | {"usage": None} for event in events]
            events.append(head | {"choices": [], "usage": _usage(answer)})
    return events


def _envelope(body: dict[str, Any], kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex[:24]}",
        "object": kind,
        "created": int(time.time()),
        "model": body["model"],
        "system_fingerprint": None,
    }


def _choice(delta: dict[str, Any], reason: str | None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}


def _call(name: str, arguments: dict[str, Any] | str) -> dict[str, Any]:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {"id": f"call_{uuid.uuid4().hex[:24]}", "type": "function", "function": {"name": name, "arguments": text}}


def _reason(reply: Reply) -> str:
    return "tool_calls" if reply.calls else "stop"


def _usage(reply: Reply) -> dict[str, Any]:
    words = len(reply.text.split()) + 4 * len(reply.calls)
    return {"prompt_tokens": 10, "completion_tokens": words, "total_tokens": 10 + words}


def _pieces(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]
