"""The conversation of the benchmark `turn`: one node, a line of the person, a reply of twenty chunks; both sides."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.programs import report

ROLE = "You are a friendly guide. Answer in short, plain sentences."
TASK = "Tell the person what they want to know about the old town."
LINE = "What should I see first?"
REPLY = "Begin early at the river gate. The tower behind it opens at nine, and you see everything from up there."
CHUNKS = tuple(f"{word} " for word in REPLY.split())
WARM = 20
"""Turns before the first one that counts."""


@dataclass(frozen=True)
class Reply:
    """What the model answers."""

    words: Sequence[str] = CHUNKS
    calls: Sequence[tuple[str, dict[str, Any]]] = ()


class Parrot:
    """The brain of the scripted model: the same twenty chunks, whatever was said."""

    def answer(self, messages: Sequence[Any], tools: Sequence[str], role: str) -> Reply:
        """Answer."""
        del messages, tools, role
        return Reply()


async def measure(turn: Callable[[], Awaitable[None]], turns: int) -> None:
    """Take turns and print the CPU seconds that one took."""
    for _ in range(min(WARM, turns)):
        await turn()
    began = time.process_time()
    for _ in range(turns):
        await turn()
    report(cpu_s=(time.process_time() - began) / turns)
