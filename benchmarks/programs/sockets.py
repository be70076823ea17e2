"""Bare responses of the server that the gateway runs on: the same bytes to every client at the same times, no more."""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import Any

import uvicorn
import uvloop

HEADERS = [(b"content-type", b"text/event-stream")]


async def main(clients: int, events: int, every_s: float, length: int) -> None:
    """Wait for all clients and a word on standard input; write; serve until told to end."""
    sends: list[Any] = []
    complete = asyncio.Event()

    async def app(_: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": b"\n", "more_body": True})
        sends.append(send)
        if len(sends) == clients:
            complete.set()
        while (await receive())["type"] != "http.disconnect":
            pass

    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    config = uvicorn.Config(
        app, http="httptools", log_config=None, log_level="critical", lifespan="off", timeout_graceful_shutdown=1
    )
    serving = asyncio.create_task(uvicorn.Server(config).serve(sockets=[listening]))
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    await complete.wait()
    await asyncio.to_thread(sys.stdin.readline)
    await _write(sends, b"x" * length, events, every_s)
    await serving


async def _write(sends: list[Any], chunk: bytes, events: int, every_s: float) -> None:
    loop = asyncio.get_running_loop()
    begin = loop.time()
    for number in range(events):
        await asyncio.sleep(begin + number * every_s - loop.time())
        message = {"type": "http.response.body", "body": chunk, "more_body": True}
        for send in sends:
            await send(message)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])))
