"""Write a conversation that breaks a law as a project with a scenario, which `convo test` plays."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

from framework.engine import inputs
from framework.testing.driver import START
from tests.proof.authors import PROJECT
from tests.proof.world import World

ERRORS = (
    "action", "bad_event", "bad_input", "bad_value", "expression", "missing_input", "model", "no_route", "too_deep",
    "too_many_calls", "unknown_slot", "unsettled",
)  # fmt: skip
"""What a flow that is made by chance may run into; none of them breaks a law."""


def write(world: World, why: str, folder: Path) -> Path:
    """The scenario's file; `folder` becomes a project of its own, with the flows and their tools beside it."""
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    tests = folder / "flows" / "tests"
    tests.mkdir(parents=True, exist_ok=True)
    for name, flow in world.case.files.items():
        _dump(flow, folder / "flows" / f"{name}.yaml", [])
    turn: dict[str, Any] = {"happens": [_told(one) for one in world.given]}
    if why.startswith("ends:"):
        turn["expect"] = [{"event": "session.ended"}]
    scenario = {"name": "found", "flow": "main", "turns": [turn], "finally": {"errors": list(ERRORS)}}
    path = tests / "found.yaml"
    _dump(scenario, path, why.splitlines())
    return path


def _told(one: inputs.Input) -> dict[str, Any]:
    value = inputs.encoded(one)
    return {**value, "at": round(value["at"] - START, 6)}


def _dump(value: Any, path: Path, notes: list[str]) -> None:
    said = "".join(f"# {line}\n" for line in notes)
    written = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=110)
    path.write_text(said + written, encoding="utf-8")
