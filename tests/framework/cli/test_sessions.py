"""`convo sessions` and `convo leave`, against a gateway."""

import json

import pytest

from framework.cli.main import main


def test_open_sessions_are_listed_with_what_there_is_to_say_about_them(fleet, wide, capsys):
    fleet.runner(capacity=1)
    fleet.join("one", room="lobby")
    fleet.join("two", joined=False)
    assert main(["sessions"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["session", "state", "phase", "bot", "room", "age"]
    assert {row.split()[0]: row.split()[1] for row in rows} == {"one": "joined", "two": "queued"}


def test_ended_ones_are_listed_when_they_are_asked_for(fleet, wide, capsys):
    fleet.join("one", joined=False)
    fleet.do(fleet.store.cancel("one", "closing time"))
    main(["sessions"])
    assert "There are no such sessions." in capsys.readouterr().out
    main(["sessions", "--state", "ended"])
    assert "closing time" in capsys.readouterr().out


def test_filters_and_pages_reach_the_gateway(fleet, capsys):
    for number in range(7):
        fleet.join(f"s{number}", room=f"room-{number % 2}-{number}", joined=False)
    main(["sessions", "--json", "--limit", "5"])
    assert len(json.loads(capsys.readouterr().out)) == 5
    main(["sessions", "--json", "--room", "room-1-3"])
    assert [one["session_id"] for one in json.loads(capsys.readouterr().out)] == ["s3"]


def test_an_id_is_never_cut_however_narrow_the_terminal(fleet, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "50")
    session = "2f6c1d0b9a8e4f35b7c6d5e4f3a2b1c0"
    fleet.join(session, room="a-room-with-a-rather-long-name", joined=False)
    main(["sessions"])
    shown = capsys.readouterr().out
    assert session in shown
    assert "queued" in shown
    assert max(map(len, shown.splitlines())) <= 60


def test_what_others_have_named_cannot_steer_the_terminal(fleet, wide, capsys):
    fleet.join("one", room="a\x1b[2Jb", joined=False)
    main(["sessions"])
    assert "\x1b[2J" not in capsys.readouterr().out


def test_a_wrong_state_is_refused_with_a_suggestion(fleet, capsys):
    assert main(["sessions", "--state", "joinde"]) == 2
    assert "Did you mean `joined`?" in capsys.readouterr().err


def test_without_a_gateway_one_is_told_how_to_start_one(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONVO_GATEWAY", "http://127.0.0.1:9")
    assert main(["sessions"]) == 2
    said = capsys.readouterr().err
    assert "the gateway at http://127.0.0.1:9 can't be reached" in said
    assert "`convo up`" in said


def test_an_address_that_is_none_is_named(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONVO_GATEWAY", "localhost")
    assert main(["sessions"]) == 2
    assert "CONVO_GATEWAY is `localhost`" in capsys.readouterr().err


def test_the_key_is_read_from_the_environment_or_from_a_file(fleet, monkeypatch, capsys):
    key = fleet.key("read")
    assert main(["sessions"]) == 2
    assert "CONVO_API_KEY" in capsys.readouterr().err
    monkeypatch.setenv("CONVO_API_KEY", key)
    assert main(["sessions"]) == 0
    monkeypatch.delenv("CONVO_API_KEY")
    (fleet.root / ".env").write_text(f"CONVO_API_KEY={key}\n")
    assert main(["sessions"]) == 0
    monkeypatch.delenv("CONVO_API_KEY")


@pytest.mark.parametrize(("joined", "said"), [(True, "one is ending."), (False, "one has ended.")])
def test_leave_ends_a_session(fleet, capsys, joined, said):
    if joined:
        fleet.runner()
    fleet.join("one", joined=joined)
    assert main(["leave", "one", "--reason", "moved"]) == 0
    assert capsys.readouterr().out.strip() == said
    fleet.until("one", "ended")
    assert fleet.do(fleet.store.session("one")).reason == "moved"


def test_leave_of_a_session_that_is_not_there_says_so(fleet, capsys):
    assert main(["leave", "nobody"]) == 2
    assert "there is no session `nobody`" in capsys.readouterr().err
    assert main(["leave", "../admin"]) == 2
    assert "`../admin` is no session's id" in capsys.readouterr().err
