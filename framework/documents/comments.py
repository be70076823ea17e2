"""Comments that speak to the checker: find them, leave out what they name, and report those that name nothing.

    greet: {say: hi}  # convo: ignore FLW012

YAML's own scanner says where the texts of a file are, so that a `#` inside one is never taken for a comment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import yaml

from framework.documents.align import BREAK, begins_of, offset_of
from framework.documents.compose import LOADER
from framework.documents.diagnostics import Diagnostic, Edit, Severity, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MARK = "convo:"
FORM = re.compile(r"#\s*convo:\s*(?P<word>\S*)\s*(?P<rest>[^\r\n\x85\u2028\u2029]*)")
CODES = re.compile(r"[A-Z]{3}[0-9]{3}(?:\s*,\s*[A-Z]{3}[0-9]{3})*(?=\s|$)")

UNUSED = "YML020"
UNCLEAR = "YML021"

FIRM = re.compile(
    r"YML0(?!06).*|(FLW|PRS|CFG|TST)00[1-4]|TST01[0-5]|FLW01[0347]|FLW02[02357]|EXP001|SLT00[1-4]|PRS01[01]"
)
"""Problems that nobody can ignore: a file that has one can't be read, or can't be carried out as it is written."""

OF_THIS_MACHINE = {"STK004", "STK005", "STK006"}
"""Problems that one machine has and another has not; comments that name them are never unused."""


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment for the checker."""

    span: Span
    word: str
    """What it asks for; only `ignore` means something."""
    codes: tuple[str, ...]
    lines: frozenset[int]
    """The lines that it is about."""
    alone: bool
    """True when nothing else stands on its line."""


def comments(text: str, file: str) -> tuple[Comment, ...]:
    """The comments for the checker in a YAML text, as far as YAML can read it; JSON has none."""
    return _comments(text, file) if MARK in text and not file.endswith(".json") else ()


def without_ignored(
    found: Iterable[Diagnostic], texts: Mapping[str, str], *, complete: str | None = None
) -> list[Diagnostic]:
    """The problems that no comment ignores, and those of the comments themselves.

    Args:
        found: All problems of one document, with those in the files that it includes.
        texts: The document's files by name.
        complete: The file of which every problem is among `found`, if there is one: only there can it be told that a
            comment ignores nothing.
    """
    problems = sorted(set(found))
    said = {file: read for file, text in texts.items() if (read := comments(text, file))}
    if not said:
        return problems
    covered = {
        (file, line, code): comment
        for file, read in said.items()
        for comment in read
        for line in comment.lines
        for code in comment.codes
        if not FIRM.fullmatch(code)
    }
    kept, used = [], set()
    for problem in problems:
        key = (problem.span.file, _first_line(problem, texts), problem.code)
        comment = covered.get(key) or covered.get((problem.span.file, problem.span.line, problem.code))
        if comment is None:
            kept.append(problem)
        else:
            used.add((comment.span, problem.code))
    own = [p for file in said if file == complete for c in said[file] for p in _own(c, used, texts[file])]
    return sorted({*kept, *own})


# --- Finding them -----------------------------------------------------------


@lru_cache(maxsize=64)
def _comments(text: str, file: str) -> tuple[Comment, ...]:
    texts, limit = _scalars(text)
    lines = BREAK.split(text)
    found = []
    for match in FORM.finditer(text):
        at = match.start()
        if at < limit and _begins_comment(text, at) and not any(begin <= at < end for begin, end in texts):
            found.append(_comment(match, text, lines, file))
    return tuple(found)


def _begins_comment(text: str, at: int) -> bool:
    """YAML wants a space before a `#`, and a comment holds no other one."""
    begin = max((text.rfind(char, 0, at) for char in "\r\n\x85\u2028\u2029"), default=-1) + 1
    return at == begin or (text[at - 1].isspace())


def _scalars(text: str) -> tuple[list[tuple[int, int]], int]:
    """Where the texts of a file begin and end, and up to where YAML's scanner came."""
    loader = LOADER(text)
    spans, end = [], 0
    try:
        while loader.check_token():
            token = loader.get_token()
            end = offset_of(text, token.end_mark.line + 1, token.end_mark.column + 1)
            if isinstance(token, yaml.ScalarToken):
                begin = offset_of(text, token.start_mark.line + 1, token.start_mark.column + 1)
                if token.style in {"|", ">"}:  # behind its sign a comment may stand
                    fold = BREAK.search(text, begin)
                    begin = fold.end() if fold else end
                spans.append((begin, end))
    except (yaml.YAMLError, UnicodeError):
        return spans, end
    finally:
        loader.dispose()
    return spans, len(text)


