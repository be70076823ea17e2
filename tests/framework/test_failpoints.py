"""Steps of the protocol at which tests make processes fail: in production they are nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from framework import failpoints

CALL = re.compile(r'failpoints\.reach\("([^"]+)"\)')


def test_the_code_reaches_every_step_of_the_list_and_no_other(root):
    reached = {
        step: path.relative_to(root)
        for path in (root / "framework").rglob("*.py")
        for step in CALL.findall(path.read_text("utf-8"))
    }
    assert {*reached} == {*failpoints.STEPS}
    assert len({*failpoints.STEPS}) == len(failpoints.STEPS)


@pytest.mark.parametrize(
    "environment",
    [{}, {"CONVO_FAIL_AT": "/tmp"}, {"CONVO_PROFILE": "test"}, {"CONVO_PROFILE": "live", "CONVO_FAIL_AT": "/tmp"}],
    ids=str,
)
def test_without_the_test_profile_and_a_folder_nothing_happens(environment):
    assert failpoints.reached(environment) is failpoints.nothing


def test_a_step_that_is_not_armed_does_nothing(tmp_path):
    failpoints.Folder(tmp_path).reach("runner.claimed")


def test_an_armed_step_fails_once(tmp_path):
    (tmp_path / "runner.claimed").write_text("raise")
    reach = failpoints.reached({"CONVO_PROFILE": "test", "CONVO_FAIL_AT": str(tmp_path)})
    with pytest.raises(failpoints.FailPointError):
        reach("runner.claimed")
    reach("runner.claimed")
    (fired,) = tmp_path.glob(f"{failpoints.FIRED}*")
    assert fired.name == f"fired-runner.claimed-{os.getpid()}"


def test_a_step_may_fail_at_its_third_time(tmp_path):
    (tmp_path / "runner.renew").write_text("raise@3")
    folder = failpoints.Folder(tmp_path)
    folder.reach("runner.renew")
    folder.reach("runner.renew")
    with pytest.raises(failpoints.FailPointError):
        folder.reach("runner.renew")


def test_a_process_kills_itself_at_the_step(tmp_path):
    (tmp_path / "runner.done").write_text("kill")
    code = "from framework import failpoints; failpoints.reach('runner.done')"
    environment = {**os.environ, "CONVO_PROFILE": "test", "CONVO_FAIL_AT": str(tmp_path)}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False, timeout=60).returncode == -9
