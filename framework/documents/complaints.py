"""Turn what a YAML parser says into a sentence for the author of the file."""

from __future__ import annotations

import re
from typing import Any

from framework.documents.diagnostics import Diagnostic, Span

LOOKED_AT = 2_000
"""Characters of a line in which an expression without quotes is looked for."""

BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
BARE = re.compile(r"""\b(if|where)\s*:\s*(?=(?P<value>[^\s'"|>#][^#]*))""")
HALF_QUOTED = re.compile(r"""\b(if|where)\s*:\s*(?P<value>(?P<quote>['"]).*?(?P=quote)\s*[^\s,}\]#].*)""")
BRACES = re.compile(r"""[:\[,{-]\s*(?P<value>[^\s'"|>#\[{,:][^'"#]*\{\{|\{\{)""")

KNOWN = (
    ("mapping values are not allowed", "a `:` begins another value here.", "Put the whole text in quotes."),
    ("found character '\\t'", "a tab stands where YAML wants spaces.", "Indent with spaces."),
    ("found a tab character", "a tab stands where YAML wants spaces.", "Indent with spaces."),
    ("cannot start any token", "a text can't begin with this character.", "Put the text in quotes."),
    ("unexpected end of stream", "the text that begins here is never closed.", "Add the closing quote."),
    ("expected ',' or ']'", "this list is not well formed here.", "Separate items by `,` and close it with `]`."),
    ("expected ',' or '}'", "these braces are not well formed here.", "Separate keys by `,` and close with `}`."),
    ("could not find expected ':'", "a key stands here without its `:`.", "Write `key: value`, or quote the text."),
    ("did not find expected key", "this line fits nothing above it.", "Check the indentation and quotes."),
    ("expected '-' indicator", "this line fits nothing above it.", "Items of a list begin with `-`, in one column."),
    ("block sequence entries are not allowed", "a list can't begin here.", "Put the `-` on a line of its own."),
    ("unknown escape character", "this `\\` escape is none that YAML knows.", "Write `\\\\`, or use single quotes."),
    ("did not find expected hexadecimal", "this escape is not complete.", "Write for example `\\u00e9`."),
    ("control characters are not allowed", "a control character stands here.", "Remove it."),
    ("special characters are not allowed", "a control character stands here.", "Remove it."),
    ("block mapping", "this line fits nothing above it.", "Check the indentation."),
)


def complaint(wrong: Any, text: str, file: str) -> Diagnostic:
    """The problem as a record, at the place the author should look at."""
    line, column = _place(wrong, text)
    problem = str(getattr(wrong, "problem", None) or getattr(wrong, "reason", None) or wrong)
    if found := _unquoted(text, file, line, column):
        return found
    if "end of stream" in problem and (mark := getattr(wrong, "context_mark", None)):
        line, column = mark.line + 1, mark.column + 1
    span = Span.point(file, line, column)
    for part, message, fix in KNOWN:
        if part in problem:
            return Diagnostic(span, "YML004", message, fix)
    return Diagnostic(span, "YML004", f"YAML can't read this: {problem.rstrip('.')}.", "Check quotes and indentation.")


def _place(wrong: Any, text: str) -> tuple[int, int]:
    mark = getattr(wrong, "problem_mark", None) or getattr(wrong, "context_mark", None)
    if mark is not None:
        return mark.line + 1, mark.column + 1
    at = getattr(wrong, "position", 0) or 0
    if at < 0 or at > len(text):
        at = 0
    before = list(BREAK.finditer(text, 0, at))
    return len(before) + 1, at - (before[-1].end() if before else 0) + 1


def _unquoted(text: str, file: str, line: int, column: int) -> Diagnostic | None:
    """An expression or placeholder that YAML can't read without quotes, if that is what stands here."""
    lines = BREAK.split(text)
    for number in (line, line - 1):
        written = lines[number - 1][:LOOKED_AT] if 0 < number <= len(lines) else ""
        limit = column if number == line else len(written) + 1
        for pattern, what in ((HALF_QUOTED, "if"), (BARE, "if"), (BRACES, "braces")):
            hits = [m for m in pattern.finditer(written) if m.start("value") < limit and _suspect(m["value"], what)]
            if hits:
                return quote_it(Span.point(file, number, hits[-1].start("value") + 1), what)
    return None


def _suspect(value: str, what: str) -> bool:
    return what == "braces" or any(c in value for c in "[]{}\"':,%&*!@`")


def quote_it(span: Span, what: str = "braces") -> Diagnostic:
    """The advice to put quotes around what YAML can't read bare."""
    if what == "if":
        message = "YAML can't read this expression without quotes around it."
        return Diagnostic(span, "YML012", message, """Write it so: `if: 'slots.x in ["a"]'`.""")
    message = "YAML takes `{{` for the beginning of a mapping."
    return Diagnostic(span, "YML012", message, 'Put the value in quotes: `"{{ … }}"`.')
