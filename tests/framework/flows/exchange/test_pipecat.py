"""FlowConfigs become flows of ours and come back the same; what doesn't fit is named with its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.cli.main import main
from framework.flows import load
from framework.flows.exchange.pipecat import exported, imported
from framework.flows.load import examine_file

ROOT = Path(__file__).parents[4]
COMPAT = sorted(path for path in (ROOT / "flows/compat").iterdir() if path.suffix in (".yaml", ".json"))

NODES = ["a", "two words", "yes", "012", "ключ: 1", "- x"]
texts = st.one_of(
    st.sampled_from(
        ["Ask.", "Help {{ who }}.", r"Say \{{ this }}.", "{{ a.b }} { { x }} {{ a b }}", "a: b # c", "x\ny\n"]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(
        lambda text: "{{" not in text and "\\" not in text
    ),
)
names = st.sampled_from(["go", "leave", "order_food", "x-1", "no"])
nodes = st.sampled_from(NODES)
leads = st.builds(
    lambda name, words, to: {"name": name, "transition_only": True, "description": words, "transition_to": to},
    names, texts.filter(str.strip), nodes,
)  # fmt: skip
branches = st.builds(
    lambda field, cases, default: {"field": field, "cases": cases, **({"default": default} if default else {})},
    st.sampled_from(["size", "n"]), st.dictionaries(st.sampled_from(["true", "1", "x y"]), nodes, min_size=1),
    st.none() | nodes,
)  # fmt: skip
codes = st.builds(
    lambda name, to: {"name": name, **({} if to is None else {"transition_to": to})},
    names,
    st.none() | nodes | branches,
)
functions = st.lists(leads | codes, max_size=4, unique_by=lambda one: one["name"])
actions = st.one_of(
    st.builds(lambda text: {"type": "tts_say", "text": text}, texts),
    st.builds(lambda text: {"type": "end_conversation", "text": text}, texts),
    st.just({"type": "function", "handler": "write", "more": {"deep": [1, None, True, "yes", "2020-01-01"]}}),
)
messages = st.builds(
    lambda role, content: {"role": role, "content": content}, st.sampled_from(["developer", "user"]), texts
)


@st.composite
def configs(draw):
    found = {}
    for name in NODES:
        node = {"task_messages": draw(st.lists(messages, max_size=2)), "functions": draw(functions)}
        node["role_message"] = draw(texts)
        if draw(st.booleans()):
            node["context_strategy"] = draw(st.sampled_from(["append", "reset"]))
        if draw(st.booleans()):
            node["respond_immediately"] = False
        for key in ("pre_actions", "post_actions"):
            if draw(st.booleans()):
                node[key] = draw(st.lists(actions, min_size=1, max_size=2))
        found[name] = node
    return {"initial_node": "a", "nodes": found}


def plain(config):
    """A FlowConfig without what says nothing: empty lists, and an instruction that is empty."""
    found = {**config, "nodes": {}}
    for name, node in config["nodes"].items():
        found["nodes"][name] = {k: v for k, v in node.items() if v not in ([], "") or k == "task_messages"}
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(config=configs())
def test_there_and_back_is_the_identity(config, tmp_path_factory):
    folder = tmp_path_factory.mktemp("x")
    (folder / "flow.json").write_text(json.dumps(config), "utf-8")
    first = examine_file(folder / "flow.json")
    ours = imported(first.loaded)
    assert list(ours.lost) == []
    (folder / "ours.yaml").write_text(ours.text, "utf-8")
    again = examine_file(folder / "ours.yaml")
    assert again.diagnostics == []
    theirs = exported(again.loaded)
    assert theirs.remarks == ()
    for name, node in plain(config)["nodes"].items():
        assert theirs.value["nodes"][name] == node
    (folder / "flow.yaml").write_text(theirs.text, "utf-8")
    back = examine_file(folder / "flow.yaml")
    assert back.diagnostics == []
    assert imported(back.loaded).value == ours.value


@pytest.mark.parametrize("path", COMPAT, ids=lambda path: path.name)
def test_every_example_is_imported_without_a_loss_and_passes_the_checker(path, tmp_path):
    found = imported(load(path))
    assert list(found.lost) == []
    (tmp_path / "flow.yaml").write_text(found.text, "utf-8")
    assert load(tmp_path / "flow.yaml").flow.flow == found.value["flow"]


def test_comments_are_kept_and_quotes_stand_only_where_they_must():
    found = imported(load(ROOT / "flows/compat/delivery.yaml"))
    assert found.text.startswith("# Functions with code (see handlers.py)")
    assert "    role_message: You answer the telephone of a parcel service.\n" in found.text
    assert 'instruct: "Say where the parcel {{ state.parcel.number }} is: ' in found.text


def test_an_instruction_that_holds_on_several_ways_is_said(tmp_path):
    path = tmp_path / "flow.yaml"
    path.write_text(
        "initial_node: a\nnodes:\n"
        "  a: {role_message: One., task_messages: [], functions: [{name: f, transition_to: b}, {name: g, transition_to: c}]}\n"
        "  b: {role_message: Two., task_messages: [], functions: [{name: f, transition_to: c}]}\n"
        "  c: {task_messages: []}\n"
    )
    found = imported(examine_file(path).loaded)
    assert [str(remark).split(": ", 1)[1] for remark in found.remarks] == [
        "changed: which `role_message` holds here depends on the way that led here; one of them is written."
    ]
    assert found.remarks[0].span.line == 5


UNFIT = """\
flow: unfit
initial_node: a
slots: {x: text}
nodes:
  a:
    role_message: ""
    instruct: "Hi {{ slots.x }}."
    sample: Hello
    next:
      - {intent: is done, examples: [bye], goto: b}
      - {if: slots.x, goto: b}
  b: {say: Bye., end: true}
"""


def test_what_does_not_fit_is_listed_with_its_place(tmp_path):
    (tmp_path / "unfit.yaml").write_text(UNFIT)
    found = exported(load(tmp_path / "unfit.yaml"))
    places = {(remark.span.line, remark.span.column, remark.message.split(" ")[0]) for remark in found.lost}
    assert {(3, 1, "`slots`"), (8, 5, "`sample`"), (10, 27, "`examples`")} <= places
    assert {line for line, _, _ in places} == {3, 7, 8, 10, 11, 12}
    assert found.value["nodes"]["a"]["functions"][0]["name"] == "go_b"


def test_the_commands_write_and_leave_with_what_became_of_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["import", "pipecat", str(ROOT / "flows/compat/library.yaml"), "-o", "library.yaml"]) == 0
    assert main(["check", "library.yaml", "--structure"]) == 0
    assert main(["export", "pipecat", "library.yaml", "-o", "back.json"]) == 0
    assert (tmp_path / "back.json").read_text().startswith("{")
    (tmp_path / "unfit.yaml").write_text(UNFIT)
    capsys.readouterr()
    assert main(["export", "pipecat", "unfit.yaml"]) == 1
    printed = capsys.readouterr()
    assert "initial_node: a" in printed.out
    assert "unfit.yaml:3:1: lost: `slots` of the flow has no counterpart here." in printed.err
    assert main(["import", "pipecat", "library.yaml"]) == 2
