"""An operator at work on a real store: it refills, gives up, survives, and hands on what it left half done."""

import asyncio
import json
import signal
import sys
import textwrap
from pathlib import Path

import pytest
from loguru import logger

from framework.control.connection import Connection
from framework.control.operator import Operator
from framework.control.records import Limits, Request, Runner
from framework.control.settings import OperatorSettings
from framework.control.store import Store
from framework.errors import LauncherError, UserError
from framework.plugins.launchers import Launched, Launcher
from framework.sessions.spec import SessionSpec
from framework.testing.redis import RedisServer

ROOT = Path(__file__).parents[3]
HOME = "shared.default.any"
LIMITS = Limits(lease_ms=1_000, claim_ms=500)


@pytest.fixture(params=["embedded", "redis"])
async def store(request):
    if request.param == "embedded":
        store = Store(Connection.embedded(), limits=LIMITS)
        yield store
        await store.close()
        return
    async with RedisServer() as server:
        store = Store(Connection.to(server.url), limits=LIMITS)
        yield store
        await store.close()


class Place(Launcher):
    """A launcher whose runners register when they are launched, or don't; `kind` says how they fare."""

    name = "place"

    def __init__(self, store, kind="prompt"):
        self.store = store
        self.kind = kind
        self.there = {}
        self.removed = []
        self.closed = False
        self.begun = asyncio.Event()

    async def open(self):
        if self.kind == "misconfigured":
            raise UserError("no cluster is configured", fix="Set KUBECONFIG.")

    async def close(self):
        self.closed = True

    async def launch(self, launch):
        self.begun.set()
        if self.kind == "hanging":
            await asyncio.Event().wait()
        if self.kind == "refusing":
            raise LauncherError("the quota is used up")
        if self.kind == "raising":
            raise ZeroDivisionError
        self.there[launch.launch_id] = launch
        if self.kind == "prompt":
            await self.register(launch)

    async def register(self, launch):
        await self.store.register(
            Runner(
                runner_id=f"r-{launch.launch_id}",
                capacity=launch.capacity,
                pool=launch.pool,
                launch=launch.launch_id,
            )
        )

    async def launched(self):
        if self.kind == "away":
            raise LauncherError("the API server does not answer")
        state = {"dying": "failed", "leaving": "gone"}.get(self.kind, "running")
        reason = "ImagePullBackOff: no such image" if state == "failed" else ""
        return [Launched(launch_id=one, name=one, state=state, reason=reason) for one in self.there]

    async def remove(self, launch_id, *, grace_s):
        self.removed.append(launch_id)
        self.there.pop(launch_id, None)

    async def logs(self, launch_id, *, lines=50):
        return "starting\nno such model"


class Scene:
    """One operator, a clock that is moved by hand, and what it has written to its log."""

    def __init__(self, store, launcher, **settings):
        self.at = 1000.0
        self.store = store
        self.launcher = launcher
        self.operator = Operator(store, launcher, OperatorSettings(**settings), now=lambda: self.at)

    async def turn(self, *, later_s=0.0):
        self.at += later_s
        assert await self.operator.turn()
        await self.operator.settled()


@pytest.fixture
def scene(store):
    def scene(kind="prompt", *, launcher=None, **settings):
        return Scene(store, launcher or Place(store, kind), **({"warm": 0} | settings))

    return scene


@pytest.fixture
def written():
    lines = []
    sink = logger.add(lambda message: lines.append(message.record), level="INFO")
    yield lambda: [(record["message"], record["extra"]) for record in lines]
    logger.remove(sink)


def wanted(number, pool=HOME):
    return Request(spec=SessionSpec(session_id=f"s{number}", bot="clinic"), room=f"room-{number}", pool=pool)


async def quiet(store):
    """Sweep until the time is over in which nothing is reaped."""
    async with asyncio.timeout(30):
        while (await store.sweep()).quarantine_ms:
            await asyncio.sleep(0.05)


async def told(store, kind):
    events = [json.loads(event.text) for event in await store.past_events("0-0")]
    return [event["data"] for event in events if event["type"] == kind]


async def until(condition, within_s=20.0):
    async with asyncio.timeout(within_s):
        while not (found := await condition()):
            await asyncio.sleep(0.02)
    return found


# --- Refill ---------------------------------------------------------------------------------------------------------


async def test_warm_runners_are_launched_and_replaced_as_they_are_taken(store, scene):
    one = scene(warm=2)
    await one.turn()
    assert sum(runner.free for runner in await store.runners()) == 2
    assert (await store.join(wanted(1))).outcome == "assigned"
    await one.turn()
    assert sum(runner.free for runner in await store.runners()) == 2
    await one.turn()
    assert one.operator.done.launches == {HOME: 3}


async def test_who_waits_gets_a_cold_runner(store, scene):
    assert (await store.join(wanted(1, "acme.default.any"))).outcome == "queued"
    await scene().turn()
    assert (await store.session("s1")).state == "assigned"


