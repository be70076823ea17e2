"""An expression, parsed once into closures that are cheap to evaluate."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from framework.flows.expressions.checking import Checker
from framework.flows.expressions.functions import FUNCTIONS
from framework.flows.expressions.grammar import WORDS, read
from framework.flows.expressions.places import places
from framework.flows.expressions.reading import Choice, choice, conjuncts, flowing, needed, path, paths
from framework.flows.expressions.values import arithmetic, field, item, ordered, plus, same, within

if TYPE_CHECKING:
    from framework.flows.expressions.errors import Problem
    from framework.flows.expressions.types import Type

Run = Callable[[Mapping[str, Any], datetime], Any]


class Expression:
    """A condition or a calculation; immutable."""

    __slots__ = ("_names", "_run", "_text", "_tree", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._tree, self._text = read(text)
        self._run: Run | None = None
        self._names: frozenset[tuple[str, ...]] | None = None

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def evaluate(self, names: Mapping[str, Any], now: datetime) -> Any:
        """The value, given what `slots`, `result` and the others are; `EvaluationError` when there is none."""
        if self._run is None:
            self._run = _compile(self._tree)
        return self._run(names, now)

    def names(self) -> AbstractSet[tuple[str, ...]]:
        """The paths it reads, such as `("slots", "x")`."""
        if self._names is None:
            self._names = frozenset(paths(self._tree))
        return self._names

    def flowing(self) -> set[tuple[str, ...]]:
        """The paths whose values can be in the result, whole or in part."""
        return set(flowing(self._tree))

    def needed(self) -> set[tuple[str, ...]]:
        """The paths that it reads without a thought for what comes out when they are null."""
        return set(needed(self._tree))

    def conjuncts(self) -> tuple[str, ...]:
        """The texts of the conditions that must all hold, without spaces."""
        return conjuncts(self._tree, self._text)

    def choice(self) -> Choice | None:
        """The test of one path against written values that it is, if it is one."""
        return choice(self._tree)

    def places(self) -> list[tuple[tuple[str, ...], int]]:
        """The fields it reads, such as `("slots", "x")`, each with where the field's name begins in the text."""
        return list(places(self._tree, self._text))

    def check(self, types: Mapping[str, Type]) -> tuple[Type, list[Problem]]:
        """The type of the value, and what can't work with these types."""
        checker = Checker(types, self._text)
        return checker.type(self._tree), sorted(set(checker.problems))

    def bounds(self, path: tuple[str, ...], *, every: bool) -> set[str]:
        """How the expression compares `path` with something, as `>=` and the like, with `path` on the left.

        With `every` the comparisons that must all hold (joined by `and`), else those of which one suffices (`or`).
        """
        return set(_bounds(self._tree, path, ast.And if every else ast.Or))

    @property
    def path(self) -> tuple[str, ...] | None:
        """The path when the expression is nothing but a name, such as `slots.x`."""
        return path(self._tree)


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """The expression of a text; `ExpressionError` with a column when it is none."""
    return Expression(text)


SIGNS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", ">"),
    ast.LtE: ("<=", ">="),
    ast.Gt: (">", "<"),
    ast.GtE: (">=", "<="),
    ast.Eq: ("==", "=="),
}
"""Comparison → its sign, and the sign with both sides exchanged."""


def _bounds(node: ast.AST, name: tuple[str, ...], joined: type[ast.boolop]) -> list[str]:
    if isinstance(node, ast.BoolOp) and isinstance(node.op, joined):
        return [sign for value in node.values for sign in _bounds(value, name, joined)]
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in SIGNS:
        straight, turned = SIGNS[type(node.ops[0])]
        if path(node.left) == name:
            return [straight]
        return [turned] if path(node.comparators[0]) == name else []
    return []


# --- Closures ---------------------------------------------------------------


def _compile(node: ast.expr) -> Run:
    compiler = COMPILERS[type(node)]
    return compiler(node)


