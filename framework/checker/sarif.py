"""Diagnostics as SARIF 2.1.0, for code scanning and for editors that read it."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from framework.checker import codes
from framework.documents import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from framework.documents import Diagnostic, Edit, Span

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render_sarif(diagnostics: Iterable[Diagnostic]) -> str:
    """One run of the checker: its rules with help and links, and a result for each diagnostic.

    Files are named relative to the working directory, as `%SRCROOT%`, where they are below it.
    """
    found = list(diagnostics)
    named = sorted({problem.code for problem in found})
    run = {
        "tool": {"driver": {**_driver(), "rules": [_rule(code) for code in named]}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(problem, named.index(problem.code)) for problem in found],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _driver() -> dict[str, Any]:
    try:
        number = version("convo-framework")
    except PackageNotFoundError:
        number = "0"
    return {"name": "convo check", "version": number, "informationUri": codes.MANUAL}


def _rule(code: str) -> dict[str, Any]:
    known = codes.explain(code)
    sentence = known.sentence[:1].upper() + known.sentence[1:]
    shown = f"{sentence}\n\n{known.examples}".strip()
    return {
        "id": code,
        "shortDescription": {"text": sentence},
        "help": {"text": shown, "markdown": codes.as_markdown(known)},
        "helpUri": known.link,
    }


def _result(problem: Diagnostic, rule: int) -> dict[str, Any]:
    text = f"{problem.message[:1].upper()}{problem.message[1:]}"
    result: dict[str, Any] = {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": LEVELS[problem.severity],
        "message": {"text": f"{text} {problem.fix}".strip()},
        "locations": [_location(problem.span)],
    }
    if problem.edit is not None:
        result["fixes"] = [_fix(problem, problem.edit)]
    return result


def _location(span: Span) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": _artifact(span), "region": _region(span)}}


def _fix(problem: Diagnostic, edit: Edit) -> dict[str, Any]:
    replacement = {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}
    change = {"artifactLocation": _artifact(edit.span), "replacements": [replacement]}
    return {"description": {"text": problem.fix or problem.message}, "artifactChanges": [change]}


def _artifact(span: Span) -> dict[str, str]:
    path = Path(span.file)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    if path.is_absolute() or ".." in path.parts:
        return {"uri": path.resolve().as_uri()}
    return {"uri": quote(path.as_posix()), "uriBaseId": "%SRCROOT%"}


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
