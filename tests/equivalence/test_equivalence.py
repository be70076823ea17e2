"""The same FlowConfig on Pipecat's own manager and on ours: the same messages, functions, instructions and nodes."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.engine.compiler import compile_plan
from framework.flows.load import load
from framework.personalities import NEUTRAL
from framework.plugins.tools import Tool
from framework.testing.driver import Driver

NODES = ["a", "two words", "ключ 1.5"]
RESULTS = {"look": {"found": True}, "size": {"size": "large", "n": 3, "fits": "TRUE"}, "nothing": None}
DOES = {"look": "Look whether it is there.", "size": "Find out the size.", "nothing": "Do it and tell nothing."}
LEADS = ["go", "leave"]
FIELDS = {
    "size": {"size": ["large", "small"], "n": ["3", "4"], "fits": ["true", "TRUE"], "absent": ["x"]},
    "order": {"count": ["3", "0", "-7"], "spicy": ["true", "False"], "extras": ["None", "[]"]},
    "weigh": {"heavy": ["True", "false"]},
    "look": {"found": ["true", "false"]},
}
"""Fields that branches may look at, and cases for them."""
RICH = ["order", "weigh", "note", "fails", "forgets"]
ENDLESS = 12
"""Runs of the model after which the scripts only talk, so that every conversation comes to rest."""

STATE = {"who": "Ada", "shop": {"name": "Corner", "count": 2}, "written": None}
node_names = st.sampled_from(NODES)
words = st.sampled_from(
    [
        "Ask.",
        "Help {{ who }}.",
        r"Say \{{ this }}.",
        "Look at {{ shop.name }}.",
        "{{shop.count}} or { { x }} {{ a b }}",
        "{{ written }}.",
    ]
)


@st.composite
def branches(draw, name):
    field = draw(st.sampled_from(sorted(FIELDS[name])))
    cases = {
        case: draw(node_names) for case in draw(st.lists(st.sampled_from(FIELDS[name][field]), min_size=1, unique=True))
    }
    return {"field": field, "cases": cases, **({"default": draw(node_names)} if draw(st.booleans()) else {})}


@st.composite
def functions(draw, coded, taken=()):
    names = draw(st.lists(st.sampled_from([*coded, *LEADS]), unique=True, max_size=6))
    return [draw(function(name)) for name in names if name not in taken]


@st.composite
def function(draw, name):
    if name in LEADS:
        return {"name": name, "transition_only": True, "description": "Go.", "transition_to": draw(node_names)}
    match draw(st.sampled_from(["stay", "go", "branch"])):
        case "go":
            return {"name": name, "transition_to": draw(node_names)}
        case "branch" if name in FIELDS:
            return {"name": name, "transition_to": draw(branches(name))}
        case _:
            return {"name": name}


said = st.builds(lambda text: {"type": "tts_say", "text": text}, words)
quiet = st.builds(
    lambda text, kept: {"type": "tts_say", "text": text, "append_text_to_context": kept}, words, st.booleans()
)
ending = st.builds(lambda more: {"type": "end_conversation", **more}, st.sampled_from([{}, {"text": "Bye {{ who }}."}]))
runs = st.builds(lambda mark: {"type": "function", "handler": "write", "mark": mark}, st.integers(0, 9))
custom = st.sampled_from(
    [
        {"type": "mine", "handler": "write", "text": "{{ who }}", "nested": {"list": [1, None, "x"], "deep": {"a": 1}}},
        {"type": "bell", "handler": "ring", "tone": "low"},
        {"type": "old", "handler": "old", "text": "Never said."},
    ]
)


@st.composite
def nodes(draw, coded, taken, acts):
    node = {
        "task_messages": draw(st.lists(messages, min_size=1, max_size=2)),
        "functions": draw(functions(coded, taken)),
    }
    if draw(st.booleans()):
        node["role_message"] = draw(st.one_of(words, st.just("")))
    if draw(st.booleans()):
        node["context_strategy"] = draw(st.sampled_from(["append", "reset"]))
    node["respond_immediately"] = draw(st.booleans())
    if draw(st.booleans()):
        node["pre_actions"] = draw(st.lists(st.one_of(said, *acts), min_size=1, max_size=3))
    # Where the first reply may be a call, Pipecat lets it race with the actions that stand behind the reply.
    silent = not node["functions"] and not taken
    if node["respond_immediately"] and silent and draw(st.booleans()):
        node["post_actions"] = draw(st.lists(st.one_of(said, ending, *acts), min_size=1, max_size=3))
    return node


messages = st.builds(lambda role, text: {"role": role, "content": text}, st.sampled_from(["developer", "user"]), words)


@st.composite
def configs(draw, coded=tuple(RESULTS), acts=()):
    shared = draw(functions(coded))
    taken = [function["name"] for function in shared]
    return {
        "initial_node": "a",
        "nodes": {name: draw(nodes(coded, taken, acts)) for name in NODES},
        "global_functions": shared,
    }


numbers = st.lists(st.integers(0, 11), max_size=ENDLESS)


def driven(config, script, texts, path) -> Driver:
    """The config on the engine alone."""
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    empty = {"type": "object", "properties": {}}
    tools = {name: Tool(name=name, description=DOES[name], parameters=empty, function=print) for name in RESULTS}
    plan = compile_plan(load(path).flow, personality=NEUTRAL, slot_types={}, tools=tools)
    driver = Driver(plan, tools={name: lambda _, r=result: r for name, result in RESULTS.items()}, shared=STATE)
    driver.runs = []

    def model(call):
        offered = [described(offer) for offer in call.offered]
        call.runs.append({"messages": plain(call), "tools": offered, "role": call.role})
        (reply,) = script.next(offered)
        if not isinstance(reply, str):
            call.messages.append({"role": reply[0], "content": json.dumps(reply[1])})
        return [reply]

    driver.model = model
    return driver.start().hear(*texts)


def described(offer):
    return {key: getattr(offer, key) for key in ("name", "description", "properties")} | {"required": [*offer.required]}


def plain(call: Driver):
    return [("tool", result(m["content"])) if m["role"] == "tool" else (m["role"], m["content"]) for m in call.messages]


def result(content):
    failed = isinstance(content, dict) and content.get("status") == "error"
    return "error" if failed else json.dumps(content, sort_keys=True)


def upstream(trace):
    """Pipecat's trace without the paragraph about slow tools that its services add to the instruction."""
    return [{**run, "role": (run["role"] or "").split("ASYNC TOOLS")[0].strip() or None} for run in trace.runs]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("flows") / "flow.yaml"


@settings(max_examples=500, suppress_health_check=list(HealthCheck))
@given(config=configs(), numbers=numbers, turns=st.integers(0, 3))
@pytest.mark.timeout(600)
def test_both_give_the_model_the_same_to_read_and_to_call(config, numbers, turns, oracle, script, place):
    texts = [f"Turn {number}." for number in range(turns)]
    theirs = oracle(config, script(numbers), texts, state=STATE)
    mine = driven(config, script(numbers), texts, place)
    assert mine.runs == upstream(theirs)
    assert mine.visited == theirs.nodes


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(config=configs(coded=(*RESULTS, *RICH), acts=(quiet, runs, custom)), numbers=numbers, turns=st.integers(0, 3))
@pytest.mark.timeout(600)
def test_a_live_session_does_as_pipecats_manager_does(config, numbers, turns, oracle, script, ours):
    texts = [f"Turn {number}." for number in range(turns)]
    theirs = oracle(config, script(numbers), texts, state=STATE)
    mine = ours(config, script(numbers), texts, state=STATE)
    assert mine.runs == upstream(theirs)
    assert mine.nodes == theirs.nodes
    assert mine.ended == theirs.ended
    assert mine.state == theirs.state
