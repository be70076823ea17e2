"""`convo explain` and `convo replay`: what they print, what they write, and with which code they leave."""

import json
from pathlib import Path

import pytest

from framework.cli.main import main
from framework.engine import effects
from framework.engine.compiler import compile_plan
from framework.flows import load
from framework.personalities import NEUTRAL
from framework.sessions.events import iso
from framework.slots.plugin import BUILT_IN
from framework.testing.driver import Driver

FLOW = """\
flow: order
slots: {size: {type: enum, values: [small, large]}}
initial_node: ask
nodes:
  ask: {collect: [size], next: check}
  check:
    next:
      - {if: slots.size == "large", goto: big}
      - {else: bye}
  big: {say: That is a lot., next: bye}
  bye: {say: Goodbye., end: true}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "flows").mkdir()
    (tmp_path / "convo.yaml").write_text("bots: {}\n")
    (tmp_path / "flows/order.yaml").write_text(FLOW)
    monkeypatch.chdir(tmp_path)
    loaded = load("flows/order.yaml")
    plan = compile_plan(
        loaded.flow, hash=loaded.hash, personality=NEUTRAL, slot_types={kind.name: kind for kind in BUILT_IN}
    )
    driver = Driver(plan).start().hear("hm", "large")
    told = [
        {"type": effect.type, "time": iso(happened.at), "session": "s1", "flow": "order", "data": effect.data}
        for happened, wanted in driver.record
        for effect in wanted
        if isinstance(effect, effects.Emit)
    ]
    Path("call.jsonl").write_text("".join(json.dumps(event) + "\n" for event in told))
    return tmp_path


def changed(text="small"):
    Path("flows/order.yaml").write_text(FLOW.replace('== "large"', f'== "{text}"'))


def test_a_conversation_is_explained(project, capsys):
    assert main(["explain", "call.jsonl"]) == 0
    printed = capsys.readouterr().out
    assert "the flow tells the same from the first event to the last" in printed
    assert '`slots.size == "large"` is true, as `slots.size` is “large”.' in printed


def test_it_is_one_object_for_programs(project, capsys):
    assert main(["explain", "call.jsonl", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["same"] is True
    assert found["complete"] is True
    moves = [(one["from"], one["to"]) for one in found["entries"] if one["kind"] == "move"]
    assert moves == [("ask", "check"), ("check", "big"), ("big", "bye"), ("bye", None)]


def test_a_page_is_written_to_step_through(project, capsys):
    assert main(["explain", "call.jsonl", "--html", "call.html"]) == 0
    assert capsys.readouterr().out == ""
    data = json.loads(Path("call.html").read_text().split('id="data">')[1].split("</script>")[0])
    assert data["story"]["same"] is True
    assert data["story"]["entries"][-1]["node"] == "bye"


def test_a_flow_that_has_changed_is_refused_unless_it_is_named(project, capsys):
    changed()
    assert main(["explain", "call.jsonl"]) == 2
    assert "has changed since this conversation" in capsys.readouterr().err
    assert main(["explain", "call.jsonl", "--flow", "order"]) == 1
    assert "parts from the recording" in capsys.readouterr().out


def test_a_flow_that_is_gone_is_asked_for(project, capsys):
    Path("flows/order.yaml").rename("elsewhere.yaml")
    assert main(["explain", "call.jsonl"]) == 2
    assert "--flow FILE" in capsys.readouterr().err
    assert main(["explain", "call.jsonl", "--flow", "elsewhere.yaml"]) == 0


def test_a_replay_through_the_same_flow_leaves_with_0(project, capsys):
    assert main(["replay", "call.jsonl", "--flow", "order"]) == 0
    assert "It goes the same way: ask → check → big → bye" in capsys.readouterr().out


def test_a_replay_shows_where_it_goes_otherwise_and_leaves_with_1(project, capsys):
    changed()
    assert main(["replay", "call.jsonl", "--flow", "order"]) == 1
    printed = capsys.readouterr().out
    assert "It goes otherwise after: ask → check" in printed
    assert "→ big" in printed
    assert main(["replay", "call.jsonl", "--flow", "order", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["old"][found["parted"]["old"]]["text"] == "→ big"
    assert found["new"][found["parted"]["new"]]["text"] == "→ bye"


@pytest.mark.parametrize("command", ["explain", "replay"])
def test_what_is_no_transcript_is_refused(project, capsys, command):
    Path("odd.jsonl").write_text('{"type": "node.entered", "data": {}}\n')
    assert main([command, "odd.jsonl", *(["--flow", "order"] if command == "replay" else [])]) == 2
    assert "session.started" in capsys.readouterr().err


def test_hostile_words_steer_no_terminal(project, capsys):
    lines = [json.loads(line) for line in Path("call.jsonl").read_text().splitlines()]
    for line in lines:
        if line["type"] == "user.said":
            line["data"]["text"] += "\x1b[2J[red]"
    Path("call.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    main(["explain", "call.jsonl"])
    assert "\x1b" not in capsys.readouterr().out
