"""Play scenarios against flows and report what was expected and what happened."""

# ruff: noqa: PT028 - the command is called `test`, and is none

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from framework.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from framework.simulator.load import Case
    from framework.simulator.play import Result
    from framework.simulator.stage import Stage
    from framework.simulator.suite import Found

WHOLE = 100.0


def test(
    paths: Annotated[list[Path] | None, typer.Argument(metavar="[PATH]…", help="Scenario files or folders.")] = None,
    *,
    only: Annotated[str, typer.Option("-k", metavar="TEXT", help="Play only scenarios with this in their name.")] = "",
    fail_fast: Annotated[bool, typer.Option("--fail-fast", "-x", help="Stop at the first failure.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print every conversation.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print each scenario as a line of JSON, with events.")
    ] = False,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the results as JUnit XML.")] = None,
    coverage: Annotated[bool, typer.Option("--coverage", help="Say how much of the flows was seen.")] = False,
    coverage_json: Annotated[
        Path | None, typer.Option("--coverage-json", metavar="FILE", help="Write it as JSON, for `convo graph`.")
    ] = None,
    fail_under: Annotated[
        float, typer.Option("--fail-under", metavar="N", min=0, max=100, help="Fail when less than N % was seen.")
    ] = 0.0,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="How many processes; by itself as it pays.")
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Play against the project's bots and their models, by text, in real time.")
    ] = False,
    voice: Annotated[
        bool, typer.Option("--voice", help="The same by voice: the scenario is spoken, and the bot is listened to.")
    ] = False,
    generate: Annotated[
        str | None, typer.Option("--generate", metavar="FLOW", help="Write scenarios that see all of a flow.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to; standard output if absent.")
    ] = None,
    handlers: Annotated[
        str, typer.Option(metavar="MODULE", help="With `--generate`: the functions of a Pipecat FlowConfig.")
    ] = "",
    record: Annotated[
        bool, typer.Option("--record", help="Call the real tools where answers are `recorded`, and note them.")
    ] = False,
) -> None:
    """Play the scenarios of a project, and say what was expected and what happened.

    Without a path these are the files in `flows/tests`. Everything around the engine is scripted: the person by the
    scenario, tools by its mocks, the model by rules, and the clock is virtual, so that the same files give the same
    answer every time, thousands of turns a second. Long runs are shared out among processes.

    `--live` and `--voice` play the same files through Pipecat's eval harness against a runner of this project, with the
    stacks of its bots and the real tools; expectations that only the engine could answer are left out and counted.

    `--generate FLOW` searches for ways through a flow that see every node, route, interrupt, rung and timer and all
    outcomes of tools, and writes them as scenarios, as few as can be. What can't be reached is said with why.

    `--coverage` counts nodes, routes, interrupts, rungs of ladders, timers and outcomes of tools that were seen in the
    flows of these scenarios. `--coverage-json` writes
    `{flow: {nodes: {name: hits}, routes: {"node/index": hits}, interrupts, rungs, timers, tools}}`.

    Exit code: 0 when all passed, 1 when something failed or less than `--fail-under` was seen, 2 when a file is wrong
    or there was nothing to play.

    Examples:

    - `convo test` plays everything.
    - `convo test flows/tests/clinic.yaml -k books -v` plays a part of it and prints the conversations.
    - `convo test --generate clinic -o flows/tests/clinic-ways.yaml` writes scenarios.
    - `convo test --coverage --fail-under 100 --junit report.xml` is for CI.
    """
    from framework.simulator import suite  # noqa: PLC0415 - only where it is used

    if generate is not None:
        raise typer.Exit(_generate(generate, output, handlers))
    began = time.perf_counter()
    found, stage = _found(paths or [])
    cases = [case for case in found.cases if only.casefold() in case.name.casefold()]
    if found.cases and not cases:
        raise UserError(f"no scenario has `{only}` in its name", fix="`convo test -v` prints their names.")
    if not cases:
        fix = (
            "Write them in `flows/tests`, or have them written: `convo test --generate FLOW -o flows/tests/FLOW.yaml`."
        )
        raise UserError("there are no scenarios to play", fix=fix)
    with _progress(len(cases), quiet=as_json) as step:
        hears = Listener(step, verbose=verbose, as_json=as_json, fail_fast=fail_fast)
        if live or voice:
            from framework.simulator import live as evaluation  # noqa: PLC0415 - only where it is used

            results = evaluation.run(cases, stage, voice=voice, on_result=hears)
        elif record:
            results = suite.record(cases, stage, hears)
        else:
            results = suite.run(cases, stage, jobs=jobs, on_result=hears, events=as_json)
    _write(results, junit)
    enough = _coverage(results, cases, stage, told=coverage, file=coverage_json, fail_under=fail_under, quiet=as_json)
    if not as_json:
        conclude(results, time.perf_counter() - began, live=live or voice)
    raise typer.Exit(int(any(result.failures for result in results) or not enough))


