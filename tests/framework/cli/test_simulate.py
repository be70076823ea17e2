"""`convo simulate`: what it prints, and with which code it leaves."""

import json

import pytest

from framework.cli.main import main

RUDE = "flow: rude\ninitial_node: a\nnodes: {a: {say: 'Nobody is here.', end: true}}\n"


@pytest.fixture
def rude(tmp_path, monkeypatch):
    (tmp_path / "convo.yaml").write_text("{}\n")
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "rude.yaml").write_text(RUDE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_flow_that_holds_is_told_so(capsys):
    assert main(["simulate", "hello", "-p", "terse", "--runs", "5"]) == 0
    out = capsys.readouterr().out
    assert "5 calls by `terse` to `hello`, seeds 0 to 4" in out
    assert "Every invariant holds." in out


def test_what_does_not_hold_is_an_exit_code(rude, capsys):
    assert main(["simulate", "rude", "--runs", "3", "-p", "chatty", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["ends"] == {"done": 1.0}
    assert told["broken"][0]["invariant"] == "hangs_up"


def test_a_persona_may_be_a_file_and_is_checked(rude, capsys):
    (rude / "p.yaml").write_text("persona: p\nchaty: 1\n")
    assert main(["simulate", "rude", "-p", "p.yaml"]) == 2
    assert "p.yaml:2:1: error TST001" in capsys.readouterr().err
