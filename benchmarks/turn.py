"""`turn`: the CPU of one turn of a typed conversation on our engine, against the same by hand on bare Pipecat."""

from __future__ import annotations

import asyncio
import functools

from benchmarks.measure import Ratio, Size, figures, in_turn, program, quotient, run
from benchmarks.programs.client import typed

BARS = {"turn": 1.25, "turn, events read": 1.6, "turn, RTVI client": 2.5}
TURNS, TURNS_RTVI = 300, 60
"""A client may send ten messages a second, so a conversation with one is shorter."""


def measure(size: Size) -> list[Ratio]:
    """Processes of all sides, in turn; each has its own conversation."""
    turns, served = (2, 2) if size.tiny else (TURNS, TURNS_RTVI)
    found = in_turn(
        size,
        {
            "bare": functools.partial(_cpu, "bare_text", "--turns", turns),
            "bare, lean": functools.partial(_cpu, "bare_text", "--turns", turns, "--lean"),
            "bare, RTVI": functools.partial(_cpu, "bare_text", "--turns", turns, "--rtvi"),
            "ours": functools.partial(_cpu, "our_text", "--turns", turns),
            "ours, events": functools.partial(_cpu, "our_text", "--turns", turns, "--events"),
            "ours, RTVI": lambda: asyncio.run(typed(served))["cpu_s"],
        },
    )
    per_turn = {name: figures(values, times=1000) for name, values in found.items()}
    sides = {"turn": "ours", "turn, events read": "ours, events", "turn, RTVI client": "ours, RTVI"}
    return [
        quotient(
            name,
            found[side],
            found["bare"],
            BARS[name],
            aim=side == "ours, RTVI",
            raw={f"{which}, ms of CPU a turn": per_turn[which] for which in dict.fromkeys((side, *_beside(side)))},
        )
        for name, side in sides.items()
    ]


def _beside(side: str) -> tuple[str, ...]:
    """What is printed with a side: the one it is divided by, and others that help to judge it."""
    return {"ours": ("bare", "bare, lean"), "ours, RTVI": ("bare", "bare, RTVI")}.get(side, ("bare",))


def _cpu(name: str, *arguments: object) -> float:
    figure: float = run(*program(name, *arguments)).said()["cpu_s"]
    return figure
