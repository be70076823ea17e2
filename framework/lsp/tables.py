"""Which model describes a kind of file, and which of its keys hold names."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from framework.flows import names
from framework.flows.config import FlowConfig
from framework.flows.graph import verb
from framework.flows.model import Flow
from framework.flows.names import Kind
from framework.flows.schema import docstrings
from framework.personalities.model import Personality
from framework.project.model import Bot, ProjectFile
from framework.services.model import StackModel
from framework.simulator.scenario import Expectation, Finally, Scenario, ScenarioFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from framework.documents import Source

    Field = tuple[type[BaseModel], str]

PROJECT: dict[Field, Kind] = {
    (Bot, "flow"): "flow",
    (Bot, "personality"): "personality",
    (Bot, "stack"): "stack",
    (Bot, "transport"): "transport",
    (ProjectFile, "default_bot"): "bot",
}
PERSONALITY: dict[Field, Kind] = {(Personality, "extends"): "personality"}
SCENARIO: dict[Field, Kind] = {
    (Expectation, "node"): "node",
    (Expectation, "path"): "node",
    (Expectation, "tool"): "tool",
    (Finally, "path"): "node",
    (Finally, "visited"): "node",
    (Finally, "avoided"): "node",
    **{(model, "flow"): "flow" for model in (Scenario, ScenarioFile)},
    **{(model, "personality"): "personality" for model in (Scenario, ScenarioFile)},
}
SCENARIO_KEYS: dict[Field, Kind] = {
    (Expectation, "slots"): "slot",
    (Finally, "slots"): "slot",
    (Finally, "outputs"): "slot",
    (Finally, "tools"): "tool",
    **{(model, "inputs"): "slot" for model in (Scenario, ScenarioFile)},
    **{(model, "tools"): "tool" for model in (Scenario, ScenarioFile)},
    **{(model, "transfers"): "transfer" for model in (Scenario, ScenarioFile)},
}


def model_of(kind: str, source: Source | None = None) -> type[BaseModel]:
    """What describes a kind of file; a flow that is not in our language is a FlowConfig."""
    if kind == "flow" and source is not None and not source.ours:
        return FlowConfig
    others: dict[str, type[BaseModel]] = {
        "personality": Personality,
        "stack": StackModel,
        "project": ProjectFile,
        "scenario": ScenarioFile,
    }
    return others.get(kind, Flow)


def values_of(kind: str) -> Mapping[Field, Kind]:
    """Which keys of a kind of file hold names of what."""
    others: dict[str, dict[Field, Kind]] = {
        "project": PROJECT,
        "personality": PERSONALITY,
        "stack": {},
        "scenario": SCENARIO,
    }
    return others.get(kind, names.VALUES)


def keys_of(kind: str) -> Mapping[Field, Kind]:
    """Which mappings of a kind of file have names for keys."""
    return {"flow": names.KEYS, "scenario": SCENARIO_KEYS}.get(kind, {})


VERBS = ("instruct", "task_messages", "collect", "run", "subflow", "transfer", "wait", "say")


def verb_of(node: Mapping[str, Any]) -> str:
    """What a node does, as far as it is written."""
    told: Any = SimpleNamespace(**{key: node.get(key) for key in VERBS})
    return verb(told)


@cache
def docs_of(model: type[BaseModel]) -> dict[str, str]:
    """Key as it is written → what it means."""
    found = {name: text for base in reversed(model.__mro__) for name, text in docstrings(base).items()}
    return {
        info.alias or name: " ".join((found.get(name) or info.description or "").split())
        for name, info in model.model_fields.items()
        if not info.exclude
    }


def field_at(model: type[BaseModel], path: tuple[str | int, ...]) -> tuple[Any, Field | None]:
    """What may stand at a path below a model, and the model and key that it is the value of.

    The field is None at the top and where nothing is known of the place.
    """
    annotation: Any = model
    field: Field | None = None
    for part in path:
        if isinstance(part, int):
            continue
        inner = names.model_of(annotation)
        if inner is not None:
            known = names.fields(inner)
            if part not in known:
                return Any, None
            annotation, field = known[part], (inner, part)
        else:
            annotation = names.item_of(annotation)
            if annotation is Any:
                return Any, (field[0], "") if field else None
    return annotation, field
