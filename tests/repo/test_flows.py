"""The example flows: they check without a word, name their schemas, and show every key of Pipecat's FlowConfig."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pipecat.flows import Flow, FlowConfig
from pydantic import BaseModel

from framework.documents import read
from framework.flows import model
from framework.flows.load import load

ROOT = Path(__file__).resolve().parents[2]
OURS = sorted((ROOT / "flows").glob("*.yaml"))
COMPAT = sorted(path for path in (ROOT / "flows/compat").iterdir() if path.suffix in (".yaml", ".json"))
NAMED = [
    *OURS,
    *sorted((ROOT / "personalities").glob("*.yaml")),
    *sorted((ROOT / "stacks").glob("*.yaml")),
    ROOT / "convo.yaml",
]

OF_THIS_MACHINE = {"STK004", "STK005", "STK006"}
"""Keys that are not set, packages that are not installed, models that are not prepared."""


def test_everything_that_comes_along_checks_without_a_word():
    told = subprocess.run(
        [sys.executable, "-m", "framework", "check", "--strict", "--format", "json"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    said = json.loads(told.stdout)["diagnostics"]
    assert [each for each in said if each["code"] not in OF_THIS_MACHINE] == [], told.stderr


def test_the_smallest_flow_has_four_lines():
    lines = (ROOT / "flows/hello.yaml").read_text("utf-8").splitlines()
    assert len([line for line in lines if not line.startswith("#")]) == 4


@pytest.mark.parametrize("path", NAMED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_each_file_names_a_schema_that_it_fits(path: Path):
    text = path.read_text("utf-8")
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
    assert named, "the first line names the schema"
    schema = json.loads((path.parent / named[1]).read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(read(path, ROOT).value)


def test_intents_have_at_least_four_examples():
    for path in OURS:
        for name, node in read(path, ROOT).value["nodes"].items():
            routes = node.get("next", [])
            for route in routes if isinstance(routes, list) else [routes]:
                if isinstance(route, dict) and "intent" in route:
                    assert len(route["examples"]) >= 4, f"{path.name}: {name}"


@pytest.mark.parametrize("path", COMPAT, ids=lambda path: path.name)
def test_pipecat_itself_loads_them_with_their_handlers(path: Path):
    Flow(FlowConfig.from_file(path), handlers=handlers())


def handlers() -> dict[str, Any]:
    """The functions beside the files, by name."""
    found: dict[str, Any] = {}
    source = ROOT / "flows/compat/handlers.py"
    exec(compile(source.read_text("utf-8"), str(source), "exec"), found)
    return {name: value for name, value in found.items() if not name.startswith("_")}


def test_there_are_at_least_six_and_together_they_use_every_key():
    assert len(COMPAT) >= 6
    used = {pair for path in COMPAT for pair in keys(FlowConfig.from_file(path).model_dump(exclude_unset=True))}
    models = {
        "flow": FlowConfig, "node": FlowConfig.Node, "function": FlowConfig.Function, "branch": FlowConfig.Branch,
        "message": FlowConfig.Message, "action": FlowConfig.Action,
    }  # fmt: skip
    known = {(kind, key) for kind, model in models.items() for key in model.model_fields}
    assert known - used == set()
    assert {("action", "text"), ("action", "append_text_to_context")} <= used
    assert {"append", "reset"} <= {
        node.context_strategy for path in COMPAT for node in FlowConfig.from_file(path).nodes.values()
    }


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, dict[str, int]]]:
    """What `convo test` sees of each flow: kind → name → how often."""
    kept = tmp_path_factory.mktemp("coverage") / "coverage.json"
    told = subprocess.run(
        [sys.executable, "-m", "framework", "test", "--coverage-json", str(kept), "--fail-under", "100"],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout + told.stderr
    found: dict[str, dict[str, dict[str, int]]] = json.loads(kept.read_text("utf-8"))
    return found


@pytest.mark.timeout(300)  # whichever of the two is first plays all scenarios
def test_scenarios_see_all_of_every_flow(seen: dict[str, Any]):
    assert set(seen) == {load(path).flow.flow for path in (*OURS, *COMPAT)}
    unseen = [
        (flow, kind, name)
        for flow in seen
        for kind in seen[flow]
        for name, hits in seen[flow][kind].items()
        if not hits
    ]
    assert unseen == []


@pytest.mark.timeout(300)
def test_every_key_of_the_language_is_in_a_flow_that_scenarios_see(seen: dict[str, Any]):
    flows = [flow for path in (*OURS, *COMPAT) if (flow := load(path).flow).flow in seen]
    used = {key for flow in flows for key in written(flow)}
    known = {
        (kind.__name__, name)
        for kind in vars(model).values()
        if isinstance(kind, type) and issubclass(kind, BaseModel) and kind.__module__ == model.__name__
        for name, field in kind.model_fields.items()
        if not field.exclude
    }
    assert len(known) > 100
    assert known - used == set()


def written(value: Any) -> Iterator[tuple[str, str]]:
    """Pairs of a model and a key of it that a file has."""
    if isinstance(value, BaseModel):
        for name in value.model_fields_set:
            yield type(value).__name__, name
            yield from written(getattr(value, name))
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from written(each)


def keys(flow: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Pairs of what a mapping is and a key that it has."""
    yield from (("flow", key) for key in flow)
    for function in flow.get("global_functions", []):
        yield from function_keys(function)
    for node in flow["nodes"].values():
        yield from (("node", key) for key in node)
        yield from (("message", key) for message in node["task_messages"] for key in message)
        for function in node.get("functions", []):
            yield from function_keys(function)
        for when in ("pre_actions", "post_actions"):
            yield from (("action", key) for action in node.get(when, []) for key in action)


def function_keys(function: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The same for a function and its branch."""
    yield from (("function", key) for key in function)
    if isinstance(function.get("transition_to"), dict):
        yield from (("branch", key) for key in function["transition_to"])
