"""`voice`: from the end of the caller's speech to the bot's first audio, against a bare Pipecat pipeline.

Both are called over a WebSocket with the same recorded line, and hear, think and speak with the stack `offline`.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import statistics
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import numpy as np

from benchmarks.measure import PROJECT, Ratio, Size, figures, program, quotient, tell
from benchmarks.programs.caller import MARKS, Caller, calling, spoken
from benchmarks.programs.client import runner, serving
from benchmarks.start import until_ready

BAR = 1.1
TURNS = 4
"""Turns of each side in a run."""
Turn = dict[str, float]


def measure(size: Size) -> list[Ratio]:
    """Both calls at the same time, turn by turn: whatever else the machine does, it does to both."""
    line, turns = spoken(), size.runs * (1 if size.tiny else TURNS)
    found = asyncio.run(compared(line, turns))
    late = {side: [turn["first audio"] for turn in heard] for side, heard in found.items()}
    raw: dict[str, Any] = {}
    for side, heard in found.items():
        raw[f"{side}, ms"] = figures(late[side], times=1000, digits=0)
        raw[f"{side}, split in ms"] = split(heard)
    return [quotient("voice", late["ours"], late["bare"], BAR, raw=raw)]


async def compared(line: np.ndarray, turns: int) -> dict[str, list[Turn]]:
    """So many turns of either side, first one's, then the other's, every other time backwards."""
    found: dict[str, list[Turn]] = {"ours": [], "bare": []}
    async with ours(line) as our_call, bare(line) as bare_call:
        calls = {"ours": our_call, "bare": bare_call}
        for number in range(turns):
            for side in list(calls)[:: -1 if number % 2 else 1]:
                found[side].append(await calls[side].turn())
            tell(f"  turn {number + 1} of {turns}")
    return found


def split(turns: list[dict[str, float]]) -> dict[str, float]:
    """Median of each part of the way, in milliseconds.

    >>> split([{"transcript": 0.4, "turn decided": 0.45, "model answered": 0.46, "first audio": 0.7}])
    {'transcript': 400.0, 'turn decided': 50.0, 'model answered': 10.0, 'first audio': 240.0}
    """
    order = list(MARKS.values())
    parts = {order[0]: [turn[order[0]] for turn in turns]}
    parts |= {mark: [turn[mark] - turn[before] for turn in turns] for before, mark in itertools.pairwise(order)}
    return {mark: round(statistics.median(values) * 1000, 1) for mark, values in parts.items()}


@contextlib.asynccontextmanager
async def ours(line: np.ndarray) -> AsyncIterator[Caller]:
    """A call to a runner."""
    async with runner(PROJECT) as url, aiohttp.ClientSession(url) as http:
        await until_ready(http)
        async with http.post("/start", json={"transport": "websocket", "body": {"bot": "guide"}}) as answer:
            where = (await answer.json())["wsUrl"]
        await until_ready(http)  # the next spare child is there, too, and leaves the processor to the call
        async with calling(where, line) as caller:
            yield caller


@contextlib.asynccontextmanager
async def bare(line: np.ndarray) -> AsyncIterator[Caller]:
    """A call to the bare pipeline."""
    async with serving(*program("bare_voice")) as (url, _), calling(f"{url}/ws-client", line) as caller:
        yield caller
