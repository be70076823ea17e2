"""`warm`: from `POST /join` until the session runs, with a warm runner, against a runner that is started for it.

A gateway, a runner and redis-server, each in a process of its own; the store writes each change to its disk before it
answers. When a session runs is what its own events say, on the clock that the request was sent by.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

import aiohttp

from benchmarks.measure import PROJECT, ROOT, Ratio, Size, figures, in_turn, program, run
from benchmarks.programs.client import serving
from benchmarks.start import until_ready
from framework.control.connection import Connection
from framework.control.store import Store
from framework.testing.redis import RedisServer

VOICE_BAR, TEXT_BAR, TAIL_BAR = 0.04, 0.02, 4.0
VOICES, TEXTS = 40, 100
"""Sessions of a run, one after another."""
PATIENCE_S = 120.0
CALM_S = 0.2
"""Between two text sessions, as people come one after another."""
ENVIRONMENT = "bench"
ROUNDING_S = 0.001
"""The store's clock counts whole milliseconds: the moment may have been so much later."""


def measure(size: Size) -> list[Ratio]:
    """Warm sessions of either kind, and cold ones, in turn."""
    voices, texts = (2, 3) if size.tiny else (VOICES // 4, TEXTS // 4) if size.quick else (VOICES, TEXTS)
    with RedisServer() as server:
        found = in_turn(
            size,
            {
                "voice": lambda: asyncio.run(_fresh(server, warm(server, "voice", voices))),
                "cold voice": lambda: asyncio.run(_fresh(server, cold(server, "voice"))),
                "text": lambda: asyncio.run(_fresh(server, warm(server, "text", texts))),
                "cold text": lambda: asyncio.run(_fresh(server, cold(server, "text"))),
                "process": lambda: run(*program("cold", "--since", time.monotonic())).said()["wall_s"],
            },
        )
    return [*_ratios("voice", VOICE_BAR, found), *_ratios("text", TEXT_BAR, found)]


def _ratios(channel: str, bar: float, found: dict[str, list[Any]]) -> list[Ratio]:
    took = [one for of_run in found[channel] for one in of_run]
    p50, p99, cold_p50 = statistics.median(took), high(took), statistics.median(found[f"cold {channel}"])
    raw = {
        "join until it runs, ms": {"p50": round(p50 * 1000, 1), "p99": round(p99 * 1000, 1), "sessions": len(took)},
        "join until it runs in a new runner, ms": figures(found[f"cold {channel}"], times=1000, digits=0),
        "a process that has nothing else to do, ms": figures(found["process"], times=1000, digits=0),
        "p99 ÷ that process": round(p99 / statistics.median(found["process"]), 4),
    }
    return [
        Ratio(name=f"warm {channel}", value=p99 / cold_p50, bar=bar, raw=raw),
        Ratio(name=f"warm {channel}, p99 / p50", value=p99 / p50, bar=TAIL_BAR, raw={"sessions": len(took)}),
    ]


def high(values: Sequence[float], share: float = 0.99) -> float:
    """The value that so many of them don't exceed.

    >>> high([1.0, 2.0, 3.0, 4.0], 0.5)
    2.0
    """
    ordered = sorted(values)
    return ordered[max(0, -int(-len(ordered) * share // 1) - 1)]


async def warm(server: RedisServer, channel: str, sessions: int) -> list[float]:
    """Seconds of each session of a runner that is ready for it."""
    async with _gateway(server) as joins, _runner(server) as runner:
        await until_ready(runner)
        if channel == "text":  # a worker of text sessions is there as long as one of them is
            await joins.running(await joins.join(channel))
        found = []
        for _ in range(sessions + 1):
            await (until_ready(runner) if channel == "voice" else asyncio.sleep(CALM_S))
            began = time.time()
            session = await joins.join(channel)
            found.append(await joins.running(session) - began)
            await joins.end(session)
        return found[1:]


async def cold(server: RedisServer, channel: str) -> float:
    """Seconds of a session for which there is no runner until one is started, as a launcher starts it."""
    async with _gateway(server) as joins:
        session = await joins.join(channel)
        began = time.time()
        async with _runner(server, CONVO_LAUNCH_ID="launched", CONVO_CAPACITY="1"):
            return await joins.running(session) - began


class _Joins:
    """A client of the gateway that hears all events."""

    def __init__(self, http: aiohttp.ClientSession, store: Store) -> None:
        self._http = http
        self._store = store
        self._at: dict[tuple[str, str], float] = {}
        """Session and type of event → when."""
        self._heard = asyncio.Condition()

    async def listen(self) -> None:
        """Hear what happens, until cancelled."""
        after = "0-0"
        while True:
            for stored in await self._store.events(after, 1000):
                after, event = stored.id, json.loads(stored.text)
                at = datetime.fromisoformat(event["time"]).timestamp() + ROUNDING_S
                self._at[stored.session_id, event["type"]] = at
            async with self._heard:
                self._heard.notify_all()

    async def join(self, channel: str) -> str:
        """Ask for a session; its id."""
        body = {"bot": "guide", "channel": channel, "transport": "headless"}
        async with self._http.post("/join", json=body) as answer:
            said = await answer.json()
        if answer.status != 202:
            raise RuntimeError(f"a join was refused: {said}")
        return str(said["session_id"])

    async def running(self, session: str) -> float:
        """When its pipeline ran and the store knew of it, whichever was later."""
        return max(await self._until(session, "session.joined"), await self._until(session, "session.started"))

    async def end(self, session: str) -> None:
        """End it."""
        async with self._http.post(f"/sessions/{session}/leave", json={"reason": "measured"}) as answer:
            answer.raise_for_status()
        await self._until(session, "session.ended")

    async def _until(self, session: str, kind: str) -> float:
        async with asyncio.timeout(PATIENCE_S), self._heard:
            await self._heard.wait_for(lambda: (session, kind) in self._at or (session, "session.failed") in self._at)
        if (session, kind) not in self._at:
            raise RuntimeError(f"a session failed before its {kind}")
        return self._at[session, kind]


@contextlib.asynccontextmanager
async def _gateway(server: RedisServer) -> AsyncIterator[_Joins]:
    command = (sys.executable, str(ROOT / "gateway.py"), "--port", "0")
    store = Store(Connection.to(server.url), environment=ENVIRONMENT)
    async with serving(*command, cwd=PROJECT, **_told(server)) as (url, _), aiohttp.ClientSession(url) as http:
        joins = _Joins(http, store)
        listening = asyncio.create_task(joins.listen())
        try:
            yield joins
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await store.close()


@contextlib.asynccontextmanager
async def _runner(server: RedisServer, **more: str) -> AsyncIterator[aiohttp.ClientSession]:
    command = (sys.executable, str(ROOT / "runner.py"), "--port", "0")
    async with serving(*command, cwd=PROJECT, **_told(server), **more) as (url, _), aiohttp.ClientSession(url) as http:
        yield http


def _told(server: RedisServer) -> dict[str, str]:
    return {"REDIS_URL": server.url, "CONVO_ENV": ENVIRONMENT, "CONVO_PROFILE": "test"}


async def _fresh(server: RedisServer, side: Any) -> Any:
    """Each run begins with an empty store."""
    server.command("FLUSHALL", "ASYNC")
    return await side
