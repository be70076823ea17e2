"""Diagnostics as commands of GitHub's workflows, which shows them beside the lines of a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.documents import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from framework.documents import Diagnostic

COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
IN_TEXT = {"%": "%25", "\r": "%0D", "\n": "%0A"}
IN_VALUES = {**IN_TEXT, ":": "%3A", ",": "%2C"}


def render_annotations(diagnostics: Iterable[Diagnostic]) -> str:
    """One line for each diagnostic: `::error file=…,line=…,col=…,title=…::message`."""
    return "\n".join(_line(problem) for problem in diagnostics)


def _line(problem: Diagnostic) -> str:
    span = problem.span
    values: dict[str, object] = {"file": span.file, "line": span.line, "endLine": span.end_line, "col": span.column}
    if span.line == span.end_line:  # GitHub refuses columns across lines
        values["endColumn"] = span.end_column
    values["title"] = problem.code
    said = ",".join(f"{name}={_escaped(str(value), IN_VALUES)}" for name, value in values.items())
    message = _escaped(f"{problem.message} {problem.fix}".strip(), IN_TEXT)
    return f"::{COMMANDS[problem.severity]} {said}::{message}"


def _escaped(text: str, signs: dict[str, str]) -> str:
    return "".join(signs.get(char, char) for char in text)
