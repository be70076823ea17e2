"""What can be done about a problem: mend it, or ignore it by a comment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from framework.checker.mending import applied
from framework.documents import Diagnostic, Edit, Span
from framework.documents.align import BREAK
from framework.documents.comments import FIRM, comments
from framework.lsp.reading import read_on

if TYPE_CHECKING:
    from framework.lsp.desk import Document


@dataclass(frozen=True)
class Action:
    """One thing to do."""

    title: str
    edits: tuple[Edit, ...]
    problems: tuple[Diagnostic, ...]
    preferred: bool = False
    """It mends; others only hide."""


def actions(document: Document, problems: Sequence[Diagnostic]) -> Iterator[Action]:
    """What can be done about these problems of a document."""
    here = [p for p in problems if p.span.file == str(document.path)]
    for problem in here:
        if problem.edit is not None:
            title = f"Mend {problem.code}: {problem.fix or problem.message}"
            yield Action(title, (problem.edit,), (problem,), preferred=True)
    for problem in here:
        if (edit := _ignoring(document, problem)) is not None:
            yield Action(f"Ignore {problem.code} here", (edit,), (problem,))


def mending(problems: Sequence[Diagnostic]) -> tuple[Edit, ...]:
    """All edits that mend, but for those that meet an earlier one."""
    kept: list[Edit] = []
    for edit in sorted({p.edit for p in problems if p.edit is not None}):
        if not kept or _ends(kept[-1].span) <= (edit.span.line, edit.span.column):
            kept.append(edit)
    return tuple(kept)


def _ends(span: Span) -> tuple[int, int]:
    return span.end_line, span.end_column


def _ignoring(document: Document, problem: Diagnostic) -> Edit | None:
    """The comment at the end of the problem's line; None where no comment can stand, or it would not count."""
    if FIRM.fullmatch(problem.code) or document.path.suffix == ".json":
        return None
    file, line = str(document.path), problem.span.line
    lines = BREAK.split(document.text)
    if line > len(lines):
        return None
    there = next((c for c in comments(document.text, file) if c.span.line == line and c.codes), None)
    if there is not None:
        end = there.span.column + lines[line - 1][there.span.column - 1 :].rindex(there.codes[-1])
        at = Span(file, line, end + len(there.codes[-1]), line, end + len(there.codes[-1]))
        return Edit(at, f", {problem.code}")
    column = len(lines[line - 1].rstrip()) + 1
    edit = Edit(Span(file, line, column, line, column), f"  # convo: ignore {problem.code}")
    return edit if _counts(document, edit, problem) else None


def _counts(document: Document, edit: Edit, problem: Diagnostic) -> bool:
    """True when the comment is read as one, and the file means the same with it."""
    text = applied(document.text, [edit])
    said = comments(text, str(document.path))
    if not any(c.span.line == problem.span.line and problem.code in c.codes for c in said):
        return False
    with_it = read_on(document.path, text)
    return with_it is not None and document.source is not None and with_it.value == document.source.value
