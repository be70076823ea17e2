"""An operator with the local launcher: the runners are real processes, and so are their deaths."""

import asyncio
import os
import signal
import sys
import textwrap
from pathlib import Path

import pytest
from loguru import logger

from framework.control.connection import Connection
from framework.control.launchers.local import LocalLauncher
from framework.control.operator import Operator
from framework.control.records import Limits, Request
from framework.control.settings import OperatorSettings, store_from
from framework.control.store import Store
from framework.sessions.spec import SessionSpec
from framework.testing.redis import RedisServer

ROOT = Path(__file__).parents[3]
LIMITS = {"CONVO_LIMITS_LEASE_MS": "1000", "CONVO_LIMITS_CLAIM_MS": "1000"}

RUNNER = """
    import asyncio, os
    from framework.control.member import Member
    from framework.control.records import Runner
    from framework.control.settings import store_from
    from framework.testing.holder import PretendHolder

    async def main():
        told = os.environ
        holder = PretendHolder(int(told["CONVO_CAPACITY"]))
        about = Runner(runner_id=f"p{os.getpid()}", capacity=holder.capacity, pool=told["CONVO_POOL"],
                       launch=told["CONVO_LAUNCH_ID"])
        leaving = asyncio.Event()
        member = Member(store_from(told), about, on_drain=leaving.set)
        holder.listener = member
        running = asyncio.create_task(member.run(holder))
        await leaving.wait()
        await member.until_empty()
        running.cancel()

    asyncio.run(main())
"""


@pytest.fixture
async def server():
    async with RedisServer() as server:
        yield server


@pytest.fixture
async def store(server):
    store = Store(Connection.to(server.url), limits=Limits(lease_ms=1000, claim_ms=1000))
    yield store
    await store.close()


@pytest.fixture
async def operate(server):
    """Run operators whose runners are processes with this program, until the test ends."""
    tasks, stores = [], []

    def operate(program=RUNNER, **settings):
        environment = {"REDIS_URL": server.url, **LIMITS}
        command = [sys.executable, "-c", textwrap.dedent(program)]
        launcher = LocalLauncher(command, environment={**os.environ, "PYTHONPATH": str(ROOT)}, close_s=1.0)
        stores.append(store_from(environment))
        chosen = OperatorSettings(told=environment, plan_secs=0.05, sweep_secs=0.05, **settings)
        operator = Operator(stores[-1], launcher, chosen)
        tasks.append(asyncio.create_task(operator.run()))
        return operator

    yield operate
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for store in stores:
        await store.close()


@pytest.fixture
def written():
    lines = []
    sink = logger.add(lambda message: lines.append(message.record), level="INFO")
    yield lambda: [(record["message"], record["extra"]) for record in lines]
    logger.remove(sink)


async def until(condition, within_s=60.0):
    async with asyncio.timeout(within_s):
        while not (found := await condition()):
            await asyncio.sleep(0.05)
    return found


def asked(session_id):
    return Request(spec=SessionSpec(session_id=session_id, bot="clinic"), room=session_id)


async def test_runners_are_started_taken_replaced_and_cleared_away(store, operate, written):
    operate(warm=2)

    async def two_free():
        return sum(runner.free for runner in await store.runners()) == 2

    await until(two_free)
    await store.join(asked("one"))

    async def joined():
        record = await store.session("one")
        return record if record.state == "joined" else None

    holder = (await until(joined)).runner
    await until(two_free)
    os.kill(int(holder.removeprefix("p")), signal.SIGKILL)

    async def given_up():
        return (await store.session("one")).state == "failed"

    await until(given_up)
    assert (await store.session("one")).reason == "lost"
    await until(two_free)
    [failed] = [extra for message, extra in written() if message == "a runner has failed"]
    assert failed["why"] == "was ended by SIGKILL"


async def test_two_operators_keep_what_one_would(store, operate):
    first, second = operate(warm=3), operate(warm=3)

    async def three_free():
        return sum(runner.free for runner in await store.runners()) == 3

    await until(three_free)
    for _ in range(20):
        await asyncio.sleep(0.05)
        assert len(await store.runners()) == 3
    assert sum(sum(one.done.launches.values()) for one in (first, second)) == 3


async def test_a_runner_that_cannot_start_says_why_and_is_not_tried_again_and_again(store, operate, written):
    operator = operate("raise SystemExit('the model is not there')", warm=2)

    async def several():
        return operator.done.launch_failures.get("shared.default.any", 0) >= 3

    await until(several)
    told = [extra for message, extra in written() if message == "a launch has failed"]
    assert {one["why"] for one in told} == {"exited with code 1"}
    assert {one["written"] for one in told} == {"the model is not there"}
    assert (await store.counts())["launch.failed:shared.default.any"] <= 4
