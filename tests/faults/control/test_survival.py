"""What live calls survive: runners that come and go, a store and gateways that are away, a wire that is cut."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
from chaos import faults
from chaos.clients import Asked, Clients
from chaos.faults import arm
from chaos.stage import Stage

pytestmark = pytest.mark.timeout(300)

DRAIN_S = 3
BACK_S = 30


@asynccontextmanager
async def staged(folder, **more):
    """A stage, and somebody who asks it."""
    async with Stage(folder, **more) as stage, Clients(stage, random.Random(1), "c") as clients:
        yield stage, clients
        assert stage.leaks() == []
    assert not stage.processes()


async def begun(stage: Stage, clients: Clients, name: str, lasts_s: float, bot: str = "clinic") -> str:
    """A session that talks in its room."""
    body = {"bot": bot, "room": name, "transport": "headless", "config": {"lasts_s": lasts_s}}
    asked = Asked(key=name, body=body)
    await clients.join(asked)
    assert asked.session, asked.refused

    async def talks():
        return any(guest.words for guest in stage.book.look().of(asked.session))

    await stage.until(talks, BACK_S, f"{name} does not begin")
    return asked.session


async def over(stage: Stage, session: str, within_s: float = 60.0):
    """Its record, and who was in its room, once it is over."""

    async def is_over():
        record = await stage.store.session(session)
        return record is not None and record.state in ("ended", "failed") and not stage.book.look().present

    await stage.until(is_over, within_s, f"{session} does not end")
    return await stage.store.session(session), stage.book.of(session)


def longest_silence(guest) -> float:
    times = [at for _, at in guest.words]
    return max(later - at for at, later in pairwise(times))


@pytest.mark.parametrize("step", ["runner.claim", "runner.claimed", "supervisor.give"])
async def test_a_session_whose_runner_dies_between_claim_and_join_gets_a_bot_from_another_one(tmp_path, step):
    async with staged(tmp_path, gateways=1, operators=1, runners=2) as (stage, clients):
        for program in stage.of("runner"):
            program.wanted = False  # nobody starts it again
        arm(stage, step, "kill")
        session = await begun(stage, clients, "one", 0.5)
        record, guests = await over(stage, session)
        assert (record.state, record.reason, record.attempts) == ("ended", "completed", 1)
        assert len(guests) == 1


async def test_where_no_runner_is_left_the_caller_is_told_within_the_deadline(tmp_path):
    async with staged(tmp_path, gateways=1, operators=1, runners=1, CONVO_LIMITS_QUEUE_MS="5000") as (stage, clients):
        stage.of("runner")[0].wanted = False
        arm(stage, "runner.claimed", "kill")
        asked = Asked(key="one", body={"bot": "clinic", "room": "one", "transport": "headless"})
        await clients.join(asked)
        record, guests = await over(stage, asked.session, 5 + 4 * stage.lease_s + 10)
        assert (record.state, record.reason, guests) == ("failed", "expired", [])


async def test_a_rolling_restart_cuts_no_call_shorter_than_the_time_it_has(tmp_path):
    async with staged(tmp_path, runners=2, CONVO_DRAIN_SECS=str(DRAIN_S), CONVO_CAPACITY="8") as (stage, clients):
        short = await asyncio.gather(*(begun(stage, clients, f"short-{i}", DRAIN_S - 1) for i in range(5)))
        long = await asyncio.gather(*(begun(stage, clients, f"long-{i}", 40) for i in range(5)))
        told_at = {}
        for program in stage.of("runner"):
            name = f"{program.name}/{program.pid}"
            told_at |= {runner.runner_id: time.time() for runner in await stage.store.runners() if runner.name == name}
            program.signal(signal.SIGTERM)

            async def gone(program=program):
                return not program.alive

            await stage.until(gone, DRAIN_S + 20, f"{program.name} does not leave")
            program.start()
            await stage.ready()
        for session in short:
            record, (guest,) = await over(stage, session)
            assert (record.state, record.reason) == ("ended", "completed")
        for session in long:
            record, (guest,) = await over(stage, session)
            assert (record.state, record.reason) == ("ended", "drained")
            assert guest.gone[1] - told_at[record.runner] >= DRAIN_S - 0.05


@pytest.mark.parametrize("leases", [0.3, 2.0])
async def test_a_call_talks_on_while_the_store_and_the_gateways_are_started_again(tmp_path, leases):
    async with staged(tmp_path, runners=1, parted="") as (stage, clients):
        session = await begun(stage, clients, "one", 9)
        for program in stage.of("gateway"):
            program.end()
        await faults.redis_down(leases)(stage, None)
        await stage.ready()
        again = await begun(stage, clients, "two", 0.5)
        record, (guest,) = await over(stage, session)
        assert (record.state, record.reason) == ("ended", "completed")
        assert longest_silence(guest) < stage.lease_s
        assert (await over(stage, again))[0].reason == "completed"


async def test_a_short_black_hole_is_not_heard_in_the_call(tmp_path):
    async with staged(tmp_path, runners=1) as (stage, clients):
        session = await begun(stage, clients, "one", 5)
        await faults.redis_silent(0.4)(stage, None)
        record, (guest,) = await over(stage, session)
        assert (record.state, record.reason) == ("ended", "completed")
        assert longest_silence(guest) < stage.lease_s


async def test_in_a_long_black_hole_the_call_falls_silent_and_goes_on_afterwards(tmp_path):
    async with staged(tmp_path, runners=1) as (stage, clients):
        session = await begun(stage, clients, "one", 12)
        stage.redis.stop()
        stopped_at = time.time()
        await faults.hold(stage, 3)
        stage.redis.cont()
        going_at = time.time()
        again = await begun(stage, clients, "two", 0.5)
        assert time.time() - going_at < BACK_S
        record, (guest,) = await over(stage, session)
        assert (record.state, record.reason) == ("ended", "completed")
        assert not [at for _, at in guest.words if stopped_at + stage.lease_s + 0.05 < at < going_at]
        assert [at for _, at in guest.words if at > going_at]
        assert (await over(stage, again))[0].reason == "completed"


@pytest.mark.parametrize("mode", ["silent", "reset", "refused"])
async def test_a_runner_that_is_cut_off_says_nothing_once_its_call_is_anothers(tmp_path, mode):
    async with staged(tmp_path, runners=1) as (stage, clients):
        session = await begun(stage, clients, "one", 60, bot="again")
        stage.add("runner", 2)
        await stage.ready()
        await stage.proxy.set(mode)

        async def taken():
            return len(stage.book.look().of(session)) == 2

        await stage.until(taken, BACK_S, "nobody takes it over")
        await faults.hold(stage, 1)
        await stage.proxy.set("open")
        await faults.hold(stage, 1)
        assert await stage.store.cancel(session, "enough") == "stopping"
        record, (first, second) = await over(stage, session)
        assert (record.state, record.reason) == ("ended", "enough")
        assert second.epoch > first.epoch
        assert not [turn for turn, _ in first.words if turn > second.came[0]]
