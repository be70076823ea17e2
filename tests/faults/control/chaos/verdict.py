"""What must hold when a round is over: between what clients were told, what the witness saw, and what the store says."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from dataclasses import dataclass, field

from chaos.clients import Asked
from chaos.stage import ENVIRONMENT, Stage
from chaos.witness import Book, Guest

from framework.control.records import OPEN, OVER, SessionRecord
from framework.errors import StoreError
from framework.testing.invariants import Stored

PREFIX = f"{{convo:{ENVIRONMENT}}}:"
MARGIN_S = 0.05
"""Between two processes that write down the time of day."""
LEAVE_S = 5.0
"""How long a process may take to notice that it belongs to nobody."""
DRAWN = ("start", "expired")
"""Reasons for which a session may fail without having begun: it was tried as often, or as long, as was promised."""


@dataclass
class Verdict:
    """One round's."""

    sessions: int = 0
    ended: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    restarted: int = 0
    """Sessions that began again after their holder was lost, as their bot wants it."""
    retried: int = 0
    """Sessions whose holder was lost between entering the room and telling the store so: begun again elsewhere."""
    never_started: list[str] = field(default_factory=list)
    started_twice: list[str] = field(default_factory=list)
    stale_words: list[str] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    """Sessions or orders without exactly one end."""
    strays: list[str] = field(default_factory=list)

    @property
    def violations(self) -> list[str]:
        return [
            *(f"never started: {one}" for one in self.never_started),
            *(f"started twice: {one}" for one in self.started_twice),
            *(f"stale words: {one}" for one in self.stale_words),
            *(f"leaked: {one}" for one in self.leaked),
            *(f"unfinished: {one}" for one in self.unfinished),
            *(f"left behind: {one}" for one in self.strays),
        ]


def judge_guests(verdict: Verdict, session: str, guests: list[Guest], *, joined: set[int]) -> None:
    """Who was in the room for a session: one at a time, and none again once the store knew that it had begun.

    Args:
        verdict: What is found, goes here.
        session: Its id.
        guests: Who came, in order.
        joined: Epochs of which the store was told that the bot is in the room, where that one is the only one.
    """
    for at, guest in enumerate(guests):
        for later in guests[at + 1 :]:
            if later.epoch <= guest.epoch:
                verdict.started_twice.append(f"{session}: epoch {later.epoch} came after {guest.epoch}")
            spoken = [word for word in guest.words if word[0] > later.came[0]]
            if spoken:
                late = spoken[-1][1] - later.came[1]
                verdict.stale_words.append(
                    f"{session}: {len(spoken)} words of epoch {guest.epoch} up to {late:.3f} s after {later.epoch} came"
                )
        if guest.epoch in joined and guests[at + 1 :]:
            verdict.started_twice.append(f"{session}: it was begun again though epoch {guest.epoch} had joined")


