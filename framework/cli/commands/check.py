"""Read flows, personalities, stacks and `convo.yaml`, and report every problem with its place."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from framework.cli.checking import Checking
from framework.documents import Severity, render_json, render_text

UNREADABLE = {"YML001", "YML002", "YML003"}
"""Codes of files that could not even be read."""


class Form(StrEnum):
    """How problems are printed."""

    text = "text"
    json = "json"


def check(
    paths: Annotated[list[Path] | None, typer.Argument(metavar="[PATH]…", help="Files or folders.")] = None,
    form: Annotated[Form, typer.Option("--format", help="For people, or for programs.")] = Form.text,
    plugins: Annotated[
        list[Path] | None, typer.Option("--plugins", metavar="DIR", help="One more folder with plugins; repeatable.")
    ] = None,
    structure: Annotated[
        bool, typer.Option("--structure", help="Leave out what only installed plugins could answer.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings fail the check, too.")] = False,
) -> None:
    """Check flows, personalities, stacks and `convo.yaml`, and report every problem with its place.

    Files are told apart by what stands in them. In a folder every YAML and JSON file is checked, except those that
    others include. Without a path the whole project is checked: that of the working directory, which the nearest
    `convo.yaml` upwards marks. Nothing is started, and no service is asked.

    With `--format json` one object is printed: `{"diagnostics": [{"file", "line", "column", "severity", "code",
    "message", "fix"}]}`; lines and columns count from 1.

    Exit code: 0 when there is nothing to report, 1 when there are errors (with `--strict` warnings too), 2 when
    nothing could be checked.

    Examples:

    - `convo check` checks the whole project.
    - `convo check flows/clinic.yaml --strict` lets warnings fail.
    - `convo check flows --format json` is for programs.
    - `convo check flow.yaml --structure` needs no plugins.
    """
    checking = Checking(tuple(plugins or ()), structure=structure)
    checking.run(paths or [])
    found = sorted(set(checking.diagnostics))
    if form is Form.json:
        print(render_json(found))
    else:
        if found:
            print(render_text(found, checking.texts))
        print(_summary(checking.files, [d.severity for d in found]))
    unreadable = {d.span.file for d in found if d.code in UNREADABLE}
    if not checking.files or (unreadable and unreadable >= set(checking.files)):
        raise typer.Exit(2)
    failing = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    raise typer.Exit(1 if any(d.severity in failing for d in found) else 0)


def _summary(files: list[str], severities: list[Severity]) -> str:
    many = f"{len(files)} file{'' if len(files) == 1 else 's'}"
    counts = [(severities.count(severity), severity.value) for severity in Severity]
    told = ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts if count)
    return f"{many} checked: {told or 'no problems'}."
