"""Rounds: a crowd of clients, faults among them, and a verdict when all is quiet again; and a table of all rounds."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from chaos.clients import Clients
from chaos.faults import Fault
from chaos.stage import Stage
from chaos.verdict import Verdict

SETTLE_S = 60.0
"""Above all deadlines of the protocol together: the queue's is 40 s."""


FEW = 12
"""Sessions of a round."""


@dataclass
class Row:
    """All rounds with one fault."""

    rounds: int = 0
    hits: int = 0
    sessions: int = 0
    ended: int = 0
    failed: int = 0
    restarted: int = 0
    retried: int = 0
    violations: list[str] = field(default_factory=list)

    def add(self, hit: bool, verdict: Verdict) -> None:
        """One more."""
        self.rounds += 1
        self.hits += hit
        self.sessions += verdict.sessions
        self.ended += verdict.ended
        self.failed += sum(verdict.failed.values())
        self.restarted += verdict.restarted
        self.retried += verdict.retried
        self.violations += verdict.violations


@dataclass
class Table:
    """What was done, and what came of it."""

    all: Row = field(default_factory=Row)
    rows: dict[str, Row] = field(default_factory=dict)

    def add(self, faults: Sequence[Fault], hits: Sequence[bool], verdict: Verdict) -> None:
        """One more round; it counts for each of its faults."""
        for fault, hit in zip(faults, hits, strict=True):
            self.rows.setdefault(fault.name, Row()).add(hit, verdict)
        self.all.add(any(hits), verdict)

    @property
    def violations(self) -> list[str]:
        return self.all.violations

    def hits(self, fault: Fault) -> int:
        """How often a fault has hit something."""
        return self.rows[fault.name].hits if fault.name in self.rows else 0

    @property
    def missed(self) -> list[str]:
        """Faults that have never hit anything."""
        return [name for name, row in self.rows.items() if not row.hits]

    def __str__(self) -> str:
        columns = ("rounds", "hits", "sessions", "ended", "failed", "restarted", "retried", "violations")
        lines = [f"{'fault':<38}" + "".join(f"{name:>11}" for name in columns)]
        for name, row in [*sorted(self.rows.items()), ("all rounds", self.all)]:
            values = [len(value) if isinstance(value, list) else value for value in (getattr(row, c) for c in columns)]
            lines.append(f"{name:<38}" + "".join(f"{value:>11}" for value in values))
        return "\n".join(lines)


async def play(
    stage: Stage, faults: Sequence[Fault], seed: str, *, sessions: int = FEW, within_s: float = 1.2
) -> tuple[list[bool], Verdict]:
    """One round: which faults have hit, and the verdict."""
    rng = random.Random(seed)
    await stage.ready()
    judge = stage.judge(forgets=any(fault.forgets for fault in faults))
    async with Clients(stage, rng, seed) as clients, _kept(stage):
        crowd = asyncio.create_task(clients.crowd(sessions, within_s))
        hits = await asyncio.gather(*(_done(fault, stage, rng) for fault in faults))
        await crowd
        problem = ""
        try:
            await stage.until(lambda: judge.settled(clients.asked), SETTLE_S, f"{seed} did not come to rest")
            await stage.ready()
        except AssertionError as error:
            problem = str(error)
        verdict = await judge.verdict(clients.asked)
        verdict.unfinished += [problem] if problem else []
        return hits, verdict


async def _done(fault: Fault, stage: Stage, rng: random.Random) -> bool:
    await asyncio.sleep(rng.uniform(0.1, 0.6))
    return await fault.do(stage, rng)


async def play_all(
    stage: Stage, rounds: Sequence[Sequence[Fault]], seed: int, table: Table, *, sessions: int = FEW
) -> None:
    """All rounds; a line for each."""
    for number, faults in enumerate(rounds):
        began = time.monotonic()
        hits, verdict = await play(stage, faults, f"s{seed}-{number}", sessions=sessions)
        table.add(faults, hits, verdict)
        did = ", ".join(f"{fault.name}{'' if hit else ' (missed)'}" for fault, hit in zip(faults, hits, strict=True))
        took = time.monotonic() - began
        sys.stdout.write(f"s{seed}-{number} {did}: {verdict.sessions} sessions, {took:.1f} s\n")
        for one in verdict.violations:
            sys.stdout.write(f"  {one}\n")


@contextlib.asynccontextmanager
async def _kept(stage: Stage) -> AsyncIterator[None]:
    """Somebody starts again what has died, as Kubernetes does."""

    async def keep() -> None:
        while True:
            stage.mend()
            await asyncio.sleep(0.1)

    keeping = asyncio.create_task(keep())
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
