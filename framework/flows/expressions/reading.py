"""Look at the tree of an expression: what it reads, what comes out of it, which values it tests for."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from framework.flows.expressions.grammar import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

Names = tuple[str, ...]

TELLING = frozenset({"contains", "starts_with", "ends_with", "matches", "len"})
"""Functions whose result says something about a value, but is no part of it."""


def path(node: ast.AST) -> Names | None:
    """The path when the node is nothing but a name, such as `slots.x`."""
    if isinstance(node, ast.Name):
        return None if node.id in WORDS else (node.id,)
    if isinstance(node, ast.Attribute):
        inner = path(node.value)
        return (*inner, node.attr) if inner else None
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        inner = path(node.value)
        return (*inner, node.slice.value) if inner else None
    return None


def paths(node: ast.AST) -> list[Names]:
    """Every path that is read."""
    if found := path(node):
        return [found]
    return [name for child in _parts(node) for name in paths(child)]


def flowing(node: ast.AST) -> Iterator[Names]:
    """The paths whose values can be in the result, whole or in part."""
    if found := path(node):
        yield found
    elif isinstance(node, ast.IfExp):
        yield from flowing(node.body)
        yield from flowing(node.orelse)
    elif not (isinstance(node, ast.Compare) or _telling(node)):
        for child in _parts(node):
            yield from flowing(child)


def needed(node: ast.AST) -> Iterator[Names]:
    """The paths that are read without a thought for what comes out when they are null."""
    if found := path(node):
        yield found
    elif isinstance(node, ast.BinOp) or (isinstance(node, ast.Call) and not _provides(node)):
        for child in _parts(node):
            yield from needed(child)


def conjuncts(node: ast.expr, text: str) -> tuple[str, ...]:
    """The texts of the conditions that must all hold, without spaces."""
    parts = node.values if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And) else [node]
    return tuple(_segment(part, text).replace(" ", "") for part in parts)


@dataclass(frozen=True, slots=True)
class Choice:
    """A test of one path against values that are written out."""

    path: Names
    values: frozenset[Any]
    """The values for which the test holds, or doesn't where it is turned round."""
    turned: bool = False

    def holds(self, domain: frozenset[Any]) -> frozenset[Any]:
        """Those of all possible values for which the test holds."""
        return domain - self.values if self.turned else domain & self.values


def choice(node: ast.expr) -> Choice | None:
    """The test of one path that the expression is, if it is one.

    >>> choice(ast.parse("slots.x == 'a' or slots.x == 'b'", mode="eval").body).values == {"a", "b"}
    True
    """
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        return _joined([choice(part) for part in node.values])
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = choice(node.operand)
        return inner and Choice(inner.path, inner.values, not inner.turned)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return _compared(node)
    found = path(node)
    return Choice(found, frozenset({True})) if found else None


def _compared(node: ast.Compare) -> Choice | None:
    left, sign, right = node.left, node.ops[0], node.comparators[0]
    if path(left) is None and isinstance(sign, (ast.Eq, ast.NotEq)):
        left, right = right, left
    found, values = path(left), _literals(right)
    if found is None or values is None or not isinstance(sign, (ast.Eq, ast.NotEq, ast.In, ast.NotIn)):
        return None
    if isinstance(sign, (ast.In, ast.NotIn)) != isinstance(right, ast.List):
        return None
    return Choice(found, values, isinstance(sign, (ast.NotEq, ast.NotIn)))


def _joined(choices: list[Choice | None]) -> Choice | None:
    known = [one for one in choices if one and not one.turned]
    if len(known) < len(choices) or len({one.path for one in known}) != 1:
        return None
    return Choice(known[0].path, frozenset(value for one in known for value in one.values))


def _literals(node: ast.expr) -> frozenset[Any] | None:
    items = node.elts if isinstance(node, ast.List) else [node]
    found = set()
    for item in items:
        if isinstance(item, ast.Constant):
            found.add(item.value)
        elif isinstance(item, ast.Name) and item.id in WORDS:
            found.add(WORDS[item.id])
        else:
            return None
    return frozenset(found)


def _telling(node: ast.AST) -> bool:
    negated = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    return negated or (isinstance(node, ast.Call) and getattr(node.func, "id", "") in TELLING)


def _provides(node: ast.Call) -> bool:
    """True for functions that make something of null."""
    return getattr(node.func, "id", "") in {"default", "len", "min", "max"}


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    skip = node.func if isinstance(node, ast.Call) else None
    return (child for child in ast.iter_child_nodes(node) if child is not skip)


def _segment(node: ast.expr, text: str) -> str:
    """The written text of a part; columns count bytes of the text without the spaces around it."""
    raw = text.strip().encode()
    return raw[node.col_offset : node.end_col_offset].decode("utf-8", "replace")
