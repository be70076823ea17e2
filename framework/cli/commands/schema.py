"""Print the JSON Schema of the file formats."""

from __future__ import annotations

import json
from enum import StrEnum
from importlib import import_module
from typing import Annotated, Any

import typer

MODELS = {
    "flow": ("framework.flows.model", "Flow"),
    "personality": ("framework.personalities.model", "Personality"),
    "stack": ("framework.services.model", "StackModel"),
    "scenario": ("framework.simulator.scenario", "ScenarioFile"),
    "convo": ("framework.project.model", "ProjectFile"),
}
"""Kind of file → the model that reads it."""


class Kind(StrEnum):
    """A kind of file."""

    flow = "flow"
    personality = "personality"
    stack = "stack"
    scenario = "scenario"
    convo = "convo"


def schema(kind: Annotated[Kind, typer.Argument(help="Which kind of file.")]) -> None:
    """Print the JSON Schema of flows, personalities, stacks, scenarios or `convo.yaml`.

    Editors complete and check files by it. Name it in the first line of a file:
    `# yaml-language-server: $schema=schema/flow.schema.json`

    Examples:

    - `convo schema flow > schema/flow.schema.json`
    - `convo schema convo`
    """
    print(json.dumps(made(kind.value), indent=2, ensure_ascii=False))


def made(kind: str) -> dict[str, Any]:
    """The schema of a kind of file, with the keys as they are written."""
    from framework.flows import schema as schemas  # noqa: PLC0415 - only where it is used

    if kind == "flow":
        return schemas.flow_schema()
    module, name = MODELS[kind]
    return schemas.schema(getattr(import_module(module), name), name.removesuffix("Model").removesuffix("File"))