async def test_the_queue_of_a_build_that_is_gone_is_served_by_this_build(store, scene):
    await store.join(wanted(1, "shared.default.b1"))
    await store.register(Runner(runner_id="r", capacity=1, pool="shared.default.b2"))
    one = scene(build="b2")
    await one.turn()
    assert (await store.session("s1")).runner == "r"
    assert one.operator.done.dispatched == 1


async def test_operators_that_race_launch_no_more_than_one_would(store, scene):
    launcher = Place(store, "silent")
    several = [scene(launcher=launcher, warm=3) for _ in range(4)]
    for _ in range(3):
        await asyncio.gather(*(one.turn() for one in several))
    assert len(launcher.there) == 3
    assert len(await store.launches()) == 3


async def test_without_a_launcher_it_dispatches_and_sweeps_and_is_content(store):
    operator = Operator(store, None, OperatorSettings(warm=3))
    assert await operator.sweep()
    assert await operator.turn()
    assert await store.launches() == {}
    assert operator.problem == ""


async def test_a_runner_that_nobody_needs_is_drained_after_its_grace(store, scene):
    one = scene(warm=0, idle_secs=60.0)
    await quiet(store)
    await store.join(wanted(1))
    await one.turn()
    await store.cancel("s1")
    assert await one.operator.sweep()
    await one.turn(later_s=1)
    await one.turn(later_s=59)
    assert [runner.draining for runner in await store.runners()] == [False]
    await one.operator.sweep()
    await one.turn(later_s=2)
    assert [runner.draining for runner in await store.runners()] == [True]


async def test_a_runner_that_was_given_a_session_meanwhile_is_left_alone(store, scene):
    one = scene(warm=0, idle_secs=60.0)
    await quiet(store)
    await store.register(Runner(runner_id="r", capacity=1, launch="c0"))
    await one.operator.sweep()
    await one.turn()
    look = one.operator._look

    async def looks_and_then_is_late():
        found = await look()
        await store.join(wanted(1))
        return found

    one.operator._look = looks_and_then_is_late
    await one.turn(later_s=61)
    assert (await store.runner("r")).draining is False
    assert (await store.session("s1")).runner == "r"
    assert one.operator.done.retired == 0


# --- Failures -------------------------------------------------------------------------------------------------------


async def test_a_launch_that_never_registers_is_given_up_told_and_tried_again_later(store, scene, written):
    one = scene("silent", warm=1, launch_secs=30.0)
    await one.turn()
    [launch] = one.launcher.there
    await one.turn()  # sees it for the first time
    await one.turn(later_s=29)
    assert one.launcher.removed == []
    await one.turn(later_s=2)
    assert one.launcher.removed == [launch]
    assert await told(store, "launch.failed") == [
        {"launch": launch, "pool": HOME, "reason": "it did not register within 30 s"}
    ]
    [said] = [extra for message, extra in written() if message == "a launch has failed"]
    assert said["written"].endswith("no such model")
    await one.turn(later_s=1)
    assert await store.launches() == {}
    await one.turn(later_s=2)
    assert len(await store.launches()) == 1


async def test_a_process_that_dies_before_it_registers_is_seen_at_once_and_does_not_spin(store, scene):
    one = scene("dying", warm=3)
    for _ in range(120):
        await one.turn(later_s=1)
    failures = await told(store, "launch.failed")
    assert {failure["reason"] for failure in failures} == {"ImagePullBackOff: no such image"}
    # Three at first, then one at a time, 2, 4, 8, 16, 32 … seconds apart.
    assert 4 <= len(failures) <= 9
    assert one.launcher.there == {} or len(one.launcher.there) == 1


@pytest.mark.parametrize("kind", ["refusing", "raising"])
async def test_a_launcher_that_refuses_is_asked_less_and_less(store, scene, kind):
    one = scene(kind, warm=1, launch_secs=5.0)
    for _ in range(60):
        await one.turn(later_s=1)
    assert 2 <= one.operator.done.launches[HOME] <= 8
    one.launcher.kind = "prompt"
    for _ in range(300):
        await one.turn(later_s=1)
        if await store.runners():
            break
    assert len(await store.runners()) == 1


async def test_a_runner_whose_process_died_is_given_nothing_more(store, scene):
    one = scene(warm=1)
    await one.turn()
    one.launcher.kind = "dying"
    await one.turn()
    assert [runner.draining for runner in await store.runners()] == [True]
    assert (await store.join(wanted(1))).outcome == "queued"


async def test_what_has_no_runner_is_removed_and_what_is_still_starting_is_not(store, scene):
    one = scene("silent", launch_secs=30.0)
    await quiet(store)
    one.launcher.there = {"clost0000000": None}
    assert await one.operator.sweep()
    await one.turn()
    await one.turn(later_s=29)
    assert one.launcher.removed == []
    await one.operator.sweep()
    await one.turn(later_s=2)
    assert one.launcher.removed == ["clost0000000"]


async def test_while_the_launcher_is_away_sessions_still_get_what_is_free(store, scene, written):
    one = scene("away", warm=3, build="b2")
    await store.join(wanted(1, "shared.default.b1"))
    await store.register(Runner(runner_id="r", capacity=1, pool="shared.default.b2"))
    for _ in range(5):
        await one.turn(later_s=1)
    assert (await store.session("s1")).state == "assigned"
    assert one.operator.problem == "the API server does not answer"
    assert [message for message, _ in written()] == ["something does not work; it is tried again"]
    one.launcher.kind = "prompt"
    await one.turn(later_s=1)
    await one.operator.sweep()
    assert one.operator.problem == ""


