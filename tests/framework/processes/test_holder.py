"""A supervisor as the one that holds a fleet's sessions: epochs, leases, fences, orders, and who hears of it all."""

import asyncio
import math
import time

import pytest

from framework.control.ports import Holder, Listener
from framework.sessions.orders import Goto, Say
from framework.sessions.spec import SessionSpec
from framework.web.ports import RefusedError, Sessions


class Ear:
    """Remembers what it was told."""

    def __init__(self):
        self.said = []

    def phase(self, session_id, phase):
        self.said.append(("phase", phase))

    def happened(self, session_id, event):
        self.said.append(("happened", event["type"]))

    def obeyed(self, session_id, order_id, status, why):
        self.said.append((order_id, status))

    def kept(self, session_id, checkpoint):
        self.said.append(("kept", checkpoint))

    def over(self, session_id, state, reason, message):
        self.said.append(("over", state, reason))


class BadEar(Ear):
    """Fails at every word."""

    def phase(self, session_id, phase):
        raise RuntimeError("no ears")


def spec(epoch=1, **inputs):
    return SessionSpec(session_id="one", epoch=epoch, flow="hello", transport="headless", inputs=inputs)


@pytest.fixture
async def talking(supervise, until):
    """A supervisor with the session `one`, under epoch 1, and its ear."""
    ear = Ear()
    supervisor = supervise(listener=ear)

    async def talking(**inputs):
        await supervisor.start(spec(**inputs))
        await until(lambda: supervisor.view("one").state == "talking")
        return supervisor, ear

    return talking


async def test_it_is_what_the_door_and_the_fleet_ask_for(supervise):
    supervisor = supervise(max_sessions=7)
    door: Sessions = supervisor
    holder: Holder = supervisor
    ear: Listener = Ear()
    assert (holder.capacity, door.readiness().capacity, ear.said) == (7, 7, [])


async def test_the_listener_hears_a_session_from_its_start_to_its_end(talking, until):
    supervisor, ear = await talking()
    supervisor.leave("one", "left")
    await until(lambda: ear.said[-1][0] == "over")
    assert ear.said == [
        ("phase", "starting"),
        ("phase", "waiting"),
        ("happened", "node.entered"),
        ("phase", "talking"),
        ("phase", "ending"),
        ("over", "ended", "left"),
    ]


async def test_a_listener_that_fails_stops_no_session(supervise, until):
    supervisor = supervise(listener=BadEar())
    await supervisor.start(spec())
    await until(lambda: supervisor.view("one").state == "talking")


async def test_the_same_start_again_changes_nothing(talking):
    supervisor, _ = await talking()
    pid = supervisor.view("one").pid
    await asyncio.gather(*(supervisor.start(spec()) for _ in range(3)))
    assert supervisor.view("one").pid == pid
    assert supervisor.counts()["sessions_started"] == 1


async def test_two_starts_at_once_are_one(supervise, until):
    supervisor = supervise()
    await asyncio.gather(supervisor.start(spec()), supervisor.start(spec()))
    assert supervisor.counts()["sessions_started"] == 1


async def test_a_session_that_is_over_is_not_started_again_by_the_same_epoch(talking, until):
    supervisor, _ = await talking()
    supervisor.leave("one", "left")
    await until(lambda: supervisor.view("one").state == "ended")
    await supervisor.start(spec())
    assert supervisor.view("one").state == "ended"


async def test_a_later_epoch_starts_a_session_that_is_over(talking, until):
    supervisor, _ = await talking()
    supervisor.leave("one", "left")
    await until(lambda: supervisor.view("one").state == "ended")
    await supervisor.start(spec(epoch=2))
    await until(lambda: supervisor.view("one").state == "talking")


async def test_a_later_epoch_ends_the_earlier_one_first(talking, until, alive):
    supervisor, ear = await talking(behave="stuck")
    pid = supervisor.view("one").pid
    await supervisor.start(spec(epoch=2))
    assert not alive(pid)
    assert ("over", "failed", "killed") in ear.said
    await until(lambda: supervisor.view("one").state == "talking")
    assert supervisor.view("one").pid != pid


async def test_an_earlier_epoch_is_refused(talking):
    supervisor, _ = await talking()
    with pytest.raises(RefusedError, match="was started again since"):
        await supervisor.start(spec(epoch=0))


