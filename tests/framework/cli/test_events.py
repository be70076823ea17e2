"""`convo events`: live, readable, and never the worse for a broken connection."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from framework.cli.commands.events import begin
from framework.cli.main import main

ROOT = Path(__file__).parents[3]


@pytest.fixture
def listening(fleet):
    """Start `convo events` with these arguments; its lines can be waited for."""
    started = []

    def listening(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-m", "framework", "events", *arguments],
            cwd=fleet.root,
            env={"PATH": "", "PYTHONPATH": str(ROOT), "CONVO_GATEWAY": fleet.url, "COLUMNS": "100", "TZ": "UTC"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield listening
    for process in started:
        process.kill()
        process.communicate(timeout=20)


def test_events_are_lines_for_people_and_begin_where_one_says(fleet, listening):
    fleet.join("2f6c1d0b9a8e4f35b7c6d5e4f3a2b1c0", joined=False)
    process = listening("--since", "5m")
    first = process.stdout.readline()
    assert first.split()[1:] == ["2f6c1d0b", "session.queued", "bot=hello", "pool=shared.default.any", "priority=5"]
    fleet.do(fleet.store.cancel("2f6c1d0b9a8e4f35b7c6d5e4f3a2b1c0", "moved"))
    assert "session.ended" in process.stdout.readline()  # and not its older name beside it
    fleet.join("next", joined=False)
    assert "session.queued" in process.stdout.readline()


def test_a_broken_connection_goes_on_where_it_broke(fleet, listening):
    process = listening("--json", "--since", "5m", "--type", "session.")
    fleet.join("s0", joined=False)
    assert json.loads(process.stdout.readline())["subject"] == "s0"
    fleet.shut()
    fleet.join("s1", joined=False)
    fleet.open()
    fleet.join("s2", joined=False)
    assert [json.loads(process.stdout.readline())["subject"] for _ in range(2)] == ["s1", "s2"]


def test_only_what_is_asked_for_is_shown(fleet, listening):
    fleet.join("s0", joined=False)
    fleet.join("s1", joined=False)
    fleet.do(fleet.store.cancel("s1"))
    process = listening("--json", "--since", "0", "--type", "session.ended", "--type", "bot.")
    told = [json.loads(process.stdout.readline()) for _ in range(2)]
    assert [(one["type"], one["subject"]) for one in told] == [("session.ended", "s1"), ("bot.session.end", "s1")]
    assert begin(told[0]["cursor"]) == told[0]["cursor"]


def test_a_session_of_which_one_hears_alone(fleet, listening):
    fleet.join("s0", joined=False)
    fleet.join("s1", joined=False)
    process = listening("--json", "--since", "0", "--session", "s1")
    assert json.loads(process.stdout.readline())["subject"] == "s1"


def test_without_a_gateway_it_ends_with_a_sentence(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONVO_GATEWAY", "http://127.0.0.1:9")
    assert main(["events"]) == 2
    assert "can't be reached" in capsys.readouterr().err


def test_without_the_right_to_read_it_ends_with_a_sentence(fleet, monkeypatch, capsys):
    monkeypatch.setenv("CONVO_API_KEY", fleet.key("join"))
    assert main(["events"]) == 2
    assert "read" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["yesterday", "10", "-5m", "10 m", "99999999d"])
def test_a_time_that_is_none_is_refused(text, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(["events", f"--since={text}"]) == 2
    assert "Write it as 90s, 10m, 2h or 1d." in capsys.readouterr().err


def test_times_are_counted_back_from_now():
    before = int(begin("1h").partition("-")[0])
    assert abs(before - (time.time() - 3600) * 1000) < 60_000
