"""A FlowConfig made a flow of ours does the same on the engine: the same messages, functions and nodes."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.engine.compiler import compile_plan
from framework.flows.exchange.pipecat import imported
from framework.flows.load import examine_file, load
from framework.personalities import NEUTRAL
from framework.plugins.tools import Tool
from framework.testing.driver import Driver

spec = importlib.util.spec_from_file_location("equivalence_cases", Path(__file__).with_name("test_equivalence.py"))
cases = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cases)

STATE = {**cases.STATE, "written": "words"}
"""Values that both write alike: a null is `None` in Pipecat's texts, and nothing in ours."""


def driven(flow, script, texts):
    """A flow on the engine alone, with the scripted model of the equivalence tests."""
    empty = {"type": "object", "properties": {}}
    tools = {n: Tool(name=n, description=cases.DOES[n], parameters=empty, function=print) for n in cases.RESULTS}
    plan = compile_plan(flow, personality=NEUTRAL, slot_types={}, tools=tools)
    doubles = {name: lambda _, r=result: r for name, result in cases.RESULTS.items()}
    driver = Driver(plan, tools=doubles, shared=STATE)
    trace = []

    def model(call):
        offered = [cases.described(offer) for offer in call.offered]
        trace.append({"messages": cases.plain(call), "tools": offered, "role": call.role or ""})
        (reply,) = script.next(offered)
        if not isinstance(reply, str):
            call.messages.append({"role": reply[0], "content": json.dumps(reply[1])})
        return [reply]

    driver.model = model
    driver.start().hear(*texts)
    return trace, driver.visited


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("flows")


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(config=cases.configs(), numbers=cases.numbers, turns=st.integers(0, 3))
@pytest.mark.timeout(600)
def test_an_imported_flow_gives_the_model_the_same_to_read_and_to_call(config, numbers, turns, script, place):
    texts = [f"Turn {number}." for number in range(turns)]
    (place / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    loaded = load(place / "config.yaml")
    found = imported(loaded)
    if any(remark.message.startswith("which `role_message`") for remark in found.remarks):
        return  # said aloud: no single instruction holds there
    (place / "flow.yaml").write_text(found.text)
    theirs = driven(loaded.flow, script(numbers), texts)
    mine = driven(examine_file(place / "flow.yaml").loaded.flow, script(numbers), texts)
    assert mine == theirs
