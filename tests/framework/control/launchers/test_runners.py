"""The real runner, started by each launcher: it registers under its launch, and leaves the store when it is removed."""

import os
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from framework.control.launchers.local import LocalLauncher
from framework.control.settings import store_from
from framework.plugins.launchers import Launch

LAUNCH = Launch(launch_id="a1b2c3d4e5f6", pool="shared.default.any", environment={"CONVO_ENV": "launched"})


@pytest.fixture
async def store(redis_server):
    store = store_from({"REDIS_URL": redis_server.url, "CONVO_ENV": "launched"})
    yield store
    await store.close()


@pytest.fixture(params=["local", "kubernetes"])
def opened(request, redis_server, scene):
    """The launcher as it is deployed; but a runner of tests listens on this machine only."""

    @asynccontextmanager
    async def local():
        launcher = LocalLauncher(environment={**os.environ, "REDIS_URL": redis_server.url}, close_s=5.0)
        try:
            yield launcher
        finally:
            await launcher.close()

    def kubernetes():
        secret = scene.server.store.get("secrets", "convo-store")
        secret["stringData"] = {"REDIS_URL": redis_server.url}
        cache = os.environ.get("CONVO_CACHE") or str(Path.home() / ".cache" / "convo")
        here = [{"name": "HOME", "value": str(scene.folder)}, {"name": "CONVO_CACHE", "value": cache}]
        runner = {"name": "runner", "args": ["--host", "127.0.0.1", "--port", "0"], "env": here}
        scene.says({"spec": {"containers": [runner]}})
        return scene.opened(CONVO_DRAIN_SECS="5")

    return {"local": local, "kubernetes": kubernetes}[request.param]


async def test_a_launched_runner_registers_and_leaves_when_it_is_removed(opened, store, until):
    async def registered():
        return [runner for runner in await store.runners() if runner.launch == LAUNCH.launch_id]

    async with opened() as launcher:
        await launcher.launch(LAUNCH)

        async def settled():
            [seen] = await launcher.launched()
            assert seen.state in ("starting", "running"), f"{seen}\n{await launcher.logs(LAUNCH.launch_id)}"
            return await registered()

        [runner] = await until(settled, seconds=90)
        assert (runner.pool, runner.capacity) == (LAUNCH.pool, 1)
        await launcher.remove(LAUNCH.launch_id, grace_s=20)

        async def gone():
            return not await launcher.launched()

        await until(gone, seconds=60)
        assert all(each.draining or each.dead for each in await registered())
