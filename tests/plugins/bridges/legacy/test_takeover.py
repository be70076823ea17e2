"""The gateway that acts dies at any step: nothing is lost, and nothing is done twice."""

import asyncio
import contextlib
import json
import os
import sys
from collections import Counter
from dataclasses import replace

import pytest

from framework.project import Project
from framework.web.bridging import Bridges
from plugins.bridges.legacy.scripts import SHARED, source

ROOM = "https://acme.daily.co/front-desk"
QUEUE, CHANNEL = f"admin:queue:{ROOM}", f"admin:bot:{ROOM}"
NAME_OF = {source(name): name for name in SHARED}


class Dead(BaseException):
    """What SIGKILL is to a bridge: nothing after it, not even a farewell."""


class Mortal:
    """A bridge's access to the fleet that ends at one step, before or after it was done."""

    def __init__(self, fleet, step, number, *, after):
        self._fleet, self._step, self._number, self._after = fleet, step, number, after
        self._seen = Counter()
        self.dead = False

    def __getattr__(self, name):
        if name in ("join", "admin"):
            return lambda *words, **more: self._at(name, getattr(self._fleet, name), *words, **more)
        return getattr(self._fleet, name)

    async def redis(self, *words):
        name = NAME_OF.get(words[1], "") if words[0] == "EVAL" else words[0]
        return await self._at(name, self._fleet.redis, *words)

    async def _at(self, name, call, *words, **more):
        self._alive()
        self._seen[name] += 1
        now = name == self._step and self._seen[name] == self._number
        if not now:
            return await call(*words, **more)
        if self._after:
            with contextlib.suppress(Exception):
                await call(*words, **more)
        self.dead = True
        raise Dead

    def _alive(self):
        if self.dead:
            raise Dead


async def run(bridge, fleet):
    try:
        await bridge.run(fleet)
    except* Dead:
        pass


STEPS = [("take", 1), ("join", 1), ("done", 1), ("gather", 2), ("heard", 1), ("admin", 1), ("mirror", 1)]
MORE = [("take", 2), ("join", 3), ("done", 4), ("LRANGE", 1), ("heard", 2), ("admin", 3), ("standby", 1), ("hold", 1)]
NIGHTLY = pytest.mark.nightly


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("step", "number"), [*STEPS, *[pytest.param(*step, marks=NIGHTLY) for step in MORE]])
async def test_whoever_dies_at_a_step_another_one_finishes(world, step, number, after):
    stores = [world.make_store() for _ in range(2)]
    environment = {"CONVO_BRIDGES": "legacy", "LEGACY_LEASE_SECS": "1"}
    ((bridge, fleet),) = Bridges.read(stores[0], lambda: Project.find(world.root), environment)._bridges
    another = replace(fleet, admission=replace(fleet.admission, store=stores[1]))
    mortal = Mortal(fleet, step, number, after=after)
    first = asyncio.create_task(run(bridge, mortal))
    await world.until(lambda: world.there("bot:legacy:lease") == 1 or mortal.dead)
    second = asyncio.create_task(run(bridge, another))
    try:
        await world.hearing(lambda: 1 if mortal.dead else 2)
        jobs = [{"bot": "hello"}, {"bot": "hello"}, {"room_url": ROOM, "sessionId": "call-1"}]
        world.ask("RPUSH", "bot:launch:queue", *map(json.dumps, jobs))
        for words in ("both ways", "these too"):
            world.ask("PUBLISH", CHANNEL, words)
            world.ask("RPUSH", QUEUE, words)
        world.ask("RPUSH", QUEUE, "queued", "queued")
        await world.until(lambda: mortal.dead)

        async def all_done():
            open_ = world.there("bot:launch:queue", "bot:launch:processing", "admin:processing", QUEUE)
            return open_ == 0 and len(await orders(world, "call-1")) >= 4

        await world.until(all_done)
        world.ask("PUBLISH", CHANNEL, "the last")
        await world.until(lambda: world.there("admin:processing") == 0)

        async def last():
            return (found := await orders(world, "call-1")) and found[-1] == "the last"

        await world.until(last)
        assert Counter(await orders(world, "call-1")) == {"both ways": 1, "these too": 1, "queued": 2, "the last": 1}
        assert len(await world.sessions()) == 3
        assert not world.failed() + world.failed("admin:failed")
        await world.until(lambda: len(world.lines("session:call-1:logs")) == 6)
    finally:
        for task in (first, second):
            task.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
        for store in stores:
            await store.close()


async def orders(world, session_id):
    return [order.order["text"] for order in await world.store.open_orders(session_id)]


@pytest.mark.parametrize(
    "armed",
    [
        "gateway.joined kill@7",
        "gateway.ordered kill@3",
        pytest.param("gateway.join kill@7", marks=NIGHTLY),
        pytest.param("gateway.order kill@3", marks=NIGHTLY),
    ],
)
async def test_a_gateway_killed_for_real_leaves_nothing_undone(world, tmp_path, armed):
    step, _, action = armed.partition(" ")
    (tmp_path / "steps").mkdir()
    code = "from framework.processes.gateway import main; raise SystemExit(main(['--port', '0']))"
    told = {"REDIS_URL": world.server.url, "CONVO_ENV": "test", "CONVO_BRIDGES": "legacy", "LEGACY_LEASE_SECS": "1"}
    told |= {"CONVO_PROFILE": "test", "CONVO_FAIL_AT": str(tmp_path / "steps")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, cwd=world.root, env={**os.environ, **told}
    )
    try:
        await world.until(lambda: world.there("bot:legacy:lease") == 1, within=60)
        await world.gateway()
        await world.hearing(2)
        (tmp_path / "steps" / step).write_text(action)
        world.cli("RPUSH", "bot:launch:queue", *[json.dumps({"bot": "hello", "room": f"r{i}"}) for i in range(30)])
        world.cli("RPUSH", "admin:queue:r3", *[f"m{i}" for i in range(10)])
        for number in range(10):
            world.cli("PUBLISH", "admin:bot:r3", f"m{number}")
        assert await asyncio.wait_for(process.wait(), 20) == -9

        async def all_done():
            keys = ("bot:launch:queue", "bot:launch:processing", "admin:processing", "admin:queue:r3")
            return world.there(*keys) == 0

        await world.until(all_done)
        records = await world.sessions()
        assert Counter(record.room for record in records) == {f"r{i}": 1 for i in range(30)}
        (third,) = [record.session_id for record in records if record.room == "r3"]
        assert await orders(world, third) == [f"m{i}" for i in range(10)]
        assert not world.failed() + world.failed("admin:failed")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_it_ends_when_it_is_told_to_at_whatever_moment(world):
    environment = {"CONVO_BRIDGES": "legacy", "LEGACY_LEASE_SECS": "1"}
    store = world.make_store()
    ((bridge, fleet),) = Bridges.read(store, lambda: Project.find(world.root), environment)._bridges
    for number in range(20):
        another = world.make_store()
        task = asyncio.create_task(bridge.run(replace(fleet, admission=replace(fleet.admission, store=another))))
        await asyncio.sleep(number / 400)
        world.ask("PUBLISH", CHANNEL, f"{number}")
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=20)
        assert done, number
        await another.close()
    await store.close()
