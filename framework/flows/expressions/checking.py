"""Say before any call what an expression can't do with the types it will meet."""

from __future__ import annotations

import ast
from datetime import date
from typing import TYPE_CHECKING, Any

from framework.flows.expressions.errors import Problem
from framework.flows.expressions.functions import ANYTHING, FUNCTIONS
from framework.flows.expressions.grammar import WORDS, column
from framework.flows.expressions.types import ANY, NULL, NUMBERS, TEXTS, Type
from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


UNORDERED = frozenset({"boolean", "list", "object", "duration"})
"""Kinds whose values can only be equal or not: `PT90M` and `PT2H` are texts that sort wrongly."""


class Checker:
    """One check of one expression; gathers problems."""

    def __init__(self, types: Mapping[str, Type], text: str) -> None:
        self.types = types
        self.text = text
        self.problems: list[Problem] = []

    def type(self, node: ast.expr) -> Type:
        """The type of a part of the expression."""
        return CHECKS[type(node)](self, node)

    def _add(self, node: ast.AST, message: str, fix: str = "") -> Type:
        self.problems.append(Problem(column(node, self.text), message, fix))
        return ANY

    def of_constant(self, node: ast.Constant) -> Type:
        """The type of a literal."""
        if isinstance(node.value, str):
            return Type("text")
        return Type("integer" if isinstance(node.value, int) else "number")

    def of_name(self, node: ast.Name) -> Type:
        """The type of a name."""
        if node.id in WORDS:
            return NULL if WORDS[node.id] is None else Type("boolean")
        if node.id not in self.types:
            return self._add(node, f"there is no `{node.id}` here.", did_you_mean(node.id, self.types))
        return self.types[node.id]

    def of_attribute(self, node: ast.Attribute) -> Type:
        """The type of `a.b`."""
        return self._field(node, self.type(node.value), node.attr)

    def _field(self, node: ast.AST, owner: Type, name: str) -> Type:
        if owner.kind in {"any", "null"} or (owner.kind == "object" and owner.fields is None):
            return ANY
        if owner.kind != "object":
            return self._add(node, f"{owner.words} has no field `{name}`.")
        fields = owner.fields or {}
        if name not in fields:
            return self._add(node, f"there is no {owner.noun} `{name}`.", did_you_mean(name, fields))
        return fields[name]

    def of_subscript(self, node: ast.Subscript) -> Type:
        """The type of `a[0]`."""
        owner, index = self.type(node.value), self.type(node.slice)
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            return self._field(node, owner, node.slice.value)
        if owner.kind in {"any", "null", "object"} or index.kind in {"any", "null"}:
            return ANY
        if index.kind not in NUMBERS or owner.kind not in {"list", *TEXTS}:
            return self._add(node, f"{owner.words} has no items that {index.words} could choose.")
        return (owner.item or ANY) if owner.kind == "list" else Type("text")

    def of_list(self, node: ast.List) -> Type:
        """The type of a list."""
        items = [self.type(e) for e in node.elts]
        kinds = {i.kind for i in items}
        return Type("list", item=items[0] if len(kinds) == 1 else ANY)

    def of_bool(self, node: ast.BoolOp) -> Type:
        """The type of `and` and `or`."""
        return _joined([self.type(value) for value in node.values])

    def of_unary(self, node: ast.UnaryOp) -> Type:
        """The type of `not` and `-`."""
        inner = self.type(node.operand)
        if isinstance(node.op, ast.Not):
            return Type("boolean")
        if inner.kind in {"any", "null"} | NUMBERS:
            return inner
        return self._add(node, f"`-` wants a number, not {inner.words}.")

    def of_binary(self, node: ast.BinOp) -> Type:
        """The type of a calculation."""
        left, right = self.type(node.left), self.type(node.right)
        sign = SIGNS[type(node.op)]
        if "null" in {left.kind, right.kind}:
            return self._add(node, f"`{sign}` can't calculate with null.")
        if "any" in {left.kind, right.kind}:
            return ANY
        if left.kind in NUMBERS and right.kind in NUMBERS:
            whole = left.kind == right.kind == "integer" and sign != "/"
            return Type("integer" if whole else "number")
        if sign == "+" and ({left.kind, right.kind} <= TEXTS or left.kind == right.kind == "list"):
            return left if left.kind == "list" else Type("text")
        return self._add(node, f"`{sign}` can't join {left.words} and {right.words}.")

    def of_compare(self, node: ast.Compare) -> Type:
        """The type of a comparison."""
        operands = [node.left, *node.comparators]
        types = [self.type(operand) for operand in operands]
        for index, comparison in enumerate(node.ops):
            pair = (operands[index], types[index], operands[index + 1], types[index + 1])
            if isinstance(comparison, (ast.In, ast.NotIn)):
                self._membership(node, *pair)
            else:
                self._pair(comparison, *pair)
        return Type("boolean")

    def _pair(self, comparison: ast.cmpop, left: ast.expr, first: Type, right: ast.expr, second: Type) -> None:
        if {first.kind, second.kind} & {"any", "null"}:
            return
        blamed = left if isinstance(left, ast.Constant) and not isinstance(right, ast.Constant) else right
        blamed = blamed if isinstance(blamed, ast.Constant) else left
        if not _comparable(first, second):
            self._add(blamed, f"{first.words} can't be compared with {second.words}.")
        elif not isinstance(comparison, (ast.Eq, ast.NotEq)) and first.kind in UNORDERED:
            self._add(left, f"{first.words} has no order: use `==` or `!=`.")
        else:
            self._literal(first, right)
            self._literal(second, left)

    def _literal(self, declared: Type, other: ast.expr) -> None:
        """A text next to an enum or a date must be one of its values."""
        if not isinstance(other, ast.Constant) or not isinstance(other.value, str):
            return
        if declared.kind == "enum" and other.value not in declared.values:
            self._add(other, f"`{other.value}` is not one of the values.", did_you_mean(other.value, declared.values))
        if declared.kind == "date" and not _is_date(other.value):
            self._add(other, f"`{other.value}` is not a date.", 'Write it as `"2024-12-31"`.')

    def _membership(self, node: ast.AST, left: ast.expr, first: Type, right: ast.expr, second: Type) -> None:
        if second.kind in {"any", "null"} or first.kind in {"any", "null"}:
            return
        if isinstance(right, ast.List):
            for element in right.elts:
                self._pair(ast.Eq(), left, first, element, self._quiet(element))
        elif second.kind == "list":
            if second.item and second.item.kind != "any":
                self._pair(ast.Eq(), left, first, right, second.item)
        elif second.kind in TEXTS or second.kind == "object":
            if first.kind not in TEXTS:
                self._add(node, f"{first.words} can't be `in` {second.words}.")
        else:
            self._add(right, f"nothing can be `in` {second.words}.")

    def _quiet(self, node: ast.expr) -> Type:
        return Checker(self.types, self.text).type(node)

    def of_choice(self, node: ast.IfExp) -> Type:
        """The type of `x if c else y`."""
        self.type(node.test)
        return _joined([self.type(node.body), self.type(node.orelse)])

    def of_call(self, node: ast.Call) -> Type:
        """The type of a call."""
        name = getattr(node.func, "id", "")
        builtin = FUNCTIONS[name]
        types = [self.type(argument) for argument in node.args]
        for index, (argument, given) in enumerate(zip(node.args, types, strict=True)):
            takes = builtin.takes[min(index, len(builtin.takes) - 1)]
            if takes != ANYTHING and given.kind not in takes | {"any", "null"}:
                self._add(argument, f"`{name}` can't take {given.words}.")
        if builtin.gives == "number" and types and types[0].kind == "integer":
            return types[0]
        return Type(builtin.gives) if builtin.gives else _joined(types)


def _joined(types: list[Type]) -> Type:
    """The type of a value that has one of these types."""
    known = [t for t in types if t.kind != "null"]
    if not known:
        return NULL
    if all(t == known[0] for t in known):
        return known[0]
    kinds = {t.kind for t in known}
    if kinds <= NUMBERS:
        return Type("number")
    return Type("text") if kinds <= TEXTS else ANY


def _comparable(first: Type, second: Type) -> bool:
    groups: tuple[frozenset[str], ...] = (TEXTS, NUMBERS)
    return first.kind == second.kind or any({first.kind, second.kind} <= group for group in groups)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


SIGNS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Mod: "%"}

CHECKS: dict[type[ast.AST], Callable[[Checker, Any], Type]] = {
    ast.Constant: Checker.of_constant,
    ast.Name: Checker.of_name,
    ast.Attribute: Checker.of_attribute,
    ast.Subscript: Checker.of_subscript,
    ast.List: Checker.of_list,
    ast.BoolOp: Checker.of_bool,
    ast.UnaryOp: Checker.of_unary,
    ast.BinOp: Checker.of_binary,
    ast.Compare: Checker.of_compare,
    ast.IfExp: Checker.of_choice,
    ast.Call: Checker.of_call,
}