async def test_a_start_that_failed_fails_again_under_its_epoch(supervise):
    supervisor = supervise(backend="backends:Broken")
    for _ in range(2):
        with pytest.raises(RefusedError, match="`ears` is not installed"):
            await supervisor.start(spec())


async def test_a_lease_reaches_the_session(talking, until):
    supervisor, ear = await talking()
    supervisor.lease("one", 12.5)
    supervisor.order("one", Say(text="lease", order_id="a"))
    await until(lambda: ("a", "refused") in ear.said)
    with pytest.raises(RefusedError, match=r"until 12\.5"):
        await supervisor.ordered("one", Say(text="lease", order_id="b"))


async def test_without_a_lease_a_session_may_speak_for_ever(talking):
    supervisor, _ = await talking()
    with pytest.raises(RefusedError, match=f"until {math.inf}"):
        await supervisor.ordered("one", Say(text="lease"))


async def test_the_first_lease_may_come_before_the_session(supervise):
    supervisor = supervise()
    until = time.monotonic() + 60
    supervisor.lease("one", until)
    await supervisor.start(spec())
    with pytest.raises(RefusedError, match=f"until {until}"):
        await supervisor.ordered("one", Say(text="lease"))


async def test_a_fence_ends_a_session_without_asking_it(talking, until, alive):
    supervisor, ear = await talking(behave="fence")
    pid = supervisor.view("one").pid
    supervisor.fence("one", "fenced")
    await until(lambda: not alive(pid))
    assert ear.said[-1] == ("over", "ended", "silenced")


async def test_a_fence_ends_a_session_that_ignores_it_and_one_that_is_ending_politely(talking, until, alive):
    supervisor, ear = await talking(behave="stuck")
    pid = supervisor.view("one").pid
    supervisor.leave("one", "left")
    supervisor.fence("one", "fenced")
    supervisor.fence("one", "fenced")
    await until(lambda: not alive(pid) and ear.said[-1][0] == "over")
    assert ear.said[-1] == ("over", "failed", "killed")


async def test_what_is_said_about_sessions_that_are_not_here_is_no_error(supervise):
    supervisor = supervise()
    supervisor.fence("nobody", "fenced")
    supervisor.lease("nobody", 1.0)
    supervisor.order("nobody", Say(text="hello"))


async def test_an_order_is_told_of_at_every_step_and_the_same_one_counts_once(talking, until):
    supervisor, ear = await talking()
    for _ in range(2):
        supervisor.order("one", Say(text="hello", order_id="a"))
    supervisor.order("one", Goto(node="helb", order_id="b"))
    await until(lambda: ("b", "refused") in ear.said)
    told = [said for said in ear.said if said[0] in ("a", "b")]
    assert told == [("a", "applied"), ("a", "spoken"), ("b", "refused")]


async def test_an_order_that_the_session_did_not_live_to_carry_out_is_refused(talking, until):
    supervisor, ear = await talking()
    supervisor.order("one", Say(text="never said", order_id="a"))
    await until(lambda: ("a", "applied") in ear.said)
    supervisor.leave("one", "left")
    await until(lambda: ear.said[-1][0] == "over")
    assert ("a", "refused") in ear.said
    supervisor.order("one", Say(text="too late", order_id="b"))
    assert ear.said[-1] == ("b", "refused")


async def test_an_order_may_come_before_the_worker_has_the_session(supervise, until):
    ear = Ear()
    supervisor = supervise(listener=ear)
    starting = asyncio.create_task(supervisor.start(spec()))
    await until(lambda: ear.said)
    supervisor.order("one", Say(text="hello", order_id="a"))
    await starting
    await until(lambda: ("a", "spoken") in ear.said)


async def test_a_session_that_is_ended_before_it_has_a_worker_never_begins(supervise, until):
    ear = Ear()
    supervisor = supervise(listener=ear)
    starting = asyncio.create_task(supervisor.start(spec()))
    await until(lambda: ear.said)
    supervisor.fence("one", "fenced")
    with pytest.raises(RefusedError, match=r"was ended before it began \(fenced\)"):
        await starting
    assert ear.said[-1] == ("over", "ended", "fenced")
