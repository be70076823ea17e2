"""The naive control plane on the same stage, judged by the same witness."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from chaos import naive
from chaos.clients import Asked
from chaos.stage import HERE, Stage
from chaos.verdict import Verdict, judge_guests

QUIET_S = 4.0
"""When nobody has come into the room for so long, and nobody is there, it is over: two leases and the dispatcher's turn."""


class NaiveStage(Stage):
    """Two gateways, two dispatchers and three runners of `naive.py`."""

    def __init__(self, folder: Path, *, way: str) -> None:
        super().__init__(folder)
        self.way = way

    def command(self, kind: str) -> list[str]:
        return [str(HERE / "naive.py"), kind, self.way]

    def judge(self, *, forgets: bool) -> NaiveJudge:
        return NaiveJudge(self)

    async def _is_ready(self) -> bool:
        self.mend()
        idle = self.redis.command("LLEN", "idle")
        return len(self.urls()) == len(self.of("gateway")) and idle >= naive.CAPACITY


class NaiveJudge:
    """Knows what must have been, from what clients were told and from the witness alone."""

    def __init__(self, stage: NaiveStage) -> None:
        self._stage = stage
        self._seen = 0
        self._since = time.monotonic()

    async def settled(self, asked: list[Asked]) -> bool:
        book = self._stage.book.look()
        if book.present or len(book.guests) != self._seen:
            self._seen, self._since = len(book.guests), time.monotonic()
        await asyncio.sleep(0.05)
        return time.monotonic() - self._since > QUIET_S

    async def verdict(self, asked: list[Asked]) -> Verdict:
        verdict = Verdict(sessions=sum(bool(one.answers) for one in asked))
        book = self._stage.book.look()
        for one in asked:
            for session in one.answers:
                guests = book.of(session)
                if not guests:
                    verdict.never_started.append(session)
                judge_guests(verdict, session, guests, joined={guest.epoch for guest in guests})
        slots = naive.CAPACITY * len(self._stage.of("runner"))
        if (idle := self._stage.redis.command("LLEN", "idle")) != slots:
            verdict.leaked.append(f"{idle} of {slots} slots are free")
        return verdict
