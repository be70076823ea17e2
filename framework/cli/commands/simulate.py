"""Let simulated callers call a flow, and look whether everything holds that must."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from framework.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

PERSONAS = "terse,chatty,mumbling,undecided,hostile,silent"


def simulate(
    flow: Annotated[str, typer.Argument(metavar="FLOW", help="A flow by its name, or a flow's file.")],
    *,
    persona: Annotated[
        list[str] | None, typer.Option("--persona", "-p", metavar="NAME|FILE", help="Who calls; repeatable.")
    ] = None,
    runs: Annotated[int, typer.Option(min=1, help="How many calls of each persona.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Of the first call; each call has the next.")] = 0,
    dead_air: Annotated[
        str, typer.Option("--dead-air", metavar="DURATION", help="How long the bot may keep somebody waiting.")
    ] = "8s",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write calls that went wrong as scenarios.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the report of each persona as a line of JSON.")
    ] = False,
    stack: Annotated[str, typer.Option(help="Whose model plays a persona that has a `goal`.")] = "cloud",
    handlers: Annotated[str, typer.Option(metavar="MODULE", help="The functions of a Pipecat FlowConfig.")] = "",
) -> None:
    """Let simulated callers call a flow, and say how the calls ended and what went wrong.

    Personas in the box are `terse`, `chatty`, `mumbling`, `undecided`, `hostile` and `silent`; without `--persona` all
    of them call. They speak by rules, in virtual time: the same seed is the same call. A persona with a `goal` is
    played by the language model of a stack. Tools answer as the flow's own file in `flows/tests` says for all of its
    scenarios, else with what fits their results, and fail now and then.

    In every call these must hold: `ends` (and nobody is stuck), `progress` (no node is entered again and again while
    nothing changes), `outcomes` (each call of a tool ends once), `errors` (there are none), `dead_air`; and in all
    together `hangs_up`: the bot doesn't end most calls of people who would have gone on.

    Exit code: 0 when everything holds, 1 when something doesn't, 2 when something in the command can be corrected.

    Examples:

    - `convo simulate clinic` lets everybody call a hundred times.
    - `convo simulate clinic -p hostile --runs 1000 -o flows/tests/hostile.yaml` keeps what went wrong.
    - `convo simulate clinic -p grandma.yaml --seed 17 --runs 1` repeats one call.
    """
    from framework import log  # noqa: PLC0415 - only where it is used
    from framework.flows import durations  # noqa: PLC0415 - only where it is used
    from framework.project import Project  # noqa: PLC0415 - only where it is used
    from framework.simulator.callers import load_persona  # noqa: PLC0415 - only where it is used
    from framework.simulator.simulate import simulate as simulated  # noqa: PLC0415 - only where it is used
    from framework.simulator.stage import Stage  # noqa: PLC0415 - only where it is used

    log.set_up()
    try:
        patience_s = durations.parse(dead_air)
    except ValueError as wrong:
        raise UserError(str(wrong)) from None
    project = Project.find()
    stage = Stage(project)
    piece = stage.piece(project.flow_path(flow), handlers=handlers)
    reports = []
    with ExitStack() as opened:
        for name in persona or PERSONAS.split(","):
            who = load_persona(name)
            caller = _model(who, stack, stage, opened) if who.goal is not None else None
            reports.append(simulated(piece, stage, who, runs=runs, seed=seed, dead_air_s=patience_s, caller=caller))
            _tell(reports[-1], as_json=as_json)
    if output is not None:
        _save(output, reports, project)
    raise typer.Exit(int(any(report.broken for report in reports)))


def _model(who: Any, stack: str, stage: Any, opened: ExitStack) -> Callable[[int], Any]:
    """Makes callers that a stack's language model plays."""
    from framework.runtime.inference import Inference  # noqa: PLC0415 - weight is carried when needed
    from framework.services.stacks import load_stack  # noqa: PLC0415 - weight is carried when needed
    from framework.simulator.callers import ModelCaller  # noqa: PLC0415 - only where it is used

    model, _ = load_stack(stage.project.stack_path(stack))
    inference = opened.enter_context(Inference(model, stage.host))
    return lambda _seed: ModelCaller(who, inference.answer)


def _tell(report: Any, *, as_json: bool) -> None:
    from framework.simulator.simulate import told  # noqa: PLC0415 - only where it is used

    if as_json:
        print(json.dumps(report.as_json(), ensure_ascii=False), flush=True)
        return
    for line in told(report):
        print(line, flush=True)


def _save(output: Path, reports: Any, project: Any) -> None:
    """One file, for all personas; nothing is written where nothing went wrong."""
    from framework.simulator.simulate import failing  # noqa: PLC0415 - only where it is used

    text = failing(reports, project)
    if text is None:
        print("Nothing went wrong; no file is written.", file=sys.stderr)
        return
    try:
        output.write_text(text, "utf-8")
    except OSError as wrong:
        raise UserError(f"`{output}` can't be written: {wrong.strerror}") from None
