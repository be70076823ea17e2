"""A tenant that asks for much does not keep another one waiting."""

from __future__ import annotations

import asyncio
import math

from framework.control.connection import Connection
from framework.control.member import Member
from framework.control.records import Request, Runner
from framework.control.store import Store
from framework.sessions.spec import SessionSpec
from framework.testing.holder import PretendHolder

MUCH, LITTLE = 1000, 10
SLOTS = 4


def asked(tenant: str, number: int) -> Request:
    name = f"{tenant}-{number}"
    return Request(spec=SessionSpec(session_id=name, bot="clinic", tenant=tenant), room=name)


async def waits(url: str, environment: str, before: int) -> list[int]:
    """How many sessions began, from the moment at which B asked, until each of its own did, with so many of A's before."""
    store = Store(Connection.to(url), environment=environment)
    for start in range(0, before, 100):
        await asyncio.gather(*(store.join(asked("a", number)) for number in range(start, min(start + 100, before))))
    for number in range(LITTLE):
        await store.join(asked("b", number))
    holder = PretendHolder(SLOTS, lasts_s=0.01)
    member = Member(store, Runner(runner_id=environment, capacity=SLOTS))
    holder.listener = member
    running = asyncio.create_task(member.run(holder))
    async with asyncio.timeout(60):
        while sum(session.startswith("b-") for session, _ in holder.began) < LITTLE:
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await member.close()
    await store.close()
    return [place for place, (session, _) in enumerate(holder.began, 1) if session.startswith("b-")]


async def test_one_who_asks_for_little_waits_at_most_twice_as_long_beside_one_who_asks_for_much(redis_server):
    alone = await waits(redis_server.url, "alone", 0)
    beside = await waits(redis_server.url, "beside", MUCH)
    assert p95(beside) <= 2 * p95(alone), (alone, beside)


def p95(values: list[int]) -> int:
    return sorted(values)[math.ceil(0.95 * len(values)) - 1]
