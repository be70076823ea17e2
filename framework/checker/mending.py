"""Mend what is safe: from a problem to the change that ends it, and from changes to the new text."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from framework.documents import Diagnostic, Edit, Span
from framework.documents.align import BREAK, begins_of, offset_of
from framework.documents.scalars import ours
from framework.flows.expressions import ExpressionError, parse
from framework.suggest import Advice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

PLAIN = re.compile(r"[A-Za-z_][\w.-]*(?: [\w.-]+)*")
"""Names that need no quotes, whatever stands around them."""

BARE = re.compile(r"(?:slots|result|session|identity|personality|state)(?:\.[A-Za-z_]\w*)+")
ANCHOR = re.compile(r"&[^\s,\[\]{}]+\s+")
COMMENT = re.compile(r"\s#")
SPELLINGS = (
    (re.compile(r"\s*&&\s*"), " and "),
    (re.compile(r"\s*\|\|\s*"), " or "),
    (re.compile(r"!(?=[A-Za-z(])"), "not "),
    (re.compile(r"(?<![=!<>])=(?![=<>])"), "=="),
)
WORDS = {"True": "true", "False": "false", "None": "null"}


def mended(problem: Diagnostic, texts: Mapping[str, str]) -> Diagnostic:
    """The problem with its edit, if there is one that is safe; as it was otherwise."""
    text = texts.get(problem.span.file)
    if problem.edit is not None or text is None:
        return problem
    maker = BY_CODE.get(problem.code, _by_advice)
    edit = maker(problem, text)
    return replace(problem, edit=edit) if edit else problem


def applied(text: str, edits: Iterable[Edit]) -> str:
    """The text after the edits; of two that meet the first is made, the other is left for another time.

    Everything outside the spans stays as it is, to the last character.
    """
    parts, done = [], 0
    for begin, end, new in sorted(_ranges(text, edits)):
        if begin >= done:
            parts += [text[done:begin], new]
            done = end
    return "".join([*parts, text[done:]])


def _ranges(text: str, edits: Iterable[Edit]) -> set[tuple[int, int, str]]:
    return {
        (offset_of(text, e.span.line, e.span.column), offset_of(text, e.span.end_line, e.span.end_column), e.text)
        for e in edits
    }


# --- One problem, one change ------------------------------------------------


def _by_advice(problem: Diagnostic, text: str) -> Edit | None:
    """What the advice says to write, if what it takes for wrong is what stands there."""
    advice = problem.fix
    if not isinstance(advice, Advice):
        return None
    begin, _ = _written(problem, text)
    written = re.compile(rf"""\\?["']?(?:[A-Za-z_]\w*\.)*?(?P<name>{re.escape(advice.wrong)})(?![\w-])""")
    found = written.match(text, begin)
    quoted = advice.right == f'"{advice.wrong}"'
    if not found or not (quoted or (PLAIN.fullmatch(advice.right) and isinstance(ours(advice.right), str))):
        return None
    if quoted and (found.start("name") != begin or "\\" in advice.wrong):
        return None
    return _change(problem, text, found.start("name"), found.end("name"), advice.right)


def _braces(problem: Diagnostic, text: str) -> Edit | None:
    """Quotes around `{{ x }}`, and around an expression that YAML can't read bare."""
    begin = offset_of(text, problem.span.line, problem.span.column)
    end = _extent(text, begin)
    value = text[begin:end]
    if not value or value[0] in "'\"|>&*!":
        return None
    quote = next((sign for sign in "\"'" if sign not in value), None)
    if quote is None or (quote == '"' and "\\" in value):
        return None
    return _change(problem, text, begin, end, f"{quote}{value}{quote}")


def _extent(text: str, begin: int) -> int:
    """Where a value ends that began there and stays on its line."""
    fold = BREAK.search(text, begin)
    limit = fold.start() if fold else len(text)
    comment = COMMENT.search(text, begin, limit)
    limit = comment.start() if comment else limit
    begins = begins_of(text)
    line = next(start for start in reversed(begins) if start <= begin)
    inside = _open(text[line:begin])
    at = _closed(text, begin, limit) if inside else limit
    return begin + len(text[begin:at].rstrip())


def _open(before: str) -> bool:
    """True when brackets or braces are open at the end of a line's beginning."""
    bare = re.sub(r"'[^']*'|\"(?:\\.|[^\"\\])*\"", "", before)
    return sum(bare.count(sign) for sign in "[{") > sum(bare.count(sign) for sign in "]}")


