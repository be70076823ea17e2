"""Make a flow of ours out of a file in another format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from framework.cli.rewriting import deliver, foreign

app = typer.Typer(no_args_is_help=True, help="Make a flow out of a file in another format.")

Source = Annotated[Path, typer.Argument(metavar="FILE", help="The file to rewrite.")]
Out = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to this file, not to standard output.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one object: `text` and `remarks`.")]


@app.callback()
def import_() -> None:
    """Make a flow out of a file in another format; what doesn't come along is listed with its place.

    The flow is printed, or written with `-o`; remarks go to standard error. `lost` is what isn't carried over,
    `changed` what means something else or looks otherwise, `still to be done` what the checker says of the result.

    Exit code: 0 when nothing is lost, 1 when something is, 2 when the file can't be read.
    """


@app.command()
def pipecat(file: Source, *, out: Out = None, as_json: AsJson = False) -> None:
    """Rewrite Pipecat's FlowConfig: functions that only lead on become routes, placeholders read `state`.

    Included files and merges are written out, comments above nodes are kept. It behaves the same; functions with code
    stay functions, found as before by `--handlers` or as tools.

    Examples:

    - `convo import pipecat flows/compat/library.yaml -o flows/library.yaml`
    """
    from framework.errors import UserError  # noqa: PLC0415 - only where it is used
    from framework.flows.exchange.pipecat import imported  # noqa: PLC0415 - only where it is used
    from framework.flows.load import load  # noqa: PLC0415 - only where it is used

    loaded = load(file)
    if not loaded.flow.pipecat:
        raise UserError(f"`{file}` is a flow of ours already", fix="Only a file without `flow:` is a FlowConfig.")
    deliver(imported(loaded), out, as_json=as_json)


@app.command()
def dograh(file: Source, *, out: Out = None, as_json: AsJson = False) -> None:
    """Rewrite a workflow of Dograh: its JSON with `nodes` and `edges`.

    Examples:

    - `convo import dograh workflow.json -o flows/support.yaml`
    """
    from framework.flows.exchange.dograh import imported  # noqa: PLC0415 - only where it is used

    deliver(imported(foreign(file)), out, as_json=as_json)


@app.command()
def vapi(file: Source, *, out: Out = None, as_json: AsJson = False) -> None:
    """Rewrite an assistant, a squad or a workflow of Vapi, as its API gives them in JSON.

    Examples:

    - `convo import vapi squad.json -o flows/support.yaml`
    """
    from framework.flows.exchange.vapi import imported  # noqa: PLC0415 - only where it is used

    deliver(imported(foreign(file)), out, as_json=as_json)


@app.command()
def rasa(
    file: Source,
    *,
    domain: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The domain, with slots and responses; else beside the flows.")
    ] = None,
    flow: Annotated[str, typer.Option(help="Which flow of the file; else the first.")] = "",
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Rewrite a flow of Rasa's CALM: `flows.yml`, with the slots and responses of its domain.

    One file of ours is one flow: give the others' names with `--flow`, one after another.

    Examples:

    - `convo import rasa flows.yml --domain domain.yml --flow transfer_money -o flows/transfer_money.yaml`
    """
    from framework.flows.exchange.rasa import imported  # noqa: PLC0415 - only where it is used

    beside = domain or next(
        (path for path in (file.with_name("domain.yml"), file.with_name("domain.yaml")) if path.is_file()), None
    )
    deliver(imported(foreign(file), foreign(beside) if beside else None, flow), out, as_json=as_json)
