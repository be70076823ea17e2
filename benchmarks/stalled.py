"""`stalled`: how long events are on their way to clients while one of their number doesn't read, or does."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import time
from collections.abc import AsyncIterator
from typing import Any

from benchmarks.gateway import served
from benchmarks.measure import Ratio, Size, figures, in_turn, quotient
from benchmarks.warm import high
from framework.control.connection import Connection
from framework.testing.redis import RedisServer

BAR = 1.5
CLIENTS = 50
EVENTS, EVERY_S = 250, 0.02
BULK = 64 * 1024
"""Bytes of the events that only the one client is sent: soon more than anybody keeps for it."""
AHEAD = 200
"""How many of them come before the others are measured: more than fits into all buffers on the way."""
PATIENCE_S = 60.0
STREAM = "{convo:bench}:ev"
_SENT = re.compile(rb'"at": ([\d.]+)')


def measure(size: Size) -> list[Ratio]:
    """The same clients and the same events, with one that reads and one that doesn't, in turn."""
    events = 20 if size.tiny else EVENTS
    with RedisServer() as server:
        sides = {
            "all read": lambda: asyncio.run(late(server, events, reads=True)),
            "one does not": lambda: asyncio.run(late(server, events, reads=False)),
        }
        found = in_turn(size, sides)
    raw = {f"{side}, ms": figures(times, times=1000, digits=1) for side, times in found.items()}
    return [quotient("one client stalls", found["one does not"], found["all read"], BAR, raw=raw)]


async def late(server: RedisServer, events: int, *, reads: bool) -> float:
    """Seconds on the way that 99 of 100 events don't exceed, of all clients but the one."""
    server.command("FLUSHALL", "ASYNC")
    async with contextlib.AsyncExitStack() as stack:
        url, _ = stack.enter_context(served(server, "join"))
        connection = Connection.to(server.url)
        stack.push_async_callback(connection.close)
        await stack.enter_async_context(_one(url, reads=reads))
        clients = [await _client(url) for _ in range(CLIENTS)]
        for _ in range(AHEAD):
            await _tell(connection, "bulk.told", "x" * BULK)
        for _ in range(events):
            await asyncio.sleep(EVERY_S)
            await _tell(connection, "bulk.told", "x" * BULK)
            await _tell(connection, "order.applied", "")
        async with asyncio.timeout(PATIENCE_S):
            for client in clients:
                await client.until(events)
        return high([time for client in clients for time in client.times])


async def _tell(connection: Connection, kind: str, data: str) -> None:
    event = {"type": kind, "subject": "s", "at": time.perf_counter(), "data": data}
    words = ("tenant", "default", "session", "s", "event", json.dumps(event))
    await connection.do("XADD", STREAM, "MAXLEN", "~", 100, "*", *words)


async def _client(url: str) -> _Timing:
    host, _, port = url.removeprefix("http://").partition(":")
    _, client = await asyncio.get_running_loop().create_connection(_Timing, host, int(port))
    client.transport.write(_request("/events?types=order."))
    await client.until(0)
    return client


@contextlib.asynccontextmanager
async def _one(url: str, *, reads: bool) -> AsyncIterator[None]:
    """The one client: it asks for all events, and reads them or nothing."""
    host, _, port = url.removeprefix("http://").partition(":")
    asking = socket.socket()
    asking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    asking.connect((host, int(port)))
    asking.sendall(_request("/events"))
    asking.setblocking(False)
    reading = asyncio.create_task(_read(asking)) if reads else None
    try:
        yield
    finally:
        if reading:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        asking.close()


async def _read(asking: socket.socket) -> None:
    while await asyncio.get_running_loop().sock_recv(asking, 1024 * 1024):
        pass


def _request(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


class _Timing(asyncio.Protocol):
    """Notes how long each event was on its way."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self._begun = False
        self._more = asyncio.Event()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        self._begun = True
        self.times += [now - float(sent) for sent in _SENT.findall(data)]
        self._more.set()

    async def until(self, count: int) -> None:
        """Until it has heard so many; the stream has begun in any case."""
        while not self._begun or len(self.times) < count:
            self._more.clear()
            await self._more.wait()