def _comment(match: re.Match[str], text: str, lines: list[str], file: str) -> Comment:
    line = _line_at(text, match.start())
    column = match.start() - begins_of(text)[line - 1] + 1
    alone = not lines[line - 1][: column - 1].strip()
    about = _next_line(lines, line) if alone else line
    codes = CODES.match(match["rest"])
    span = Span(file, line, column, line, column + len(match[0].rstrip()))
    named = tuple(dict.fromkeys(re.split(r"\s*,\s*", codes[0]))) if codes else ()
    return Comment(span, match["word"], named if match["word"] == "ignore" else (), frozenset({about}), alone)


def _line_at(text: str, at: int) -> int:
    from bisect import bisect_right  # noqa: PLC0415 - only files with such comments need it

    return bisect_right(begins_of(text), at)


def _next_line(lines: list[str], line: int) -> int:
    """The next line that holds more than a comment."""
    rest = enumerate(lines[line:], line + 1)
    return next((number for number, words in rest if words.strip() and not words.lstrip().startswith("#")), 0)


def _first_line(problem: Diagnostic, texts: Mapping[str, str]) -> int:
    """The line where the text begins that the problem is in: inside a text of several lines no comment can stand."""
    span, text = problem.span, texts.get(problem.span.file, "")
    if MARK not in text:
        return span.line
    at = offset_of(text, span.line, span.column)
    for begin, end in _spread(text):
        if begin <= at < end:
            return _line_at(text, begin)
    return span.line


@lru_cache(maxsize=16)
def _spread(text: str) -> tuple[tuple[int, int], ...]:
    """The texts of several lines; those in a block with the line of their sign."""
    found = []
    for begin, end in _scalars(text)[0]:
        head = begin
        if begin and BREAK.match(text, begin - 1):
            head = begins_of(text)[max(_line_at(text, begin) - 2, 0)]
        if BREAK.search(text, head, max(end - 1, head)):
            found.append((head, end))
    return tuple(found)


# --- What is wrong with them ------------------------------------------------


def _own(comment: Comment, used: set[tuple[Span, str]], text: str) -> Iterator[Diagnostic]:
    if comment.word != "ignore" or not comment.codes:
        message = "this comment for the checker can't be understood."
        yield _warning(comment, UNCLEAR, message, "Write for example `# convo: ignore FLW012`.", None)
        return
    firm = [code for code in comment.codes if FIRM.fullmatch(code)]
    idle = [c for c in comment.codes if c not in firm and c not in OF_THIS_MACHINE and (comment.span, c) not in used]
    rest = [code for code in comment.codes if code not in {*firm, *idle}]
    edit = _shortened(comment, rest, text)
    if firm:
        message = f"{_listed(firm)} can't be ignored: such a file can't be used as it is written."
        yield _warning(comment, UNCLEAR, message, "Mend the problem itself.", None if idle else edit)
    if idle:
        message = f"{_listed(idle)} {'is' if len(idle) == 1 else 'are'} ignored here, but nothing like it is wrong."
        yield _warning(comment, UNUSED, message, "Remove it from the comment.", edit)


def _listed(codes: list[str]) -> str:
    return " and ".join(f"`{code}`" for code in codes)


def _warning(comment: Comment, code: str, message: str, fix: str, edit: Edit | None) -> Diagnostic:
    return Diagnostic(comment.span, code, message, fix, Severity.WARNING, edit)


def _shortened(comment: Comment, rest: list[str], text: str) -> Edit:
    """The comment with only these codes; without any, nothing of it remains."""
    span = comment.span
    begin = offset_of(text, span.line, span.column)
    end = offset_of(text, span.end_line, span.end_column)
    if rest:
        written = text[begin:end]
        first, last = written.index(comment.codes[0]), written.rindex(comment.codes[-1]) + len(comment.codes[-1])
        return Edit(Span(span.file, span.line, span.column + first, span.line, span.column + last), ", ".join(rest))
    starts = begins_of(text)
    if comment.alone and span.line < len(starts):
        return Edit(Span(span.file, span.line, 1, span.line + 1, 1), "")
    kept = len(text[starts[span.line - 1] : begin].rstrip())
    return Edit(Span(span.file, span.line, kept + 1, span.line, span.column + end - begin), "")
