"""`memory`: what one more session takes, of voice in its own worker and of text in a shared one, against a process.

A worker's own pages (USS) are counted, after its first turns; each is one of several, so that libraries are shared.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import numpy as np

from benchmarks.measure import PROJECT, ROOT, Ratio, Size, figures, in_turn, quotient
from benchmarks.programs.caller import calling, spoken
from benchmarks.programs.client import connected, serving
from benchmarks.start import until_ready
from framework.processes.memory import uss_mb

VOICE_BAR, TEXT_BAR = 0.25, 0.005
TURNS = 2
TEXTS = 40
"""Text sessions that are added to a worker that has one."""
LINE = "What should I see first in the old town?"
TURN_S = 60.0


def measure(size: Size) -> list[Ratio]:
    """Workers that are forked and workers that are spawned, in turn."""
    line = spoken()
    found = in_turn(
        size,
        {
            "forked voice": lambda: asyncio.run(voice(line, fork=True)),
            "fresh voice": lambda: asyncio.run(voice(line, fork=False)),
            "text": lambda: asyncio.run(texts(2 if size.tiny else TEXTS)),
        },
    )
    fresh = found["fresh voice"]
    raw = {"one more fresh process, MB": figures(fresh, digits=1)}
    forked = {"one more voice session, MB": figures(found["forked voice"], digits=1)}
    shared = {"one more text session, MB": figures(found["text"], digits=3)}
    return [
        quotient("memory of voice", found["forked voice"], fresh, VOICE_BAR, raw={**forked, **raw}),
        quotient("memory of text", found["text"], fresh, TEXT_BAR, raw={**shared, **raw}),
    ]


async def voice(line: np.ndarray, *, fork: bool) -> float:
    """Megabytes of the second worker of two that are talked to, after its first turns."""
    async with _runner(fork=fork) as http, contextlib.AsyncExitStack() as calls:
        pid = 0
        for _ in range(2):
            await until_ready(http)
            started = await _started(http, channel="voice")
            await until_ready(http)  # the next spare worker is there, too, and leaves the processor to the call
            caller = await calls.enter_async_context(calling(started["wsUrl"], line))
            for _ in range(TURNS):
                await caller.turn()
            pid = await _pid(http, started)
        return uss_mb(pid)


async def texts(more: int) -> float:
    """Megabytes that each further text session adds to a worker, after its first turns."""
    async with _runner(fork=True) as http, contextlib.AsyncExitStack() as calls:
        await until_ready(http)
        pid, before = 0, 0.0
        for number in range(more + 1):
            started = await _started(http, channel="text")
            await calls.enter_async_context(_typing(started["wsUrl"]))
            pid = await _pid(http, started)
            before = uss_mb(pid) if number == 0 else before
        return (uss_mb(pid) - before) / more


@contextlib.asynccontextmanager
async def _runner(*, fork: bool) -> AsyncIterator[aiohttp.ClientSession]:
    command = (sys.executable, str(ROOT / "runner.py"), "--port", "0")
    more = {"CONVO_PROFILE": "test", "CONVO_FORK": str(int(fork))}
    async with serving(*command, cwd=PROJECT, **more) as (url, _), aiohttp.ClientSession(url) as http:
        yield http


async def _started(http: aiohttp.ClientSession, *, channel: str) -> dict[str, Any]:
    body = {"transport": "websocket", "body": {"bot": "guide", "channel": channel}}
    async with http.post("/start", json=body) as answer:
        started: dict[str, Any] = await answer.json()
        return started


async def _pid(http: aiohttp.ClientSession, started: dict[str, Any]) -> int:
    async with http.get(f"/sessions/{started['sessionId']}") as answer:
        pid: int = (await answer.json())["pid"]
        return pid


@contextlib.asynccontextmanager
async def _typing(url: str) -> AsyncIterator[None]:
    """A client that has typed its first lines, and stays."""
    async with connected(url) as client, asyncio.timeout(TURN_S):
        left = TURNS
        async for _, kind, data in client.heard():
            if kind != "server-message" or data["event"]["type"] != "bot.said":
                continue
            if not left:
                break
            left -= 1
            await client.tell("send-text", {"content": LINE})
        yield
