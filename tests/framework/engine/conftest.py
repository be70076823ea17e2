"""Builds conversations from YAML for the engine's tests: scripted model, router and tools."""

from __future__ import annotations

import json
import textwrap

import pytest

from framework.engine.compiler import compile_plan
from framework.flows.check import check_reading, errors
from framework.flows.load import examine_file
from framework.personalities import NEUTRAL
from framework.plugins.tools import Tool
from framework.slots.plugin import BUILT_IN
from framework.testing import driver
from framework.testing.driver import Driver

TYPES = {kind.name: kind for kind in BUILT_IN}


async def anything(**_arguments: object) -> dict[str, object]:
    """Do anything."""
    return {}


def tool_double(name: str, rate: int = 30) -> Tool:
    """A tool of this name that takes any argument; the driver's doubles answer for it."""
    return Tool(
        name=name,
        description=f"Does {name}.",
        parameters={"type": "object", "properties": {"x": {"type": "string"}}, "required": []},
        result_schema=None,
        examples=(),
        aliases=(),
        function=anything,
        timeout_s=10.0,
        keep=True,
        rate=rate,
    )


@pytest.fixture(autouse=True)
def _states_stay_as_they_were(monkeypatch):
    """Every step of every test: the state that it is given is the same afterwards, and as good when read from JSON."""
    step = driver.step

    def watched(plan, state, happened):
        before = json.dumps(state)
        answer = step(plan, state, happened)
        assert json.dumps(state) == before
        assert step(plan, json.loads(before), happened, []) == answer
        assert json.loads(json.dumps(answer[0])) == answer[0]
        return answer

    monkeypatch.setattr(driver, "step", watched)


MEANT = {
    "FLW011",  # nodes that only an order reaches, or none at all
    "FLW014",  # a question that is come back to with nothing left to ask
    "FLW026",  # a language without a text
    "FLW050",  # a language of a node that the flow has not
    "SLT006",  # a sensitive value that goes where it must not
}
"""Errors that tests have their flows make: the engine holds where the checker would have warned."""


def read(path):
    """The flow in a file; the rules find nothing in it but what is meant."""
    reading = examine_file(path)
    assert reading.loaded is not None
    assert [d.message for d in errors(check_reading(reading)) if d.code not in MEANT] == []
    return reading.loaded.flow


def plan_of(place, text, flows, tools, *, pipecat=False, rate=30, cast=None):
    """A flow with its subflows, made ready to run."""

    def flow(name, body, start):
        (place / f"{name}.yaml").write_text(start + "initial_node: a\n" + textwrap.dedent(body))
        return read(place / f"{name}.yaml")

    return compile_plan(
        flow("test", text, "" if pipecat else "flow: test\n"),
        personality=NEUTRAL,
        slot_types=TYPES,
        tools={name: tool_double(name, rate) for name in tools},
        flows={name: flow(name, other, f"flow: {name}\n") for name, other in flows.items()},
        cast=cast,
    )


@pytest.fixture(scope="session")
def planned():
    """What makes plans, for tests that drive one plan many times."""
    return plan_of


@pytest.fixture
def drive(tmp_path):
    def build(text: str, *, tools=None, flows=None, start=True, pipecat=False, rate=30, cast=None, **script) -> Driver:
        doubles = tools or {}
        plan = plan_of(tmp_path, text, flows or {}, doubles, pipecat=pipecat, rate=rate, cast=cast)
        call = Driver(plan, tools={name: double for name, double in doubles.items() if double}, **script)
        return call.start() if start else call

    return build


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A conversation for each example of a law."""
    path = tmp_path_factory.mktemp("laws") / "test.yaml"

    def build(text: str, *, start=True, **script) -> Driver:
        path.write_text("flow: test\ninitial_node: a\n" + textwrap.dedent(text))
        call = Driver(compile_plan(read(path), personality=NEUTRAL, slot_types=TYPES), **script)
        return call.start() if start else call

    return build
