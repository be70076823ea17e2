"""Print diagnostics for people (with the offending line) or for machines (JSON)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from framework.documents.diagnostics import Diagnostic, Span
    from framework.documents.source import Source

BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What YAML takes for the end of a line."""

WIDEST = 160
"""Longer lines are cut around the problem."""


def render_text(diagnostics: Iterable[Diagnostic], sources: Iterable[Source] | Mapping[str, str] = ()) -> str:
    """The diagnostics for people: place, line, caret, sentence, remedy."""
    texts = sources if isinstance(sources, Mapping) else {f: t for s in sources for f, t in s.texts.items()}
    lines = {file: BREAK.split(text) for file, text in texts.items()}
    return "\n".join(_block(diagnostic, lines.get(diagnostic.span.file)) for diagnostic in diagnostics)


def render_json(diagnostics: Iterable[Diagnostic]) -> str:
    """The diagnostics for programs: one object with the list `diagnostics`."""
    return json.dumps({"diagnostics": [as_json(d) for d in diagnostics]}, indent=2, ensure_ascii=False)


def as_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """One diagnostic as plain data; lines and columns count from 1, ends are exclusive, `edit` may be null."""
    edit = diagnostic.edit
    return {
        **_place(diagnostic.span),
        "severity": diagnostic.severity.value,
        "code": diagnostic.code,
        "message": diagnostic.message,
        "fix": diagnostic.fix,
        "edit": {**_place(edit.span), "text": edit.text} if edit else None,
    }


def _place(span: Span) -> dict[str, Any]:
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


def _block(diagnostic: Diagnostic, lines: list[str] | None) -> str:
    span = diagnostic.span
    head = f"{span.file}:{span.line}:{span.column}: {diagnostic.severity} {diagnostic.code}"
    remedy = [f"     = {diagnostic.fix}"] if diagnostic.fix else []
    shown = lines[span.line - 1] if lines and span.line <= len(lines) else ""
    if not shown.strip():
        return "\n".join([head, f"       {diagnostic.message}", *remedy])
    shown, column = _window(shown, span.column)
    body = [f"{span.line:4} | {shown}", f"{' ' * (column + 6)}^ {diagnostic.message}"]
    return "\n".join([head, *body, *remedy])


def _window(line: str, column: int) -> tuple[str, int]:
    """A line, or the part of a long one around the column; what a terminal would act on is replaced."""
    safe = "".join(c if c.isprintable() else ("\ufffd" if c != "\t" else " ") for c in line)
    if len(safe) <= WIDEST:
        return safe, column
    begin = max(0, min(column - WIDEST // 2, len(safe) - WIDEST))
    return safe[begin : begin + WIDEST], column - begin