class Judge:
    """Reads store and witness, and compares."""

    def __init__(self, stage: Stage, *, forgets: bool = False) -> None:
        self._stage = stage
        self._store = stage.store
        self._forgets = forgets
        """Whether the store has lost its memory in this round: what nobody held is lost with it."""

    async def settled(self, asked: list[Asked]) -> bool:
        """Whether nothing is under way any more."""
        with contextlib.suppress(StoreError):
            stored = await Stored.read(self._store._connection, PREFIX)  # all at one moment
            if stored.broken() or any(session["state"] in OPEN for session in stored.sessions.values()):
                return False
            if self._stage.book.look().present or self._stage.strays():
                return False
            for one in asked:
                for order_id in one.orders:
                    order = await self._store.stored_order(order_id)
                    if order is not None and not order.final:
                        return False
            return True
        return False

    async def verdict(self, asked: list[Asked]) -> Verdict:
        """What is to be said of a round."""
        verdict = Verdict(sessions=sum(bool(one.answers) for one in asked))
        book = self._stage.book.look()
        for one in asked:
            if one.answers:
                await self._session(verdict, one, book)
            elif one.refused and not self._forgets:
                verdict.unfinished.append(f"{one.key}: it was refused: {one.refused}")
        verdict.leaked += await self._slots()
        verdict.strays += await self._strays()
        return verdict

    async def _strays(self) -> list[str]:
        """Processes that belong to nobody, and go on: one that is about to end has not been left behind."""
        found = self._stage.strays()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_S):
                while found:
                    await asyncio.sleep(0.05)
                    found = [one for one in self._stage.strays() if one in found]
        return found

    async def _session(self, verdict: Verdict, one: Asked, book: Book) -> None:
        if len(one.answers) > 1 and not self._forgets:
            verdict.started_twice.append(f"{one.key}: two sessions of one request: {sorted(one.answers)}")
        for session in sorted(one.answers):
            record, guests = await self._store.session(session), book.of(session)
            if record is None:
                if self._forgets:
                    judge_guests(verdict, session, guests, joined=set())
                    continue
                verdict.unfinished.append(f"{session}: the store has no record of it")
                continue
            await self._ends(verdict, record)
            self._presence(verdict, one, record, guests, await self._joined(session))
            await self._orders(verdict, one, guests)

    async def _ends(self, verdict: Verdict, record: SessionRecord) -> None:
        if record.state not in OVER:
            verdict.unfinished.append(f"{record.session_id}: it is {record.state} still")
            return
        if record.state == "ended":
            verdict.ended += 1
        else:
            verdict.failed[record.reason] += 1
        told = [json.loads(event.text) for event in await self._store.past_events("0-0", session_id=record.session_id)]
        ends = [event for event in told if event["type"] in ("session.ended", "session.failed")]
        if len(ends) != 1 and not self._forgets:
            verdict.unfinished.append(f"{record.session_id}: it has {len(ends)} ends")

    def _presence(
        self, verdict: Verdict, one: Asked, record: SessionRecord, guests: list[Guest], joined: set[int]
    ) -> None:
        session = record.session_id
        again = record.bot == "again"
        if not guests and not one.left and not (record.state == "failed" and record.reason in DRAWN):
            verdict.never_started.append(f"{session}: {record.state}({record.reason}), nobody came")
        if len(guests) > 1:
            verdict.restarted += again
            verdict.retried += not again
        judge_guests(verdict, session, guests, joined=set() if again else joined)
        for guest in guests:
            late = [at for _, at in guest.words if record.over_at and at > record.over_at / 1000 + MARGIN_S]
            if late:
                verdict.stale_words.append(
                    f"{session}: words of epoch {guest.epoch} up to {late[-1] - record.over_at / 1000:.3f} s after it was"
                    f" {record.state}({record.reason})"
                )

    async def _joined(self, session: str) -> set[int]:
        """Epochs under which the store was told that the bot is there."""
        told = [json.loads(event.text) for event in await self._store.past_events("0-0", session_id=session)]
        return {int(event["data"]["epoch"]) for event in told if event["type"] == "session.joined"}

    async def _orders(self, verdict: Verdict, one: Asked, guests: list[Guest]) -> None:
        for order_id, kind in one.orders.items():
            stored = await self._store.stored_order(order_id)
            if stored is None or not stored.final:
                if not self._forgets:
                    verdict.unfinished.append(f"order {order_id} is {stored.status if stored else 'gone'}")
                continue
            said = [guest.said.count(order_id) for guest in guests]
            if kind == "say" and stored.status == "spoken" and not sum(said):
                verdict.unfinished.append(f"order {order_id} is spoken, and nobody heard it")
            if max(said, default=0) > 1:
                verdict.unfinished.append(f"order {order_id} was said {max(said)} times by one bot")

    async def _slots(self) -> list[str]:
        runners = [one for one in await self._store.runners() if not one.draining and not one.dead]
        leaked = [f"{one.name} has {one.free} of {one.capacity} slots" for one in runners if one.free != one.capacity]
        stored = await Stored.read(self._store._connection, PREFIX)
        return leaked + stored.broken()
