"""`start`: from `POST /start` until a pipeline runs in a spare child, against a cold process that runs the same."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp

from benchmarks.measure import PROJECT, Ratio, Size, figures, in_turn, program, quotient, run
from benchmarks.programs.client import runner

BAR = 0.05
LOOK_S = 0.002
READY_S = 120.0
CALM_S = 1.0
"""How long a fresh spare child is left alone before the next session: it must not be measured with its own warming."""


def measure(size: Size) -> list[Ratio]:
    """Sessions of a runner with a spare child, and cold processes, in turn."""
    found = in_turn(
        size,
        {
            "spare child": lambda: asyncio.run(warm()),
            "cold process": lambda: run(*program("cold", "--since", time.monotonic())).said()["wall_s"],
        },
    )
    raw = {
        "POST /start until it runs, ms": figures(found["spare child"], times=1000, digits=1),
        "cold process until it runs, ms": figures(found["cold process"], times=1000, digits=1),
    }
    return [quotient("start", found["spare child"], found["cold process"], BAR, raw=raw)]


async def warm() -> float:
    """Seconds from `POST /start` until the session's pipeline runs."""
    async with runner(PROJECT) as url, aiohttp.ClientSession(url) as http, asyncio.timeout(READY_S):
        await until_ready(http)
        began = time.perf_counter()
        async with http.post("/start", json={"transport": "headless", "body": {"bot": "guide"}}) as answer:
            session = (await answer.json())["sessionId"]
        view = await _until(http, f"/sessions/{session}", lambda view: view["state"] in ("talking", "ended", "failed"))
        took = time.perf_counter() - began
        if view["state"] != "talking":
            raise RuntimeError(f"the session did not run: {view}")
        return took


async def until_ready(http: aiohttp.ClientSession) -> None:
    """Wait until a runner has a spare child, and a moment longer."""
    async with asyncio.timeout(READY_S):
        await _until(http, "/ready", lambda state: state["ready"])
    await asyncio.sleep(CALM_S)


async def _until(http: aiohttp.ClientSession, path: str, holds: Any) -> dict[str, Any]:
    while True:
        async with http.get(path) as answer:
            state: dict[str, Any] = await answer.json()
        if holds(state):
            return state
        await asyncio.sleep(LOOK_S)