async def test_a_launcher_that_is_set_up_wrongly_stops_the_start(store):
    with pytest.raises(UserError, match="no cluster is configured"):
        await Operator(store, Place(store, "misconfigured"), OperatorSettings()).run()


# --- Its life -------------------------------------------------------------------------------------------------------


@pytest.fixture
async def running():
    """Run operators until the test ends."""
    tasks = []

    def run(operator):
        tasks.append(asyncio.create_task(operator.run()))
        return tasks[-1]

    yield run
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_session_of_a_runner_that_fell_silent_goes_to_another_one(store, running):
    operator = Operator(store, None, OperatorSettings(plan_secs=0.05, sweep_secs=0.05))
    await store.register(Runner(runner_id="silent", capacity=1))
    await store.join(wanted(1))
    running(operator)

    async def requeued():
        return (await store.session("s1")).state == "queued"

    await until(requeued)
    await store.register(Runner(runner_id="well", capacity=1))
    assert (await store.session("s1")).runner == "well"
    assert operator.figures.requeued == 1


async def test_it_leaves_at_once_though_a_launch_hangs(store, running):
    launcher = Place(store, "hanging")
    task = running(Operator(store, launcher, OperatorSettings(plan_secs=0.05)))
    async with asyncio.timeout(20):
        await launcher.begun.wait()
    task.cancel()
    async with asyncio.timeout(5):
        await asyncio.wait([task])
    assert task.cancelled()
    assert launcher.closed


async def test_launches_whose_processes_end_with_it_are_forgotten(store, running):
    launcher = Place(store, "silent")
    task = running(Operator(store, launcher, OperatorSettings(warm=2, plan_secs=0.05)))

    async def under_way():
        return len(launcher.there) == 2

    await until(under_way)
    launcher.kind = "leaving"
    task.cancel()
    await asyncio.wait([task])
    assert await store.launches() == {}
    assert await told(store, "launch.failed") == []


async def test_it_survives_a_store_that_is_away_and_goes_on_when_it_is_back(running, written):
    async with RedisServer() as server:
        store = Store(Connection.to(server.url), limits=LIMITS)
        launcher = Place(store)
        operator = Operator(store, launcher, OperatorSettings(warm=1, plan_secs=0.05, sweep_secs=0.05))
        running(operator)

        async def well():
            return operator.problem == ""

        await until(well)
        server.kill()

        async def ill():
            return "can't be reached" in operator.problem

        await until(ill)
        turned = operator.figures.plans
        await asyncio.to_thread(server.start)

        async def goes_on():
            return operator.figures.plans > turned + 2 and operator.problem == ""

        await until(goes_on)
        messages = [message for message, _ in written()]
        assert messages.count("something does not work; it is tried again") <= 3
        assert "it works again" in messages
        await store.close()


async def test_a_store_that_takes_no_changes_is_told_once_though_it_can_be_read(written):
    async with RedisServer() as server:
        store = Store(Connection.to(server.url), limits=LIMITS)
        await store.ping()
        server.command("REPLICAOF", "127.0.0.1", "9")
        operator = Operator(store, None, OperatorSettings())
        for _ in range(5):
            assert not await operator.sweep()
            assert await operator.turn()
        assert "read-only" in operator.problem
        assert [message for message, _ in written()] == ["something does not work; it is tried again"]
        server.command("REPLICAOF", "NO", "ONE")
        assert await operator.sweep()
        assert operator.problem == ""
        await store.close()


KILLED = """
    import asyncio, sys
    from framework.control.operator import Operator
    from framework.control.settings import OperatorSettings, store_from
    from framework.plugins.launchers import Launcher

    class Hanging(Launcher):
        name = "hanging"
        async def launch(self, launch):
            print(launch.launch_id, flush=True)
            await asyncio.Event().wait()
        async def launched(self):
            return []
        async def remove(self, launch_id, *, grace_s): ...
        async def logs(self, launch_id, *, lines=50):
            return ""

    store = store_from({"REDIS_URL": sys.argv[1]})
    asyncio.run(Operator(store, Hanging(), OperatorSettings(warm=2)).run())
"""


async def test_what_a_killed_operator_left_half_done_another_one_finishes():
    async with RedisServer() as server:
        first = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", textwrap.dedent(KILLED), server.url), cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(60):
            lost = {(await first.stdout.readline()).decode().strip() for _ in range(2)}
        first.send_signal(signal.SIGKILL)
        await first.wait()
        store = Store(Connection.to(server.url))
        assert {*await store.launches()} == lost
        second = Scene(store, Place(store), warm=2, launch_secs=60.0)
        await second.turn()
        assert await store.runners() == []  # they may still come
        await second.turn(later_s=61)
        for _ in range(10):
            await second.turn(later_s=3)
        assert len(await store.runners()) == 2
        assert await store.launches() == {}
        await store.close()