def _generate(flow: str, output: Path | None, handlers: str) -> int:
    from framework.cli.talking import progress  # noqa: PLC0415 - only where it is used
    from framework.project import Project  # noqa: PLC0415 - only where it is used
    from framework.simulator.generate import generate  # noqa: PLC0415 - only where it is used
    from framework.simulator.stage import Stage  # noqa: PLC0415 - only where it is used

    project = Project.find()
    with progress("Looking for ways …"):
        made = generate(project.flow_path(flow), Stage(project), handlers=handlers)
    if output is None:
        print(made.as_yaml(), end="")
    else:
        _save(output, made.as_yaml())
    seen = len(made.there) - len(made.unreached)
    many = f"{len(made.scenarios)} scenario{'' if len(made.scenarios) == 1 else 's'}"
    print(f"{many}: {seen} of {len(made.there)} things in `{made.flow}` are seen.", file=sys.stderr)
    for (_, kind, name), why in made.unreached:
        print(f"  not reached: {kind} {name}: {why}", file=sys.stderr)
    return 0


def _found(paths: Sequence[Path]) -> tuple[Found, Stage]:
    from framework import log  # noqa: PLC0415 - only where it is used
    from framework.documents import DocumentError, Severity, render_text  # noqa: PLC0415 - only where it is used
    from framework.project import Project  # noqa: PLC0415 - only where it is used
    from framework.simulator import suite  # noqa: PLC0415 - only where it is used
    from framework.simulator.stage import Stage  # noqa: PLC0415 - only where it is used

    log.set_up()
    project = Project.find()
    found = suite.find(paths, project)
    if any(one.severity is Severity.ERROR for one in found.diagnostics):
        raise DocumentError(found.diagnostics, found.texts)
    if found.diagnostics:
        print(render_text(found.diagnostics, found.texts), file=sys.stderr)
    return found, Stage(project)


class Listener:
    """Tells each result as it comes."""

    def __init__(self, step: Callable[[str], None], *, verbose: bool, as_json: bool, fail_fast: bool) -> None:
        self._step = step
        self._verbose = verbose
        self._json = as_json
        self._fail_fast = fail_fast

    def __call__(self, result: Result) -> bool:
        """Tell one; False when the rest need not be played."""
        from framework.simulator.report import failed  # noqa: PLC0415 - only where it is used

        self._step(result.name)
        if self._json:
            print(json.dumps(as_line(result), ensure_ascii=False), flush=True)
        elif result.failures:
            print(failed(result))
        elif self._verbose:
            print("\n".join((f"{result.name}:", *(f"  {line}" for line in result.transcript))))
        return not (self._fail_fast and result.failures)


def as_line(result: Result) -> dict[str, Any]:
    """A result as one JSON object."""
    failures = [
        {"line": one.line, "expected": one.expected, "happened": one.happened, "path": list(one.path)}
        for one in result.failures
    ]
    return {
        "scenario": result.name,
        "file": result.file,
        "passed": result.passed,
        "skipped": result.skipped or None,
        "failures": failures,
        "unjudged": result.unjudged,
        "events": list(result.events),
    }


@contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[Callable[[str], None]]:
    """A bar on standard error, where that is a terminal."""
    from rich.console import Console  # noqa: PLC0415 - weight is carried when needed

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda _: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415 - as above

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda name: bar.update(task, advance=1, description=name)


def _write(results: Sequence[Result], junit: Path | None) -> None:
    if junit is None:
        return
    from framework.simulator.junit import junit as written  # noqa: PLC0415 - only where it is used

    _save(junit, written(results))


def _coverage(
    results: Sequence[Result],
    cases: Sequence[Case],
    stage: Stage,
    *,
    told: bool,
    file: Path | None,
    fail_under: float,
    quiet: bool,
) -> bool:
    """Count, tell and write what was seen; False when it was not enough."""
    if not (told or file or fail_under):
        return True
    from framework.simulator.coverage import covered  # noqa: PLC0415 - only where it is used

    counted = covered(results, cases, stage)
    if file is not None:
        _save(file, json.dumps(counted.as_json(), indent=2, ensure_ascii=False) + "\n")
    if told and not quiet:
        _tell(counted)
    share = counted.share() * WHOLE
    if share + 1e-9 >= fail_under:
        return True
    print(f"Seen is {share:.1f} %, and {fail_under:g} % is asked for.", file=sys.stderr)
    return False


def _tell(counted: Any) -> None:
    from rich.console import Console  # noqa: PLC0415 - weight is carried when needed

    from framework.cli.showing import table  # noqa: PLC0415 - weight is carried when needed
    from framework.simulator.coverage import KINDS, rows  # noqa: PLC0415 - only where it is used
    from framework.simulator.report import missing  # noqa: PLC0415 - only where it is used

    Console().print(table(list(rows(counted)), ("flow", *KINDS, "covered"), whole=("flow", "covered")))
    for line in missing(counted):
        print(line)


def conclude(results: Sequence[Result], seconds: float, *, live: bool = False) -> None:
    """Say what was skipped, and how many passed."""
    from framework.simulator.report import summary, unjudged  # noqa: PLC0415 - only where it is used

    for result in results:
        if result.skipped:
            print(f"skipped {result.name}: {result.skipped}")
    if told := unjudged(results, live=live):
        print(told)
    print(summary(results, seconds))


def _save(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as wrong:
        raise UserError(f"`{path}` can't be written: {wrong.strerror}") from None
