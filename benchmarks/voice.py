"""`voice`: from the end of the caller's speech to the bot's first audio, against a bare Pipecat pipeline.

Both are called over a WebSocket with the same recorded line, and hear, think and speak with the stack `offline`.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
from typing import Any

import aiohttp
import numpy as np

from benchmarks.measure import PROJECT, Ratio, Size, figures, in_turn, program, quotient
from benchmarks.programs.caller import MARKS, call, spoken
from benchmarks.programs.client import runner, serving
from benchmarks.start import until_ready

BAR = 1.1
TURNS = 5
"""Turns of each call; the figure of a call is their median."""


def measure(size: Size) -> list[Ratio]:
    """Calls to both, in turn; each has processes of its own."""
    line, turns = spoken(), 1 if size.tiny else TURNS
    found = in_turn(
        size,
        {
            "ours": lambda: asyncio.run(ours(line, turns)),
            "bare": lambda: asyncio.run(bare(line, turns)),
        },
        warm=False,  # each call has a turn of its own for that
    )
    late = {side: [_median(call, "first audio") for call in calls] for side, calls in found.items()}
    raw: dict[str, Any] = {}
    for side, calls in found.items():
        raw[f"{side}, ms"] = figures(late[side], times=1000, digits=0)
        raw[f"{side}, split in ms"] = split([turn for call in calls for turn in call])
    return [quotient("voice", late["ours"], late["bare"], BAR, raw=raw)]


def split(turns: list[dict[str, float]]) -> dict[str, float]:
    """Median of each part of the way, in milliseconds.

    >>> split([{"transcript": 0.4, "turn decided": 0.45, "model answered": 0.46, "first audio": 0.7}])
    {'transcript': 400.0, 'turn decided': 50.0, 'model answered': 10.0, 'first audio': 240.0}
    """
    order = list(MARKS.values())
    parts = {order[0]: [turn[order[0]] for turn in turns]}
    parts |= {mark: [turn[mark] - turn[before] for turn in turns] for before, mark in itertools.pairwise(order)}
    return {mark: round(statistics.median(values) * 1000, 1) for mark, values in parts.items()}


async def ours(line: np.ndarray, turns: int) -> list[dict[str, float]]:
    """A call to a runner."""
    async with runner(PROJECT) as url, aiohttp.ClientSession(url) as http:
        await until_ready(http)
        async with http.post("/start", json={"transport": "websocket", "body": {"bot": "guide"}}) as answer:
            where = (await answer.json())["wsUrl"]
        await until_ready(http)  # the next spare child is there, too, and leaves the processor to the call
        return await call(where, line, turns)


async def bare(line: np.ndarray, turns: int) -> list[dict[str, float]]:
    """A call to the bare pipeline."""
    async with serving(*program("bare_voice")) as (url, _):
        return await call(f"{url}/ws-client", line, turns)


def _median(turns: list[dict[str, float]], mark: str) -> float:
    return statistics.median(turn[mark] for turn in turns)