def _constant(node: ast.Constant) -> Run:
    value = node.value
    return lambda _names, _now: value


def _name(node: ast.Name) -> Run:
    name = node.id
    if name in WORDS:
        value = WORDS[name]
        return lambda _names, _now: value
    return lambda names, _now: names.get(name)


def _attribute(node: ast.Attribute) -> Run:
    inner, name = _compile(node.value), node.attr
    return lambda names, now: field(inner(names, now), name)


def _subscript(node: ast.Subscript) -> Run:
    inner, index = _compile(node.value), _compile(node.slice)
    return lambda names, now: item(inner(names, now), index(names, now))


def _list(node: ast.List) -> Run:
    items = [_compile(e) for e in node.elts]
    return lambda names, now: [run(names, now) for run in items]


def _bool(node: ast.BoolOp) -> Run:
    parts = [_compile(v) for v in node.values]
    stop = isinstance(node.op, ast.Or)

    def run(names: Mapping[str, Any], now: datetime) -> Any:
        value = None
        for part in parts:
            value = part(names, now)
            if bool(value) is stop:
                break
        return value

    return run


def _unary(node: ast.UnaryOp) -> Run:
    inner = _compile(node.operand)
    if isinstance(node.op, ast.Not):
        return lambda names, now: not inner(names, now)
    sign = -1 if isinstance(node.op, ast.USub) else 1
    return lambda names, now: arithmetic("-", operator.mul, sign, inner(names, now))


def _binary(node: ast.BinOp) -> Run:
    left, right = _compile(node.left), _compile(node.right)
    if isinstance(node.op, ast.Add):
        return lambda names, now: plus(left(names, now), right(names, now))
    sign, action = ARITHMETIC[type(node.op)]
    return lambda names, now: arithmetic(sign, action, left(names, now), right(names, now))


def _compare(node: ast.Compare) -> Run:
    if len(node.ops) == 1:
        left, test, right = _compile(node.left), COMPARISONS[type(node.ops[0])], _compile(node.comparators[0])
        return lambda names, now: test(left(names, now), right(names, now))
    operands = [_compile(n) for n in (node.left, *node.comparators)]
    tests = [COMPARISONS[type(op)] for op in node.ops]

    def run(names: Mapping[str, Any], now: datetime) -> bool:
        here = operands[0](names, now)
        for test, operand in zip(tests, operands[1:], strict=True):
            after = operand(names, now)
            if not test(here, after):
                return False
            here = after
        return True

    return run


def _choice(node: ast.IfExp) -> Run:
    test, yes, no = _compile(node.test), _compile(node.body), _compile(node.orelse)
    return lambda names, now: yes(names, now) if test(names, now) else no(names, now)


def _call(node: ast.Call) -> Run:
    builtin = FUNCTIONS[getattr(node.func, "id", "")]
    arguments, action = [_compile(a) for a in node.args], builtin.run
    if builtin.clock:
        return lambda names, now: action(now, *(a(names, now) for a in arguments))
    return lambda names, now: action(*(a(names, now) for a in arguments))


COMPILERS: dict[type[ast.AST], Callable[[Any], Run]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.List: _list,
    ast.BoolOp: _bool,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.Compare: _compare,
    ast.IfExp: _choice,
    ast.Call: _call,
}

ARITHMETIC: dict[type[ast.operator], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
    ast.Mod: ("%", operator.mod),
}

COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: same,
    ast.NotEq: lambda a, b: not same(a, b),
    ast.Lt: lambda a, b: ordered(operator.lt, a, b),
    ast.LtE: lambda a, b: ordered(operator.le, a, b),
    ast.Gt: lambda a, b: ordered(operator.gt, a, b),
    ast.GtE: lambda a, b: ordered(operator.ge, a, b),
    ast.In: within,
    ast.NotIn: lambda a, b: not within(a, b),
}
