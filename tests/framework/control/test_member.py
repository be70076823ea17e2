"""A runner's side of the protocol, over the embedded store."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager

import pytest

from framework.control.connection import Connection
from framework.control.member import Member
from framework.control.records import Limits, Request, Runner
from framework.control.store import Store
from framework.errors import StoreError
from framework.sessions.orders import Goto, Say
from framework.sessions.spec import SessionSpec
from framework.testing.holder import PretendHolder

QUICK = Limits(lease_ms=400, claim_ms=200, start_ms=1000, leave_ms=500)


@pytest.fixture
async def store():
    store = Store(Connection.embedded(), limits=QUICK)
    yield store
    await store.close()


@asynccontextmanager
async def a_runner(store: Store, name: str = "r1", **holder):
    holding = PretendHolder(**holder)
    member = Member(store, Runner(runner_id=name, capacity=holding.capacity))
    holding.listener = member
    running = asyncio.create_task(member.run(holding))
    try:
        async with asyncio.timeout(5):
            await member.registered.wait()
        yield member, holding
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await member.close()


def asked(session_id: str, **more) -> Request:
    return Request(spec=SessionSpec(session_id=session_id, bot="clinic"), room=session_id, **more)


async def until(condition, within_s: float = 5.0):
    async with asyncio.timeout(within_s):
        while not (found := await condition()):
            await asyncio.sleep(0.01)
        return found


def in_state(store: Store, session_id: str, state: str):
    async def look():
        record = await store.session(session_id)
        return record if record and record.state == state else None

    return look


async def test_a_session_is_claimed_joined_and_done(store):
    async with a_runner(store) as (member, holder):
        assert (await store.join(asked("one"))).outcome == "assigned"
        await until(in_state(store, "one", "joined"))
        assert holder.sessions["one"].may_speak
        holder.end("one", "finished")
        record = await until(in_state(store, "one", "ended"))
        assert record.reason == "finished"
        async with asyncio.timeout(5):
            await member.until_empty()
        assert (await store.runner("r1")).free == 10


async def test_a_session_that_waited_goes_to_the_runner_that_comes(store):
    assert (await store.join(asked("one"))).outcome == "queued"
    async with a_runner(store):
        await until(in_state(store, "one", "joined"))


async def test_leaving_reaches_the_session(store):
    async with a_runner(store):
        await store.join(asked("one"))
        await until(in_state(store, "one", "joined"))
        assert await store.cancel("one", "operator") == "stopping"
        assert (await until(in_state(store, "one", "ended"))).reason == "operator"


async def test_leases_go_on_as_long_as_they_are_renewed(store):
    async with a_runner(store) as (_, holder):
        await store.join(asked("one"))
        await until(in_state(store, "one", "joined"))
        first = holder.sessions["one"].until
        assert first < time.monotonic() + 1

        async def renewed():
            return holder.sessions["one"].until > first + 1

        await until(renewed)
        assert (await store.session("one")).state == "joined"


async def test_orders_reach_a_session_in_order_and_their_fate_is_stored(store):
    await store.join(asked("one"))
    for order in (Say(order_id="o1", text="hello"), Goto(order_id="o2", node="x"), Say(order_id="o3", text="bye")):
        assert (await store.order("one", order.order_id, order.kind, order.model_dump_json(), by="me"))[0] == "accepted"
    async with a_runner(store) as (_, holder):

        async def settled():
            found = [await store.stored_order(one) for one in ("o1", "o2", "o3")]
            return all(one.final for one in found) and [one.status for one in found]

        assert await until(settled) == ["spoken", "applied", "spoken"]
        assert [order.order_id for order in holder.sessions["one"].orders] == ["o1", "o2", "o3"]
        again = Say(order_id="o4", text="more")
        await store.order("one", "o4", "say", again.model_dump_json(), by="me")

        async def said():
            return (await store.stored_order("o4")).status == "spoken"

        await until(said)


async def test_a_session_that_cannot_begin_goes_to_another_runner_and_fails_in_the_end(store):
    async with a_runner(store, refuses=lambda _: "no microphone"):
        await store.join(asked("one"))
        record = await until(in_state(store, "one", "failed"))
        assert (record.reason, record.message, record.attempts) == ("start", "no microphone", 3)


async def test_a_claim_whose_answer_is_lost_is_made_again(store):
    class Deaf(Store):
        """Its first claim is heard; the answer is not."""

        lost = 0

        async def claim(self, session_id, epoch, runner_id):
            found = await super().claim(session_id, epoch, runner_id)
            if not self.lost:
                self.lost += 1
                raise StoreError("the store does not answer")
            return found

    deaf = Deaf(store.server, limits=QUICK)
    async with a_runner(deaf) as (_, holder):
        await store.join(asked("one"))
        await until(in_state(store, "one", "joined"))
    assert deaf.lost
    assert holder.began == [("one", (await store.session("one")).epoch)]


async def test_a_session_whose_process_goes_before_its_bot_came_is_tried_by_another_runner(store):
    async with a_runner(store, silent=True) as (_, first):
        await store.join(asked("one"))
        await until(in_state(store, "one", "claimed"))
        async with a_runner(store, "r2"):
            first.end("one", "lost", "failed")
            record = await until(in_state(store, "one", "joined"))
            assert (record.runner, record.attempts) == ("r2", 1)


async def test_a_session_whose_process_goes_is_given_to_the_same_runner_where_there_is_no_other(store):
    async with a_runner(store, silent=True) as (_, holder):
        await store.join(asked("one"))
        await until(in_state(store, "one", "claimed"))
        holder.silent = False
        holder.end("one", "lost", "failed")
        assert (await until(in_state(store, "one", "joined"))).attempts == 1


async def test_a_session_whose_process_goes_in_the_middle_has_failed(store):
    async with a_runner(store) as (_, holder), a_runner(store, "r2"):
        await store.join(asked("one"))
        await until(in_state(store, "one", "joined"))
        holder.end("one", "lost", "failed")
        assert (await until(in_state(store, "one", "failed"))).reason == "lost"


async def kept(store):
    found = await store.server.do("GET", "{convo:dev}:keep:one")
    return found.decode() if found else ""


def is_kept(store, checkpoint):
    async def look():
        return await kept(store) == checkpoint

    return look


async def test_a_session_that_restarts_goes_on_from_its_last_checkpoint(store):
    async with a_runner(store) as (_, holder), a_runner(store, "r2") as (_, other):
        await store.join(asked("one", on_lost="restart"))
        first = await until(in_state(store, "one", "joined"))
        mine, its = (holder, other) if holder.began else (other, holder)
        assert mine.left_off == [""]
        for name in ("a", "b", "c"):
            mine.listener.kept("one", name)
        await until(is_kept(store, "c"))
        mine.end("one", "lost", "failed")
        async with asyncio.timeout(5):
            while not its.began:
                await asyncio.sleep(0.01)
        assert its.left_off == ["c"]
        assert (await until(in_state(store, "one", "joined"))).epoch > first.epoch
        its.end("one", "finished")
        await until(in_state(store, "one", "ended"))
        assert await kept(store) == ""


async def test_a_session_that_does_not_restart_is_asked_for_no_checkpoint(store):
    async with a_runner(store) as (_, holder):
        await store.join(asked("one"))
        await until(in_state(store, "one", "joined"))
        assert holder.left_off == [None]


async def test_a_checkpoint_waits_for_a_store_that_is_away_and_keeps_nothing_else_waiting():
    away = Away(Connection.embedded())
    store = Store(away, limits=QUICK)
    async with a_runner(store) as (member, _):
        await store.join(asked("one", on_lost="restart"))
        await until(in_state(store, "one", "joined"))
        away.error = StoreError("no answer")
        member.kept("one", "a")
        async with asyncio.timeout(5):
            while member.held[0].keeping:
                await asyncio.sleep(0.01)
        assert member.held[0].outbox.empty
        member.kept("one", "b")
        away.error = None
        await until(is_kept(store, "b"))
    await store.close()


async def test_a_session_taken_away_ends_without_a_word(store):
    async with a_runner(store) as (member, holder):
        await store.join(asked("one"))
        record = await until(in_state(store, "one", "joined"))
        await store.done("one", record.epoch, "r1", "failed", "lost")
        async with asyncio.timeout(5):
            await holder.sessions["one"].over.wait()
            await member.until_empty()
        assert (await store.session("one")).reason == "lost"


async def test_a_store_that_forgot_everything_learns_it_again(store):
    async with a_runner(store):
        await store.join(asked("one"))
        record = await until(in_state(store, "one", "joined"))
        await store._do("FLUSHALL")
        found = await until(in_state(store, "one", "joined"))
        assert (found.epoch, found.runner, found.bot) == (record.epoch, "r1", "clinic")
        assert (await store.runner("r1")).owned == 1


async def test_events_lie_in_the_stream_of_the_session_and_in_that_of_all(store):
    async with a_runner(store) as (member, _):
        await store.join(asked("one"))
        await until(in_state(store, "one", "joined"))
        member.happened("one", {"type": "node.entered", "id": "e1", "time": "", "flow": "f", "data": {"node": "hello"}})

        async def there():
            events = await store.past_events("0-0", session_id="one")
            return [event.text for event in events if '"node.entered"' in event.text]

        (text,) = await until(there)
        assert '"tenant": "default"' in text
        assert [event for event in await store.past_events("0-0") if '"node.entered"' in event.text]

        async def shown():
            return (await store.session("one")).node == "hello"

        await until(shown)


async def test_a_draining_runner_is_given_nothing_and_what_it_has_goes_on(store):
    async with a_runner(store) as (member, holder):
        await store.join(asked("one"))
        await until(in_state(store, "one", "joined"))
        await member.drain()
        assert (await store.join(asked("two"))).outcome == "queued"
        assert holder.sessions["one"].may_speak
        async with a_runner(store, "r2"):
            await until(in_state(store, "two", "joined"))


class Away:
    """A connection that fails as the store's does when it is away."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.error: StoreError | None = None

    @property
    def run_id(self) -> str:
        return self._connection.run_id

    def __getattr__(self, name: str):
        async def call(*arguments):
            if self.error:
                raise self.error
            return await getattr(self._connection, name)(*arguments)

        return call


