"""Pipecat's own eval harness passes a scripted scenario against our runner, typed and spoken."""

from pathlib import Path

import aiohttp
import pytest
from pipecat.evals.scenario import EvalScenarioFile
from pipecat.evals.session import EvalSession, EvalSessionParams

SCENARIOS = EvalScenarioFile.load(Path(__file__).with_name("clinic.yaml"))


@pytest.fixture(scope="module")
def runner(serve):
    return serve(CONVO_PROFILE="test")


@pytest.fixture
def evaluate(runner, factories, tmp_path):
    async def evaluate(name):
        params = EvalSessionParams(
            connect_timeout_s=60, cache_dir=str(tmp_path / "cache"), record_path=str(tmp_path / "call.wav")
        )
        return await EvalSession.from_scenario(SCENARIOS[name], f"ws://{runner}/ws", params=params).run()

    return evaluate


@pytest.mark.parametrize("name", ["clinic/typed", "clinic/spoken"])
async def test_a_scripted_scenario_passes(evaluate, name, tmp_path):
    result = await evaluate(name)
    assert result.passed, (result.failures, result.debug_log)
    assert result.skipped is None
    assert (tmp_path / "call.wav").exists() == (name == "clinic/spoken")


async def test_a_scenario_that_asks_for_what_the_bot_never_says_fails(evaluate):
    result = await evaluate("clinic/another bot")
    assert [failure.kind for failure in result.failures] == ["text_mismatch"]


async def test_the_harness_finds_no_door_outside_a_test_profile(serve):
    runner = serve()
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(f"ws://{runner}/ws")
        assert refused.value.status in (403, 404)
        async with http.get(f"http://{runner}/sessions") as answer:
            assert (await answer.json())["sessions"] == []


def test_convo_test_plays_a_scenario_live(capsys):
    from framework.cli.main import main

    assert main(["test", "flows/tests/hello.yaml", "--live"]) == 0
    told = capsys.readouterr().out
    assert "1 scenario: 1 passed" in told
    assert "left out here" in told
