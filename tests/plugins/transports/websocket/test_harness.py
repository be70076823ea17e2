"""Pipecat's own eval harness talks with a bot of ours, through a runner in a test profile."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import aiohttp
import pytest
from pipecat.evals.scenario import EvalScenarioFile
from pipecat.evals.session import EvalSession

ROOT = Path(__file__).parents[4]
SCENARIOS = """\
name: clinic
scenarios:
  - name: identify
    turns:
      - expect: [{event: response, text_contains: "full name", within_ms: 20000}]
      - user: My name is Grace Hopper
        expect: [{event: response, text_contains: "Is that right", within_ms: 20000}]
      - user: "yes"
        expect: [{event: response, text_contains: "date of birth", within_ms: 20000}]
      - user: the ninth of December 1976
        expect: [{event: response, text_contains: "help you", within_ms: 20000}]
"""


@pytest.fixture
async def runner(tmp_path):
    (tmp_path / "convo.yaml").write_text("bots: {clinic: {flow: clinic, personality: ava, stack: offline}}\n")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(ROOT / "runner.py"), "--port", "0"),
        cwd=tmp_path,
        env={**os.environ, "CONVO_PROFILE": "test", "CONVO_STATE": str(tmp_path / "state"), "CONVO_DRAIN_SECS": "0"},
        stdout=asyncio.subprocess.PIPE,
    )
    line = await asyncio.wait_for(process.stdout.readline(), 60)
    url = line.decode().removeprefix("runner: ").strip()
    async with aiohttp.ClientSession() as http, asyncio.timeout(90):
        while (await http.get(f"{url}/ready")).status != 200:
            await asyncio.sleep(0.1)
    yield url.removeprefix("http://")
    process.send_signal(signal.SIGTERM)
    await asyncio.wait_for(process.wait(), 30)


async def test_a_scripted_scenario_passes_by_text(runner, tmp_path):
    path = tmp_path / "clinic.yaml"
    path.write_text(SCENARIOS)
    (scenario,) = EvalScenarioFile.load(str(path)).scenarios
    result = await asyncio.wait_for(EvalSession.from_scenario(scenario, f"ws://{runner}/ws").run(), 100)
    assert result.passed, result.failures