async def test_while_nobody_can_change_the_store_its_sessions_speak_on():
    away = Away(Connection.embedded())
    store = Store(away, limits=QUICK)
    async with a_runner(store) as (_, holder):
        await store.join(asked("one"))
        await until(in_state(store, "one", "joined"))
        away.error = StoreError("nothing listens there", frozen=True)
        began = time.monotonic()
        while time.monotonic() < began + 1.2:
            assert holder.sessions["one"].may_speak
            await asyncio.sleep(0.02)
        away.error = None
        await until(in_state(store, "one", "joined"))
    await store.close()


async def test_while_the_store_does_not_answer_its_sessions_fall_silent_and_then_go_on():
    away = Away(Connection.embedded())
    store = Store(away, limits=QUICK)
    async with a_runner(store) as (_, holder):
        await store.join(asked("one"))
        await until(in_state(store, "one", "joined"))
        away.error = StoreError("no answer")

        async def silent():
            return not holder.sessions["one"].may_speak

        await until(silent)
        assert not holder.sessions["one"].over.is_set()
        away.error = None

        async def speaks():
            return holder.sessions["one"].may_speak

        await until(speaks)
    await store.close()


async def test_what_a_session_said_while_the_store_was_away_arrives_afterwards():
    away = Away(Connection.embedded())
    store = Store(away, limits=QUICK)
    async with a_runner(store) as (_, holder):
        await store.join(asked("one"))
        await until(in_state(store, "one", "joined"))
        away.error = StoreError("no answer")
        holder.end("one", "finished")
        await asyncio.sleep(0.3)
        away.error = None
        assert (await until(in_state(store, "one", "ended"))).reason == "finished"
    await store.close()


