"""A runner in a fleet: given its sessions by the store, and gone when it is to be gone."""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path
from types import SimpleNamespace

import aiohttp
import pytest

from framework.control.connection import Connection
from framework.control.records import Limits, Request
from framework.control.store import Store
from framework.errors import SessionError, UserError
from framework.processes import autostart
from framework.processes.fleet import Membership
from framework.processes.runner import Runner
from framework.processes.settings import Deadlines, RunnerSettings
from framework.sessions.spec import SessionSpec

LIMITS = Limits(lease_ms=2000, claim_ms=1000)
TOKEN = "t" * 40


@pytest.fixture
async def store():
    store = Store(Connection.embedded(), limits=LIMITS)
    yield store
    await store.close()


@pytest.fixture
async def fleet(tmp_path, monkeypatch, store):
    """Start runners of one store; all are gone when the test is over."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]))
    deadlines = Deadlines(warm_s=60, client_s=30, notice_s=0.5, stop_s=0.5, cancel_s=0.5, term_s=0.5, linger_s=1)
    async with contextlib.AsyncExitStack() as stack:

        async def start(*, drain_s=0.0, only=None, **membership):
            settings = RunnerSettings(root=tmp_path, backend="backends:Echo", deadlines=deadlines, drain_s=drain_s)
            runner = Runner(
                settings,
                lambda: SimpleNamespace(bots={}, default_bot=None, root=tmp_path),
                port=0,
                token=TOKEN,
                store=store,
                membership=Membership(**membership),
                only=only,
                own_signals=False,
            )
            running = asyncio.create_task(runner.run())

            async def leave():
                runner.leave()
                runner.leave()
                await asyncio.wait_for(asyncio.gather(running, return_exceptions=True), 30)

            stack.push_async_callback(leave)
            return runner, running

        yield start


def asked(session_id, **more):
    spec = SessionSpec(session_id=session_id, transport="headless", channel="text", **more.pop("spec", {}))
    return Request(spec=spec, room=session_id, **more)


async def state(store, session_id, *states):
    async with asyncio.timeout(30):
        while (record := await store.session(session_id)) is None or record.state not in states:
            await asyncio.sleep(0.02)
    return record


async def registered(store, count=1):
    async with asyncio.timeout(60):
        while len(found := await store.runners()) < count:
            await asyncio.sleep(0.02)
    return found


async def test_a_warm_runner_registers_and_has_the_session_at_once(fleet, store):
    runner, _ = await fleet(pool="shared.default.b1", name="here", build="b1")
    (found,) = await registered(store)
    assert (found.pool, found.build, found.address, found.capacity) == ("shared.default.b1", "b1", runner.url, 50)
    assert found.name == f"here/{os.getpid()}"
    assert (await store.join(asked("one", pool="shared.default.b1"))).outcome == "assigned"
    assert (await state(store, "one", "joined")).phase in ("starting", "waiting", "talking")
    await store.cancel("one", "enough")
    assert (await state(store, "one", "ended")).reason == "enough"


async def test_a_runner_with_a_launch_and_one_slot_leaves_after_its_session(fleet, store):
    membership = Membership.read({"CONVO_LAUNCH_ID": "abc", "CONVO_CAPACITY": "1", "CONVO_POOL": "p.q.r"})
    assert (membership.launch, membership.sessions, membership.pool) == ("abc", 1, "p.q.r")
    _, running = await fleet(launch="abc", sessions=1)
    await registered(store)
    await store.join(asked("one"))
    await state(store, "one", "joined")
    await store.cancel("one", "enough")
    await asyncio.wait_for(running, 30)
    assert (await store.session("one")).state == "ended"


async def test_a_runner_that_nobody_needs_leaves(fleet, store):
    _, running = await fleet(idle_s=0.3)
    await asyncio.wait_for(running, 60)
    assert (await store.runners())[0].draining


async def test_a_runner_told_to_go_keeps_its_sessions_and_takes_no_more(fleet, store):
    runner, running = await fleet(drain_s=60.0)
    (found,) = await registered(store)
    await store.join(asked("one"))
    await state(store, "one", "joined")
    await store.drain(found.runner_id)
    async with asyncio.timeout(10):
        while not runner.readiness().draining:
            await asyncio.sleep(0.02)
    assert (await store.join(asked("two"))).outcome == "queued"
    assert (await store.session("one")).state == "joined"
    assert not running.done()
    await store.cancel("one", "enough")
    await asyncio.wait_for(running, 30)
    assert (await state(store, "one", "ended")).reason == "enough"


async def test_sessions_that_outlast_the_drain_are_ended_by_name(fleet, store):
    runner, running = await fleet(drain_s=0.2)
    await registered(store)
    await store.join(asked("one"))
    await state(store, "one", "joined")
    runner.leave()
    await asyncio.wait_for(running, 30)
    assert (await state(store, "one", "ended", "failed")).reason == "drained"


async def test_its_own_door_starts_only_what_the_store_has_given_it(fleet, store):
    runner, _ = await fleet()
    await registered(store)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    await store.join(asked("one"))
    await state(store, "one", "joined")
    async with aiohttp.ClientSession(runner.url, headers=headers) as http:
        async with http.get("/sessions/one") as answer:
            assert (await answer.json())["state"] in ("waiting", "talking")
        order = {"kind": "say", "text": "hi"}
        async with http.post("/sessions/one/orders", json=order) as answer:
            assert answer.status == 409
            assert "gateway" in (await answer.json())["detail"]
        async with http.get("/ready") as answer:
            assert answer.status == 200


async def test_a_runner_that_starts_by_itself_has_its_session_and_leaves_with_it(fleet, store):
    spec = SessionSpec(session_id="mine", transport="headless", channel="text")
    membership = autostart.apart(Membership(), spec)
    _, running = await fleet(only=spec, pool=membership.pool, sessions=membership.sessions)
    await state(store, "mine", "joined")
    assert (await store.join(asked("other"))).outcome == "queued"
    await store.cancel("mine", "enough")
    await asyncio.wait_for(running, 30)
    assert (await store.session("mine")).reason == "enough"


async def test_a_duplicate_of_a_runner_that_starts_by_itself_leaves_by_itself(fleet, store):
    spec = SessionSpec(session_id="mine", transport="headless", channel="text")
    await fleet(only=spec, pool="only-mine.default.any", sessions=1)
    await state(store, "mine", "joined")
    _, second = await fleet(only=spec, pool="only-mine.default.any", sessions=1)
    with pytest.raises(SessionError, match="another's already"):
        await asyncio.wait_for(second, 60)
    assert (await store.session("mine")).state == "joined"


async def test_without_a_fleet_it_runs_the_session_of_its_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]))
    settings = RunnerSettings(root=tmp_path, backend="backends:Echo", deadlines=Deadlines(client_s=1, notice_s=0.5))
    spec = SessionSpec(session_id="mine", transport="websocket")
    runner = Runner(settings, lambda: None, port=0, only=spec, own_signals=False)
    await asyncio.wait_for(runner.run(), 60)
    assert runner.readiness().live == 0


def test_the_session_of_the_environment_is_read_with_the_old_names():
    project = SimpleNamespace(
        bots={"clinic": SimpleNamespace(flow="clinic", personality="", stack="offline", transport="smallwebrtc")},
        default_bot="clinic",
        names=lambda kind: [],
        root=Path(),
        flow_path=lambda name: Path(f"{name}.yaml"),
    )
    spec = autostart.spec_from({"SESSION_ID": "s1", "USER_ID": "u1", "CONVO_CHANNEL": "text"}, project)
    assert (spec.session_id, spec.bot, spec.identity, spec.channel) == ("s1", "clinic", {"id": "u1"}, "text")


@pytest.mark.parametrize(("value", "starts"), [("", False), ("0", False), ("1", True)])
def test_starting_by_itself_is_asked_for_both_ways(value, starts):
    assert autostart.wanted({"RUNNER_AUTO_START": value}) is starts


def test_a_wrong_wish_to_start_by_itself_is_said():
    with pytest.raises(UserError, match="RUNNER_AUTO_START is `yes`"):
        autostart.wanted({"RUNNER_AUTO_START": "yes"})
