"""Rounds: a crowd of clients, faults among them, and a verdict when all is quiet again; and a table of all rounds."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from chaos.clients import Clients
from chaos.faults import Fault
from chaos.stage import Stage
from chaos.verdict import Judge, Verdict

SETTLE_S = 60.0
"""Above all deadlines of the protocol together: the queue's is 40 s."""


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


@dataclass
class Table:
    """What was done, and what came of it."""

    rows: dict[str, Row] = field(default_factory=dict)

    def add(self, fault: Fault, hit: bool, verdict: Verdict) -> None:
        """One more round."""
        row = self.rows.setdefault(fault.name, Row())
        row.rounds += 1
        row.hits += hit
        row.sessions += verdict.sessions
        row.ended += verdict.ended
        row.failed += sum(verdict.failed.values())
        row.restarted += verdict.restarted
        row.retried += verdict.retried
        row.violations += verdict.violations

    @property
    def violations(self) -> list[str]:
        return [f"{name}: {one}" for name, row in self.rows.items() for one in row.violations]

    def __str__(self) -> str:
        head = f"{'fault':<36}{'rounds':>7}{'hits':>6}{'sessions':>9}{'ended':>7}{'failed':>7}{'again':>6}{'twice tried':>12}{'violations':>11}"
        lines = [
            f"{name:<36}{r.rounds:>7}{r.hits:>6}{r.sessions:>9}{r.ended:>7}{r.failed:>7}{r.restarted:>6}{r.retried:>12}{len(r.violations):>11}"
            for name, r in sorted(self.rows.items())
        ]
        rows = [*self.rows.values()]
        total = (
            f"{'all':<36}{sum(r.rounds for r in rows):>7}{sum(r.hits for r in rows):>6}{sum(r.sessions for r in rows):>9}"
            f"{sum(r.ended for r in rows):>7}{sum(r.failed for r in rows):>7}{sum(r.restarted for r in rows):>6}"
            f"{sum(r.retried for r in rows):>12}{len(self.violations):>11}"
        )
        return "\n".join([head, *lines, total])


async def play(
    stage: Stage, fault: Fault, seed: str, *, sessions: int = 12, within_s: float = 1.2
) -> tuple[bool, Verdict]:
    """One round: whether the fault hit, and the verdict."""
    rng = random.Random(seed)
    await stage.ready()
    judge = Judge(stage, forgets=fault.forgets)
    async with Clients(stage, rng, seed) as clients, _kept(stage):
        crowd = asyncio.create_task(clients.crowd(sessions, within_s))
        await asyncio.sleep(rng.uniform(0.1, 0.5))
        hit = await fault.do(stage, rng)
        await crowd
        try:
            await stage.until(lambda: judge.settled(clients.asked), SETTLE_S, "it did not come to rest")
        except AssertionError as error:
            verdict = await judge.verdict(clients.asked)
            verdict.unfinished.append(f"{seed}: {error}")
            return hit, verdict
        await stage.ready()
        return hit, await judge.verdict(clients.asked)


async def play_all(stage: Stage, faults: Sequence[Fault], seed: int, table: Table, *, say: bool = True) -> None:
    """A round with each fault; a line for each."""
    for number, fault in enumerate(faults):
        began = time.monotonic()
        hit, verdict = await play(stage, fault, f"s{seed}-{number}")
        table.add(fault, hit, verdict)
        if say:
            took = time.monotonic() - began
            print(
                f"s{seed}-{number} {fault.name}: {'hit' if hit else 'MISSED'}, {verdict.sessions} sessions, {took:.1f} s"
            )
            for one in verdict.violations:
                print(f"  {one}")


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
