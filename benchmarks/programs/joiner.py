"""Ask a gateway for one session after another over many connections, as long as not too many of them wait."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import sys
import time
from typing import Any

import uvloop

from benchmarks.programs import report
from framework.control.settings import store_from
from framework.errors import StoreError

CONNECTIONS = 32
BACKLOG = 200
"""Sessions that may wait for a runner."""
LOOK_S = 0.01
BODY = json.dumps({"bot": "guide", "identity": {"id": "u1", "name": "Ann"}, "inputs": {"topic": "billing"}})
_ACCEPTED = b"HTTP/1.1 202"
_LENGTH = re.compile(rb"(?is)\r\ncontent-length: (\d+)(?:\r\n[^\r]+)*\r\n\r\n")


class Line(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self, request: bytes, go: asyncio.Event) -> None:
        self._request = request
        self._go = go
        self._read = b""
        self._answered: asyncio.Future[bytes] | None = None
        self.accepted = 0
        self.others: dict[str, int] = {}

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answered and not self._answered.done():
            self._answered.set_exception(exc or ConnectionError("the gateway has hung up"))

    def data_received(self, data: bytes) -> None:
        self._read += data
        found = _LENGTH.search(self._read)
        if self._answered and found and len(self._read) >= found.end() + int(found[1]):
            self._answered.set_result(self._read)
            self._read = b""

    async def work(self, until: float) -> None:
        """Ask until then."""
        while time.monotonic() < until:
            await self._go.wait()
            self._answered = asyncio.get_running_loop().create_future()
            self.transport.write(self._request)
            answer = await self._answered
            if answer.startswith(_ACCEPTED):
                self.accepted += 1
            else:
                said = answer[:12].decode()
                self.others[said] = self.others.get(said, 0) + 1


async def main(url: str, seconds: float) -> None:
    """Ask for so long; then tell how many sessions were accepted."""
    host, _, port = url.removeprefix("http://").partition(":")
    head = f"POST /join HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    request = f"{head}Content-Length: {len(BODY)}\r\n\r\n{BODY}".encode()
    go, lines = asyncio.Event(), []
    for _ in range(CONNECTIONS):
        _, line = await asyncio.get_running_loop().create_connection(lambda: Line(request, go), host, int(port))
        lines.append(line)
    holding = asyncio.create_task(_hold(go))
    began = time.monotonic()
    until = began + seconds
    await asyncio.gather(*(line.work(until) for line in lines))
    holding.cancel()
    others = {said: count for line in lines for said, count in line.others.items()}
    report(began=began, accepted=sum(line.accepted for line in lines), others=others)


async def _hold(go: asyncio.Event) -> None:
    """Let it wait while the queue is long: what is measured is what is begun and ended, not what is queued."""
    store = store_from(os.environ)
    while True:
        with contextlib.suppress(StoreError):  # a store that is too busy to answer is asked again
            states = await store.by_state()
            (go.set if states["queued"] + states["assigned"] < BACKLOG else go.clear)()
        await asyncio.sleep(LOOK_S)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], float(sys.argv[2])))
