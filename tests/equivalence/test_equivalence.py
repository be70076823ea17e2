"""The same FlowConfig on Pipecat's own manager and on our engine: the same messages, functions and nodes."""

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

NODES = ["a", "b", "c"]
RESULTS = {"look": {"found": True}, "size": {"size": "large", "n": 3}, "nothing": None}
ENDLESS = 12
"""Runs of the model after which the scripts only talk, so that every conversation comes to rest."""

node_names = st.sampled_from(NODES)
words = st.sampled_from(["Ask.", "Help {{ who }}.", r"Say \{{ this }}.", "Look at {{ shop.name }}."])
STATE = {"who": "Ada", "shop": {"name": "Corner"}}


@st.composite
def branches(draw):
    field = draw(st.sampled_from(["size", "n"]))
    cases = {case: draw(node_names) for case in draw(st.sets(st.sampled_from(["large", "small", "3"]), min_size=1))}
    return {"field": field, "cases": cases, **({"default": draw(node_names)} if draw(st.booleans()) else {})}


@st.composite
def functions(draw, taken=()):
    names = [
        name for name in draw(st.lists(st.sampled_from([*RESULTS, "go", "leave"]), unique=True)) if name not in taken
    ]
    found = []
    for name in names:
        if name in ("go", "leave"):
            found.append(
                {"name": name, "transition_only": True, "description": "Go.", "transition_to": draw(node_names)}
            )
            continue
        entry = {"name": name}
        if draw(st.booleans()):
            entry["transition_to"] = draw(branches() if name == "size" else node_names)
        found.append(entry)
    return found


said = st.builds(lambda text, remember: {"type": "tts_say", "text": text, **remember}, words, st.just({}))


@st.composite
def nodes(draw, taken):
    node = {"task_messages": [{"role": draw(st.sampled_from(["developer", "user"])), "content": draw(words)}]}
    node["functions"] = draw(functions(taken))
    if draw(st.booleans()):
        node["role_message"] = draw(words)
    if draw(st.booleans()):
        node["context_strategy"] = draw(st.sampled_from(["append", "reset"]))
    node["respond_immediately"] = draw(st.booleans())
    if draw(st.booleans()):
        node["pre_actions"] = draw(st.lists(said, min_size=1, max_size=2))
    # Where the first reply may be a call, Pipecat lets it race with the actions that stand behind the reply.
    silent = not node["functions"] and not taken
    if node["respond_immediately"] and silent and draw(st.booleans()):
        ending = st.just({"type": "end_conversation", "text": "Bye {{ who }}."})
        node["post_actions"] = draw(st.lists(st.one_of(said, said, ending), min_size=1, max_size=2))
    return node


@st.composite
def configs(draw):
    shared = draw(functions())
    taken = [function["name"] for function in shared]
    return {
        "initial_node": "a",
        "nodes": {name: draw(nodes(taken)) for name in NODES},
        "global_functions": shared,
    }


def ours(config, numbers, texts, path) -> Driver:
    path.write_text(yaml.safe_dump(config))
    tools = {
        name: Tool(name=name, description="Do it.", parameters={"type": "object", "properties": {}}, function=print)
        for name in RESULTS
    }
    plan = compile_plan(load(path).flow, personality=NEUTRAL, slot_types={}, tools=tools)
    driver = Driver(plan, tools={name: lambda _, r=result: r for name, result in RESULTS.items()}, shared=STATE)
    driver.trace = []
    ran = [0]

    def model(call):
        offered = [offer.name for offer in call.offered]
        call.trace.append({"messages": plain(call), "tools": offered, "role": call.role})
        number = numbers[ran[0]] if ran[0] < len(numbers) else 0
        ran[0] += 1
        pick = number % (len(offered) + 1)
        if pick == 0:
            return [f"Reply {ran[0]}."]
        call.messages.append({"role": "call", "content": offered[pick - 1]})
        return [(offered[pick - 1], {})]

    driver.model = model
    return driver.start().hear(*texts)


def plain(call: Driver):
    return [
        ("tool", json.dumps(m["content"], sort_keys=True)) if m["role"] == "tool" else (m["role"], m["content"])
        for m in call.messages
    ]


def upstream(trace):
    """Pipecat's trace without the paragraph about slow tools that its services add to the instruction."""
    return [{**run, "role": (run["role"] or "").split("ASYNC TOOLS")[0].strip() or None} for run in trace.runs]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("flows") / "flow.yaml"


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(config=configs(), numbers=st.lists(st.integers(0, 7), max_size=ENDLESS), turns=st.integers(0, 3))
@pytest.mark.timeout(600)
def test_both_give_the_model_the_same_to_read_and_to_call(config, numbers, turns, oracle, functions, place):
    texts = [f"Turn {number}." for number in range(turns)]
    theirs = oracle(config, functions, numbers, texts, STATE)
    mine = ours(config, numbers, texts, place)
    assert mine.trace == upstream(theirs)
    assert mine.visited == theirs.nodes
