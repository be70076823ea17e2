"""Conversations on a scripted driver, as transcripts; the flows are the shipped ones and small ones of the tests' own."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from framework.engine import effects
from framework.engine.compiler import compile_plan
from framework.flows.load import examine_file
from framework.personalities import NEUTRAL
from framework.plugins.tools import Tool
from framework.sessions.events import iso
from framework.slots.plugin import BUILT_IN
from framework.story.transcript import transcript
from framework.testing.driver import Driver

ROOT = Path(__file__).parents[3]
TYPES = {kind.name: kind for kind in BUILT_IN}


async def anything(**_arguments: object) -> dict[str, object]:
    """Do anything."""
    return {}


def tool_double(name):
    return Tool(name=name, description="", function=anything, parameters={"type": "object", "properties": {}})


def tools_of(flow):
    named = {node.run for node in flow.nodes.values() if node.run}
    for node in flow.nodes.values():
        named |= {use if isinstance(use, str) else use.name for use in node.tools}
        named |= {function.name for function in node.functions if not function.transition_only}
    return {name: tool_double(name) for name in named}


@pytest.fixture(scope="session")
def plan_of():
    """Compiles a flow from its file; subflows lie beside it."""

    def build(path, **others):
        flow = examine_file(path).loaded.flow
        flows = {name: examine_file(other).loaded.flow for name, other in others.items()}
        tools = tools_of(flow)
        return compile_plan(flow, personality=NEUTRAL, slot_types=TYPES, tools=tools, flows=flows)

    return build


@pytest.fixture
def plan(tmp_path, plan_of):
    """Compiles a flow from text."""

    def build(text, name="test", **others):
        (tmp_path / f"{name}.yaml").write_text(f"flow: {name}\ninitial_node: a\n" + textwrap.dedent(text))
        for other, body in others.items():
            (tmp_path / f"{other}.yaml").write_text(f"flow: {other}\ninitial_node: a\n" + textwrap.dedent(body))
        return plan_of(tmp_path / f"{name}.yaml", **{other: tmp_path / f"{other}.yaml" for other in others})

    return build


@pytest.fixture(scope="session")
def driver():
    """A scripted conversation."""

    def build(plan, *, tools=None, model=None, router=None):
        given = {key: value for key, value in {"model": model, "router": router}.items() if value is not None}
        return Driver(plan, tools=tools or {}, **given)

    return build


@pytest.fixture(scope="session")
def told():
    """What a driver's conversation would have printed with `--json`."""

    def lines(driver, session="s1"):
        found = []
        for happened, wanted in driver.record:
            for effect in wanted:
                if isinstance(effect, effects.Emit):
                    found.append(
                        {
                            "id": f"e{len(found)}",
                            "type": effect.type,
                            "time": iso(happened.at),
                            "session": session,
                            "flow": driver.plan.flow,
                            "data": effect.data,
                        }
                    )
        return found

    return lines


@pytest.fixture(scope="session")
def recorded(told):
    """A driver's conversation as a transcript."""
    return lambda driver: transcript(told(driver))
