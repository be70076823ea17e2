"""Read the text of an expression: Python's grammar for expressions, cut down to a white list."""

from __future__ import annotations

import ast
import re
import warnings
from typing import TYPE_CHECKING

from framework.flows.expressions.errors import ExpressionError
from framework.flows.expressions.functions import FUNCTIONS
from framework.flows.expressions.patterns import PatternError, pattern
from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 2_000
"""Characters of an expression."""

DEEPEST = 30
"""Levels of an expression."""

NAMES = ("slots", "result", "event", "session", "identity", "personality", "state")
WORDS = {"true": True, "false": False, "null": None}
PYTHON_WORDS = {"True": "true", "False": "false", "None": "null"}

ALLOWED = (
    ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.UAdd, ast.Compare,
    ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn,
    ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Mod, ast.IfExp,
    ast.Attribute, ast.Subscript, ast.List, ast.Constant, ast.Name, ast.Load, ast.Call,
)  # fmt: skip

NOT_OURS = {
    ast.Pow: "`**` is not part of the language.",
    ast.FloorDiv: "`//` is not part of the language: use `/` and `round`.",
    ast.Is: "`is` is not part of the language: use `==`.",
    ast.IsNot: "`is not` is not part of the language: use `!=`.",
    ast.Dict: "an expression has no `{ }`.",
    ast.Set: "an expression has no `{ }`.",
    ast.Tuple: "a `,` has no meaning here: write a list as `[a, b]`.",
    ast.Lambda: "an expression can't define functions.",
    ast.NamedExpr: "an expression can't change anything: use `==` to compare.",
    ast.JoinedStr: "texts have no `f` before them: join them with `+`.",
    ast.Slice: "`a[b:c]` is not part of the language.",
}

ODD = re.compile(r"""\\|\bis\b|[0-9"'\])}]\s*[(\[]|[0-9][A-Za-z_]""")
"""What Python may warn about: escapes, `is`, a literal that is called, a number that runs into a word."""

HINTS = (
    (re.compile(r"&&"), "write `and`"),
    (re.compile(r"\|\|"), "write `or`"),
    (re.compile(r"!(?!=)"), "write `not`"),
    (re.compile(r"(?<![=!<>])=(?!=)"), "write `==` to compare"),
    (re.compile(r"\{\{|\}\}"), "leave out the `{{ }}`: an expression stands bare here"),
)


def read(text: str) -> tuple[ast.expr, str]:
    """The tree of an expression, and the text that its columns count in."""
    if len(text) > LONGEST:
        raise ExpressionError(f"the expression is longer than {LONGEST:,} characters.")
    flat = re.sub(r"[\r\n\t\f]", " ", text)
    lead = len(flat) - len(flat.lstrip())
    if not flat.strip():
        raise ExpressionError("an expression is missing here.")
    if flat.lstrip().startswith("{{"):
        bare = flat.strip().removeprefix("{{").removesuffix("}}").strip()
        raise ExpressionError("braces are for texts; an expression stands bare here.", lead + 1, f"Write `{bare}`.")
    try:
        tree = _parsed(flat.strip())
    except SyntaxError as wrong:
        raise _syntax(flat, lead, wrong) from None
    except (ValueError, MemoryError, RecursionError):
        raise ExpressionError("this is not an expression, or one that nests too deeply.", lead + 1) from None
    _admit(tree, flat, lead)
    return tree, flat


def _parsed(text: str) -> ast.expr:
    """The tree; Python's own warnings about odd code are nothing to an author of flows."""
    if not ODD.search(text):
        return ast.parse(text, mode="eval").body
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text, mode="eval").body


def column(node: ast.AST, text: str) -> int:
    """Where a node begins in the text, from 1."""
    lead = len(text) - len(text.lstrip())
    stripped = text.strip().encode()
    offset: int = getattr(node, "col_offset", 0)
    return lead + len(stripped[:offset].decode("utf-8", "replace")) + 1


def _syntax(text: str, lead: int, wrong: SyntaxError) -> ExpressionError:
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", lambda m: "_" * len(m[0]), text)
    for form, advice in HINTS:
        if found := form.search(bare):
            return ExpressionError(f"`{found[0]}` can't stand here.", found.start() + 1, f"{advice.capitalize()}.")
    end = len(text.strip()) + 1
    at = min(wrong.offset or end, end)
    return ExpressionError("the expression can't be read from here on.", lead + at, "Texts stand in quotes.")


def _admit(tree: ast.expr, text: str, lead: int) -> None:
    """Refuse everything that is not on the white list, and trees that are too deep."""
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST):
        for node in level:
            _check(node, text)
        level = [child for node in level for child in _children(node)]
        if not level:
            return
    raise ExpressionError("the expression nests too deeply.", lead + 1)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.Call) and child is node.func):
            yield child


def _check(node: ast.AST, text: str) -> None:
    if not isinstance(node, ALLOWED):
        message = NOT_OURS.get(type(node), "this is not part of the language of expressions.")
        raise ExpressionError(message, column(node, text))
    if isinstance(node, ast.Compare | ast.BinOp):
        operators = node.ops if isinstance(node, ast.Compare) else [node.op]
        for operator in operators:
            if not isinstance(operator, ALLOWED):
                raise ExpressionError(NOT_OURS.get(type(operator), "no such operator."), column(node, text))
    if isinstance(node, ast.Call):
        _check_call(node, text)
    elif isinstance(node, ast.Name):
        _check_name(node, text)
    elif isinstance(node, ast.Constant):
        _check_constant(node, text)


def _check_call(node: ast.Call, text: str) -> None:
    where = column(node, text)
    if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS:
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        raise ExpressionError(f"there is no function `{called}`.", where, did_you_mean(called, FUNCTIONS))
    name, builtin = node.func.id, FUNCTIONS[node.func.id]
    if node.keywords or not builtin.least <= len(node.args) <= builtin.most:
        few, many = builtin.least, builtin.most
        wanted = str(few) if few == many else f"{few} to {many}"
        raise ExpressionError(f"`{name}` takes {wanted} argument{'' if wanted == '1' else 's'}.", where)
    if name == "matches" and isinstance(node.args[1], ast.Constant) and isinstance(node.args[1].value, str):
        try:
            pattern(node.args[1].value)
        except PatternError as wrong:
            raise ExpressionError(str(wrong), column(node.args[1], text)) from None


def _check_name(node: ast.Name, text: str) -> None:
    if node.id in NAMES or node.id in WORDS:
        return
    where = column(node, text)
    if node.id in FUNCTIONS:
        raise ExpressionError(f"`{node.id}` is a function: write `{node.id}(…)`.", where)
    fix = f"Did you mean `slots.{node.id}`? A text stands in quotes. Known: " + ", ".join(f"`{n}`" for n in NAMES) + "."
    raise ExpressionError(f"there is no `{node.id}`.", where, fix)


def _check_constant(node: ast.Constant, text: str) -> None:
    if isinstance(node.value, bool) or node.value is None:
        ours = PYTHON_WORDS[str(node.value)]
        raise ExpressionError(f"write `{ours}` instead of `{node.value}`.", column(node, text))
    if not isinstance(node.value, (int, float, str)):
        raise ExpressionError("this is not part of the language of expressions.", column(node, text))
    if isinstance(node.value, (int, float)) and not abs(node.value) < 2**63:
        raise ExpressionError("this number is too large.", column(node, text))
