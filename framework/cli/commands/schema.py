"""Print the JSON Schema of the file formats."""

from __future__ import annotations

import json
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from framework.errors import UserError

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


def schema(
    kind: Annotated[Kind, typer.Argument(help="Which kind of file.")],
    project: Annotated[
        bool, typer.Option("--project", help="With this project's tools, slot types, personalities and other names.")
    ] = False,
    flow: Annotated[
        str | None, typer.Option("--flow", metavar="FLOW", help="With the nodes and slots of this flow only.")
    ] = None,
    plugins: Annotated[
        list[Path] | None, typer.Option("--plugins", metavar="DIR", help="One more folder with plugins; repeatable.")
    ] = None,
) -> None:
    """Print the JSON Schema of flows, personalities, stacks, scenarios or `convo.yaml`.

    Editors complete and check files by it. Name it in the first line of a file:
    `# yaml-language-server: $schema=schema/flow.schema.json`

    With `--project` the schema of flows knows the project's own tools with their arguments, slot types with their
    options, personalities, stacks, flows and transfers, and takes no others; nodes, slots, events and interrupts of
    all its flows are suggested. With `--flow` they are those of one flow, and the only ones.

    Examples:

    - `convo schema flow > schema/flow.schema.json`
    - `convo schema flow --project > schema/flow.schema.json` is for the flows of a project.
    - `convo schema flow --flow clinic` is for one of them.
    - `convo schema convo`
    """
    if (project or flow) and kind is not Kind.flow:
        raise UserError("`--project` and `--flow` are for flows.", fix=f"Write `convo schema {kind.value}`.")
    told = of_project(flow, tuple(plugins or ())) if project or flow else made(kind.value)
    print(json.dumps(told, indent=2, ensure_ascii=False))


def of_project(flow: str | None = None, plugins: tuple[Path, ...] = ()) -> dict[str, Any]:
    """The schema of the flows of the working directory's project, or of one of them."""
    from framework.documents import read  # noqa: PLC0415 - only where it is used
    from framework.flows.schema import project_schema  # noqa: PLC0415 - only where it is used
    from framework.flows.vocabulary import flows_of, vocabulary  # noqa: PLC0415 - only where it is used
    from framework.plugins.host import PluginHost  # noqa: PLC0415 - only where it is used
    from framework.project import Project  # noqa: PLC0415 - only where it is used

    here = Project.find(plugins=plugins, strict=False)
    sources = [read(here.flow_path(flow), here.root)] if flow else flows_of(here)
    known = vocabulary(here, PluginHost.load(here)).with_flows(sources)
    return project_schema(known, one_flow=flow is not None)


def made(kind: str) -> dict[str, Any]:
    """The schema of a kind of file, with the keys as they are written."""
    from framework.flows import schema as schemas  # noqa: PLC0415 - only where it is used

    if kind == "flow":
        return schemas.flow_schema()
    module, name = MODELS[kind]
    return schemas.schema(getattr(import_module(module), name), name.removesuffix("Model").removesuffix("File"))
