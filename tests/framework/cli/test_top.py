"""`convo top`: one screen with all there is."""

import json

import pytest
from rich.console import Console

from framework.cli.commands.top import HEAD, _screen
from framework.cli.main import main


def test_it_shows_slots_queue_runners_and_sessions(fleet, wide, capsys):
    fleet.runner("runner-one", capacity=2)
    fleet.join("s0", room="lobby")
    fleet.join("s1")
    fleet.join("s2", joined=False)
    assert main(["top", "--once"]) == 0
    shown = capsys.readouterr().out
    assert "1 queued" in shown
    assert "2 joined" in shown
    assert "shared.default.any  2 of 2 slots taken, 0 free  1 wait (default 1)" in shown
    assert "machine-runner-one" in shown
    assert "██████████" in shown
    assert {line.split()[0] for line in shown.splitlines()[-3:]} == {"s0", "s1", "s2"}


def test_an_empty_fleet_is_said_to_be_empty(fleet, wide, capsys):
    assert main(["top", "--once"]) == 0
    assert "No session is live or waits." in capsys.readouterr().out


def test_a_tenant_sees_its_own_sessions_and_no_runner(fleet, wide, monkeypatch, capsys):
    fleet.runner("runner-one")
    fleet.join("mine", tenant="acme")
    fleet.join("theirs", tenant="other")
    monkeypatch.setenv("CONVO_API_KEY", fleet.key("read", tenant="acme"))
    assert main(["top", "--once"]) == 0
    shown = capsys.readouterr().out
    assert "mine" in shown
    assert "theirs" not in shown
    assert "runner-one" not in shown


def test_json_is_for_programs(fleet, capsys):
    fleet.join("s0", joined=False)
    main(["top", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["stats"]["sessions"]["queued"] == 1
    assert [one["session_id"] for one in told["sessions"]] == ["s0"]


@pytest.mark.parametrize(("height", "width"), [(14, 60), (24, 80), (50, 200)])
def test_it_fits_the_screen(height, width):
    runners = [
        {"runner_id": f"{n:032x}", "name": f"convo-runner-{n}", "pool": "shared.default.any", "capacity": 4, "owned": 4}
        for n in range(30)
    ]
    sessions = [
        {"session_id": f"{n:032x}", "state": "joined", "phase": "talking", "bot": "clinic", "room": f"room-{n}"}
        for n in range(120)
    ]
    stats = {
        "sessions": {"joined": 120},
        "runners": runners,
        "pool": {"shared.default.any": {"runners": 30, "slots": 120, "free": 0, "taken": 120}},
        "queue": {"shared.default.any": {f"tenant-{n}": n for n in range(1, 9)}},
        "store": {"up": True, "answer_ms": 0.5},
    }
    console = Console(width=width, height=height, force_terminal=False)
    lines = console.render_lines(_screen("http://gateway", stats, sessions, height - HEAD))
    assert len(lines) <= height
    text = "\n".join("".join(part.text for part in line) for line in lines)
    assert text.count(" more") == 2