async def test_what_a_fenced_session_still_says_is_not_said_of_its_successor(store):
    async with a_runner(store) as (member, holder):
        await store.join(asked("one", on_lost="restart"))
        first = await until(in_state(store, "one", "joined"))
        lingering = holder.sessions["one"]
        holder.fence = lambda session_id, reason: None  # it takes its time to end
        member._fence("one")
        await store.done("one", first.epoch, "r1", "failed", "error")
        member.over("one", "failed", "fenced", "")
        member.kept("one", "of the old one")
        assert lingering.spec.epoch == first.epoch
        assert (await store.session("one")).reason == "error"


async def test_a_lease_that_has_run_out_does_not_go_on_when_the_store_is_then_gone():
    away = Away(Connection.embedded())
    store = Store(away, limits=QUICK)
    async with a_runner(store) as (_, holder):
        await store.join(asked("one"))
        await until(in_state(store, "one", "joined"))
        away.error = StoreError("no answer")

        async def silent():
            return not holder.sessions["one"].may_speak

        await until(silent)
        away.error = StoreError("nothing listens there", frozen=True)
        began = time.monotonic()
        while time.monotonic() < began + 0.5:
            assert not holder.sessions["one"].may_speak
            await asyncio.sleep(0.02)
        away.error = None
    await store.close()
