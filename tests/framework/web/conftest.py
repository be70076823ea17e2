"""A runner with echo sessions, on a real port."""

import asyncio
import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from framework.processes.runner import Runner
from framework.processes.settings import Deadlines, RunnerSettings

BACKENDS = Path(__file__).parents[1] / "processes"
FLOW = """\
flow: hello
description: Says hello.
initial_node: greet
nodes:
  greet: {say: "Hello!", next: help}
  help: {instruct: "Help.", next: [{intent: is done, examples: [bye], goto: bye}]}
  bye: {say: "Goodbye.", end: true}
"""


@dataclass(frozen=True)
class StandInBot:
    """What `convo.yaml` says of a bot."""

    flow: str = "hello"
    personality: str = ""
    stack: str = "offline"
    transport: str = "smallwebrtc"
    max_sessions: int | None = None


@dataclass(frozen=True)
class StandInProject:
    """As much of a project as the door reads."""

    root: Path
    bots: dict = field(default_factory=lambda: {"hello": StandInBot(), "single": StandInBot(max_sessions=1)})
    default_bot: str = "hello"

    def names(self, kind):
        return {"flows": ["hello"], "personalities": ["ava"], "stacks": ["offline"]}[kind]

    def flow_path(self, name):
        return self.root / f"{name}.yaml"


@pytest.fixture
async def run_runner(tmp_path, monkeypatch):
    """Start a runner; it is gone, and all its processes, when the test is over."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(BACKENDS), *filter(None, [os.environ.get("PYTHONPATH")])]))
    (tmp_path / "hello.yaml").write_text(FLOW)
    deadlines = Deadlines(warm_s=60, client_s=30, notice_s=0.5, stop_s=0.5, cancel_s=0.5, term_s=0.5, linger_s=1)
    async with contextlib.AsyncExitStack() as stack:

        async def run_runner(*, token="", **settings):
            ours = RunnerSettings(root=tmp_path, backend="backends:Echo", deadlines=deadlines, drain_s=0, **settings)
            runner = Runner(ours, lambda: StandInProject(tmp_path), port=0, token=token)
            running = asyncio.create_task(runner.run())

            async def leave():
                runner.leave()
                await asyncio.wait_for(running, 30)

            stack.push_async_callback(leave)
            return runner

        yield run_runner


@pytest.fixture
async def http():
    async with aiohttp.ClientSession() as client:
        yield client