def _closed(text: str, begin: int, limit: int) -> int:
    """Where the value ends inside brackets: at a `,` of its own depth, or where what surrounds it is closed."""
    depth, quote, at = 0, "", begin
    while at < limit:
        char = text[at]
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "[{(":
            depth += 1
        elif char in "]})":
            if not depth:
                return at
            depth -= 1
        elif char == "," and not depth:
            return at
        at += 1
    return limit


def _placeholder(problem: Diagnostic, text: str) -> Edit | None:
    """Braces and quotes around a bare `slots.x`."""
    begin, end = _written(problem, text)
    found = BARE.search(text, begin, end)
    if not found or not re.fullmatch(r"""(["']?)\s*\S+\s*\1|[|>][+-]?\d?\s+\S+\s*""", text[begin:end]):
        return None
    filled = f"{{{{ {found[0]} }}}}"
    return _change(problem, text, found.start(), found.end(), filled if begin != found.start() else f'"{filled}"')


def _expression(problem: Diagnostic, text: str) -> Edit | None:
    """Spellings of other languages, and braces around what should stand bare; only if an expression comes of it."""
    if isinstance(problem.fix, Advice):
        return _by_advice(problem, text)
    line = begins_of(text)[problem.span.line - 1]
    at = offset_of(text, problem.span.line, problem.span.column)
    found = re.compile(r"\{\{\s*(?P<bare>[^{}\r\n]*?)\s*\}\}").match(text, at)
    if found and "stands bare" in problem.message and _is_expression(found["bare"]):
        return _change(problem, text, at, found.end(), found["bare"])
    if (word := re.compile(r"True|False|None").match(text, at)) and not text[at - 1].isalnum():
        return _change(problem, text, at, word.end(), WORDS[word[0]])
    for form, right in SPELLINGS:
        sign = next((m for m in form.finditer(text, line) if m.start() <= at < m.end()), None)
        if sign and not BREAK.search(sign[0]):
            return _change(problem, text, sign.start(), sign.end(), right)
    return None


def _is_expression(text: str) -> bool:
    try:
        parse(text)
    except ExpressionError:
        return False
    return True


PAIRED = re.compile(r"(\*\*|__)(?=\S)(?P<words>[^\r\n*_]+)(?<=\S)\1")


def _markup(problem: Diagnostic, text: str) -> Edit | None:
    """Words without the signs of markup in pairs around them."""
    begin, _ = _written(problem, text)
    found = PAIRED.match(text, begin)
    return _change(problem, text, begin, found.end(), found["words"]) if found else None


UNITS = {
    **dict.fromkeys(("milliseconds", "millisecond", "msec", "ms"), "ms"),
    **dict.fromkeys(("seconds", "second", "secs", "sec", "s"), "s"),
    **dict.fromkeys(("minutes", "minute", "mins", "min", "m"), "m"),
    **dict.fromkeys(("hours", "hour", "hrs", "hr", "h"), "h"),
}
"""A unit as people write it → as a duration has it."""

DURATION = re.compile(r"""(["']?)(?P<amount>[0-9]{1,6})\s*(?P<unit>[A-Za-z]+)\1""")


def _duration(problem: Diagnostic, text: str) -> Edit | None:
    """`6 seconds` as `6s`; a number without a unit could be either and stays."""
    begin, end = _written(problem, text)
    found = DURATION.fullmatch(text, begin, end)
    unit = UNITS.get(found["unit"].lower()) if found else None
    if not found or not unit:
        return None
    return _change(problem, text, found.start("amount"), found.end("unit"), f"{found['amount']}{unit}")


def _written(problem: Diagnostic, text: str) -> tuple[int, int]:
    """Where the value begins and ends, without the anchor before it."""
    span = problem.span
    begin = offset_of(text, span.line, span.column)
    anchor = ANCHOR.match(text, begin)
    return anchor.end() if anchor else begin, offset_of(text, span.end_line, span.end_column)


def _change(problem: Diagnostic, text: str, begin: int, end: int, new: str) -> Edit:
    return Edit(Span(problem.span.file, *_place(text, begin), *_place(text, end)), new)


def _place(text: str, at: int) -> tuple[int, int]:
    from bisect import bisect_right  # noqa: PLC0415 - only what is mended needs it

    begins = begins_of(text)
    line = bisect_right(begins, at)
    return line, at - begins[line - 1] + 1


BY_CODE: dict[str, Callable[[Diagnostic, str], Edit | None]] = {
    "YML012": _braces,
    "EXP001": _expression,
    "EXP003": _placeholder,
    "FLW025": _duration,
    "VOX001": _markup,
}
"""Codes whose change is found in the text itself; all others follow the advice."""
