"""Accept one client on a WebSocket and keep it until the session is over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from pipecat.evals.transport import EvalTransportParams
from pipecat.runner.types import WebSocketRunnerArguments
from pipecat.runner.utils import create_transport
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from .harness import HarnessSerializer

Connected = Callable[[Any], Awaitable[asyncio.Event]]
_TAKEN = 4409


def one_socket(path: str, connected: Connected) -> Starlette:
    """An application whose first WebSocket is the session's."""
    return _one(path, _itself, connected)


def one_harness(path: str, session_id: str, connected: Connected) -> Starlette:
    """The same for an eval harness, which says in its first message what it wants to hear."""

    async def transport(websocket: WebSocket) -> Any:
        arguments = WebSocketRunnerArguments(websocket=websocket, session_id=session_id)
        return await create_transport(arguments, {"eval": _harness})

    return _one(path, transport, connected)


def _one(path: str, made: Callable[[WebSocket], Awaitable[Any]], connected: Connected) -> Starlette:
    taken = False

    async def endpoint(websocket: WebSocket) -> None:
        nonlocal taken
        if taken:
            await websocket.close(_TAKEN, "the session has its client")
            return
        taken = True
        await websocket.accept()
        over = await connected(await made(websocket))
        await over.wait()

    return Starlette(routes=[WebSocketRoute(path, endpoint)])


def _harness() -> EvalTransportParams:
    return EvalTransportParams(audio_in_enabled=True, audio_out_enabled=True, serializer=HarnessSerializer())


async def _itself(websocket: WebSocket) -> WebSocket:
    return websocket
