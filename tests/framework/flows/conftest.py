"""A project and a few plugins for flows under test."""

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest

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


@action
async def write(text: str = "") -> None:
    """Write something down."""


def plugins() -> SimpleNamespace:
    tools, actions, slot_types = Tools("tool", owner="weather"), Actions("action", owner="notes"), Registry("slot type")
    tools.add(now)
    actions.add(write)
    for slot_type in BUILT_IN:
        slot_types.add(slot_type)
    return SimpleNamespace(tools=tools, actions=actions, slot_types=slot_types)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "convo.yaml").write_text("bots: {}\n")
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
