"""A project and a few plugins for flows under test."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

import pytest
from pydantic import BaseModel

from framework.flows.check import check
from framework.plugins.actions import Actions, action
from framework.plugins.registry import Registry
from framework.plugins.tools import Tools, tool
from framework.project import Project
from framework.slots import BUILT_IN


@tool
async def now(city: str, days: int = 1) -> dict[str, str]:
    """Say what the weather is like in a city."""
    await asyncio.sleep(0)
    return {"city": city, "days": str(days)}


class Words:
    """A router that knows words, not meanings."""

    def score(self, text: str, phrases: list[str]) -> list[float]:
        found = [(set(text.lower().split()), set(phrase.lower().split())) for phrase in phrases]
        return [len(one & other) / min(len(one), len(other)) + 0.1 for one, other in found]


class Sky(BaseModel):
    """What is above."""

    sky: Literal["clear", "cloudy"]
    degrees: float


@tool
async def sky(city: str = "Ulm") -> Sky:
    """Look up."""
    await asyncio.sleep(0)
    return Sky(sky="clear", degrees=len(city))


@action
async def write(text: str = "") -> None:
    """Write something down."""


def plugins() -> SimpleNamespace:
    tools, actions, slot_types = Tools("tool", owner="weather"), Actions("action", owner="notes"), Registry("slot type")
    tools.add(now)
    tools.add(sky)
    actions.add(write)
    for slot_type in BUILT_IN:
        slot_types.add(slot_type)
    router = SimpleNamespace(builder=lambda: lambda _context: Words())
    services = {"router.semantic": router, "stt.moonshine": SimpleNamespace(languages=("en",), others="")}
    return SimpleNamespace(services=services, tools=tools, actions=actions, slot_types=slot_types)


PROJECT = """\
bots: {spoken: {flow: spoken}}
transfers: {frontdesk: "+15550100000"}
"""

IDENTIFY = """\
flow: identify
inputs: [reason]
outputs: [name, known]
slots:
  reason: {type: enum, values: [billing, support]}
  name: {type: person_name, prompt: "{{ slots.reason }}, then. Who is calling?"}
  known: boolean
initial_node: ask
nodes:
  ask: {collect: [name, known], next: [{outcome: done, end: identified}, {else: leave}]}
  leave: {say: Never mind., end: unknown}
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "convo.yaml").write_text(PROJECT)
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "identify.yaml").write_text(IDENTIFY)
    (tmp_path / "personalities").mkdir()
    (tmp_path / "personalities" / "ava.yaml").write_text("personality: ava\nlanguages: [en, es]\n")
    return Project.find(tmp_path)


@pytest.fixture
def diagnose(tmp_path: Path, project: Project):
    """Check a text as a flow file, plugins and all."""

    def run(text: str, name: str = "x.yaml", *, structure: bool = False):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return check(path, project=project, host=None if structure else plugins())

    return run
