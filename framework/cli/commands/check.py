"""Read flows, personalities, stacks and `convo.yaml`, and report every problem with its place."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from framework.checker import Checking
from framework.documents import Severity, render_json, render_text
from framework.errors import UserError

UNREADABLE = {"YML001", "YML002", "YML003"}
"""Codes of files that could not even be read."""

CLEAR = "\x1b[2J\x1b[3J\x1b[H"


class Form(StrEnum):
    """How problems are printed."""

    text = "text"
    json = "json"
    sarif = "sarif"
    github = "github"


def check(
    paths: Annotated[list[Path] | None, typer.Argument(metavar="[PATH]…", help="Files or folders.")] = None,
    form: Annotated[
        Form, typer.Option("--format", help="For people, for programs, for code scanning, for GitHub's workflows.")
    ] = Form.text,
    plugins: Annotated[
        list[Path] | None, typer.Option("--plugins", metavar="DIR", help="One more folder with plugins; repeatable.")
    ] = None,
    structure: Annotated[
        bool, typer.Option("--structure", help="Leave out what only installed plugins could answer.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings fail the check, too.")] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what is safe to mend, and report the rest.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="With `--fix`: show the changes, and make none.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Check again whenever a file changes, until Ctrl-C.")] = False,
) -> None:
    """Check flows, personalities, stacks and `convo.yaml`, and report every problem with its place.

    Files are told apart by what stands in them. In a folder every YAML and JSON file is checked, except those that
    others include. Without a path the whole project is checked: that of the working directory, which the nearest
    `convo.yaml` upwards marks. Nothing is started, and no service is asked.

    A problem that is meant to be there is ignored by a comment at the end of its line, or on a line of its own above:
    `# convo: ignore FLW012`. `docs/how-to/check.md` tells more of that, of the formats and of `--fix`.

    Exit code: 0 when there is nothing to report, 1 when there are errors (with `--strict` warnings too), 2 when
    nothing could be checked.

    Examples:

    - `convo check` checks the whole project.
    - `convo check flows/clinic.yaml --strict` lets warnings fail.
    - `convo check --fix --diff` shows what `--fix` would change.
    - `convo check --watch` checks again at every change.
    - `convo check --format github` is for a workflow, `--format sarif` for code scanning, `--format json` for programs.
    - `convo check flow.yaml --structure` needs no plugins.
    """
    if diff and not fix:
        raise UserError("`--diff` shows what `--fix` would change.", fix="Write both.")
    if watch and fix:
        raise UserError("`--watch` changes no files.", fix="Leave one of both out.")
    named = paths or []

    def look() -> Checking:
        checking = Checking(tuple(plugins or ()), structure=structure)
        checking.run(named)
        return checking

    if watch:
        _watch(look, Checking(tuple(plugins or ()), structure=structure), named, form)
    if fix:
        raise typer.Exit(_fixed(look, form, strict=strict, diff=diff))
    checking = look()
    _print(checking, form)
    raise typer.Exit(_code(checking, strict=strict))


def _print(checking: Checking, form: Form) -> None:
    found = checking.found
    if form is Form.text:
        shown = [render_text(found, checking.texts)] if found else []
        print("\n".join([*shown, _summary(checking.files, [d.severity for d in found])]))
        return
    from framework.checker.annotations import render_annotations  # noqa: PLC0415 - only where it is used
    from framework.checker.sarif import render_sarif  # noqa: PLC0415 - only where it is used

    render = {Form.json: render_json, Form.sarif: render_sarif, Form.github: render_annotations}[form]
    if told := render(found):
        print(told)


def _code(checking: Checking, *, strict: bool) -> int:
    found = checking.found
    unreadable = {d.span.file for d in found if d.code in UNREADABLE}
    if not checking.files or (unreadable and unreadable >= set(checking.files)):
        return 2
    failing = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    return 1 if any(d.severity in failing for d in found) else 0


def _fixed(look: Callable[[], Checking], form: Form, *, strict: bool, diff: bool) -> int:
    """Mend, or show how; the code is that of what is left, of the files as they then are."""
    from framework.checker.fixing import fix  # noqa: PLC0415 - only where it is used

    before = look()
    done = fix(look)
    if diff:
        print(done.diff(), end="")
        return _code(before, strict=strict)
    done.write()
    _print(done.checking, form)
    if form is Form.text and done.mended:
        print(f"{_counted(done.mended, 'problem')} mended in {_counted(len(done.after), 'file')}.")
    return _code(done.checking, strict=strict)


def _watch(look: Callable[[], Checking], checking: Checking, named: list[Path], form: Form) -> NoReturn:
    """Check, wait for a change, and so on; Ctrl-C ends it."""
    from framework.checker.watching import stamps, wait_for_change, watched  # noqa: PLC0415 - only where it is used
    from framework.plugins.discovery import forget  # noqa: PLC0415 - only where it is used

    while True:
        early = stamps(watched(checking, named))
        checking = look()
        paths = partial(watched, checking, named)
        seen = {path: early.get(path, stamp) for path, stamp in stamps(paths()).items()}
        if sys.stdout.isatty():
            print(CLEAR, end="")
        _print(checking, form)
        print("Waiting for a change; Ctrl-C ends it.", flush=True)
        wait_for_change(paths, seen)
        forget()


def _summary(files: list[str], severities: list[Severity]) -> str:
    counts = [(severities.count(severity), severity.value) for severity in Severity]
    told = ", ".join(_counted(count, word) for count, word in counts if count)
    return f"{_counted(len(files), 'file')} checked: {told or 'no problems'}."


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
