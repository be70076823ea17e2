"""Write a flow in another format, as far as it fits."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from framework.cli.rewriting import deliver
from framework.flows.load import load
from framework.project import Project

app = typer.Typer(no_args_is_help=True, help="Write a flow in another format, as far as it fits.")


class Form(StrEnum):
    """What a FlowConfig is written in."""

    yaml = "yaml"
    json = "json"


@app.callback()
def export() -> None:
    """Write a flow in another format, as far as it fits; what doesn't is listed with its place."""


@app.command()
def pipecat(
    flow: Annotated[str, typer.Argument(metavar="FLOW", help="A flow's name, or its file.")],
    *,
    out: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to this file, not to standard output.")
    ] = None,
    form: Annotated[
        Form | None, typer.Option("--format", help="What it is written in; else by the ending of the output.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one object: `text` and `remarks`.")] = False,
) -> None:
    """Write a flow as Pipecat's FlowConfig.

    What fits are nodes where a model speaks: `instruct` or `task_messages`, `functions`, routes with `intent` and
    `goto`, Pipecat's actions, `role_message`, `context_strategy`, `respond_immediately`, placeholders that read
    `state`. All else is listed on standard error with its place; the rest is written all the same.

    Exit code: 0 when all of it fits, 1 when something doesn't, 2 when the flow can't be read.

    Examples:

    - `convo export pipecat library -o library.json`
    """
    from framework.flows.exchange.pipecat import exported  # noqa: PLC0415 - only where it is used

    project = Project.find(strict=False)
    in_json = form is Form.json or (form is None and out is not None and out.suffix == ".json")
    deliver(exported(load(project.flow_path(flow)), as_json=in_json), out, as_json=as_json)
