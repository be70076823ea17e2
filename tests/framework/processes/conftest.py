"""A supervisor over real worker processes, forked where that is possible, and spawned."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from framework.processes.brood import can_fork
from framework.processes.settings import Deadlines, RunnerSettings, WorkerSettings
from framework.processes.supervisor import Supervisor

HERE = Path(__file__).parent
QUICK = Deadlines(
    warm_s=30,
    client_s=30,
    order_s=10,
    notice_s=0.3,
    stop_s=0.3,
    cancel_s=0.3,
    term_s=0.3,
    silent_s=2.5,
    linger_s=0.3,
    memory_s=0.1,
    fork_s=5,
)
WAYS = [True, False] if can_fork() else [False]


@pytest.fixture(params=WAYS, ids=lambda forked: "forked" if forked else "spawned")
def forked(request):
    """Whether workers are forked; every test that asks for it is run both ways."""
    return request.param


@pytest.fixture
def settings(tmp_path, monkeypatch, forked):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]))
    monkeypatch.setenv("EARS_API_KEY", "sesame")
    return RunnerSettings(root=tmp_path, backend="backends:Echo", deadlines=QUICK, workers=WorkerSettings(fork=forked))


@pytest.fixture
async def supervise(settings):
    """Open a supervisor; it is closed when the test is over."""
    opened = []

    def supervise(*, listener=None, **changes):
        supervisor = Supervisor(replace(settings, **changes), listener=listener)
        opened.append(supervisor)
        supervisor.open()
        return supervisor

    yield supervise
    for supervisor in opened:
        await supervisor.close()


@pytest.fixture
def until():
    """Wait for something to hold, but not for ever."""

    async def until(holds, within=20):
        async with asyncio.timeout(within):
            while not holds():
                await asyncio.sleep(0.01)

    return until


@pytest.fixture
def alive():
    """Whether a process is there, and no zombie."""

    def alive(pid):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        try:
            return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
        except ProcessLookupError:
            return False
        except FileNotFoundError:
            return not Path("/proc/self").exists()  # a system without /proc

    return alive
