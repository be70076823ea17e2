"""Pass a session's HTTP requests and WebSockets on to its worker's Unix socket, without looking inside."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import aiohttp
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from framework.web.bodies import FORWARD_LIMIT, read
from framework.web.ports import RefusedError

MESSAGE_LIMIT = 1024 * 1024
"""Longest WebSocket message that is passed on, in bytes; the server refuses longer ones with 1009."""
TOO_BIG = 1009
_ANSWER_S = 30.0
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_OWN = frozenset({
    *("connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "host", "content-length"),
    *("authorization", "cookie", "proxy-authorization", "proxy-authenticate", "server", "date"),
})  # fmt: skip
"""Headers that belong to one hop, or that are none of a worker's business."""


async def http(request: Request, socket: Path, path: str) -> Response:
    """One request, one answer."""
    body = await read(request, FORWARD_LIMIT)
    timeout = aiohttp.ClientTimeout(total=_ANSWER_S)
    try:
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(socket)), timeout=timeout) as client:
            url = f"http://worker{path}" + (f"?{request.url.query}" if request.url.query else "")
            async with client.request(
                request.method, url, data=body, headers=passed_on(request.headers.items()), allow_redirects=False
            ) as answer:
                return Response(await answer.read(), answer.status, passed_on(answer.headers.items()))
    except (aiohttp.ClientError, OSError, TimeoutError):
        raise RefusedError("the session's process doesn't answer", status=502, fix="Start another session.") from None


async def websocket(
    client: WebSocket, socket: Path, path: str, refused: Callable[[str], None], receive: Receive | None = None
) -> None:
    """Both directions until either side closes; the close code travels on.

    A client that has been accepted already brings the function by which its messages are received.
    """
    connector = aiohttp.UnixConnector(str(socket))
    try:
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.ws_connect(f"http://worker{path}", max_msg_size=0, heartbeat=None, autoclose=True) as worker,
        ):
            if receive is None:
                await client.accept()
            await bridge(client, worker, refused, receive or client.receive)
    except (aiohttp.ClientError, OSError):
        with contextlib.suppress(RuntimeError):
            await client.close(1011, "the session's process doesn't answer")


async def bridge(
    client: WebSocket, worker: aiohttp.ClientWebSocketResponse, refused: Callable[[str], None], receive: Receive
) -> None:
    """Pass messages on, both ways, until one side closes."""
    inward = asyncio.create_task(_inward(receive, worker, refused), name="forward: to the worker")
    outward = asyncio.create_task(_outward(client, worker), name="forward: to the client")
    try:
        await asyncio.wait({inward, outward}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        inward.cancel()
        outward.cancel()
        await asyncio.gather(inward, outward, return_exceptions=True)
        await worker.close()


async def _inward(receive: Receive, worker: aiohttp.ClientWebSocketResponse, refused: Callable[[str], None]) -> None:
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            if message.get("code") == TOO_BIG:
                refused("too_big")
            return
        if (data := message.get("bytes")) is not None:
            await worker.send_bytes(data)
        elif (text := message.get("text")) is not None:
            await worker.send_str(text)


async def _outward(client: WebSocket, worker: aiohttp.ClientWebSocketResponse) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        async for message in worker:
            if message.type is aiohttp.WSMsgType.BINARY:
                await client.send_bytes(message.data)
            elif message.type is aiohttp.WSMsgType.TEXT:
                await client.send_text(message.data)
        await client.close(worker.close_code or 1000)


def passed_on(items: object) -> dict[str, str]:
    """Headers without those that belong to one hop."""
    return {name: value for name, value in items if name.lower() not in _OWN}  # type: ignore[attr-defined]
