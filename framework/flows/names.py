"""Where a flow file says names: which keys hold names of what, and every place at which one stands."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from framework.flows.expressions import ExpressionError, Template, parse
from framework.flows.expressions.places import guessed
from framework.flows.model import (
    Actions,
    ActionUse,
    Branches,
    Defaults,
    Flow,
    Function,
    Interrupt,
    Limits,
    Node,
    Route,
    Rung,
    Slot,
    Timer,
    ToolUse,
)

if TYPE_CHECKING:
    from framework.documents import Source, Span
    from framework.documents.source import Node as Written

Kind = Literal[
    "node", "slot", "event", "interrupt", "timer",
    "tool", "action", "personality", "stack", "flow", "transfer", "slot type", "outcome", "language",
    "argument", "result", "field", "bot", "transport",
]  # fmt: skip
"""What a name is the name of; those of the first line are defined in the flow itself."""

Path = tuple[str | int, ...]

Names = Mapping[tuple[type[BaseModel], str], Kind]
"""Model and key → what is named there."""

VALUES: Names = {
    (Flow, "initial_node"): "node", (Flow, "on_error"): "node", (Flow, "personality"): "personality",
    (Flow, "inputs"): "slot", (Flow, "outputs"): "slot", (Flow, "tools"): "tool", (Flow, "languages"): "language",
    (Flow, "slots"): "slot type", (Flow, "events"): "slot type",
    (Node, "collect"): "slot", (Node, "clear"): "slot", (Node, "run"): "tool", (Node, "subflow"): "flow",
    (Node, "transfer"): "transfer", (Node, "next"): "node", (Node, "tools"): "tool", (Node, "interrupts"): "interrupt",
    (Node, "personality"): "personality", (Node, "stack"): "stack", (Node, "languages"): "language",
    (Defaults, "interrupts"): "interrupt", (Defaults, "personality"): "personality", (Defaults, "stack"): "stack",
    (Defaults, "languages"): "language",
    (Route, "goto"): "node", (Route, "else"): "node", (Route, "clear"): "slot", (Route, "event"): "event",
    (Route, "emit"): "event", (Route, "outcome"): "outcome",
    (Rung, "goto"): "node", (Limits, "goto"): "node",
    (ToolUse, "name"): "tool", (ActionUse, "name"): "action",
    (Actions, "enter"): "action", (Actions, "leave"): "action",
    (Function, "transition_to"): "node", (Branches, "cases"): "node", (Branches, "default"): "node",
    (Interrupt, "goto"): "node", (Interrupt, "subflow"): "flow", (Interrupt, "nodes"): "node",
    (Interrupt, "event"): "event",
    (Timer, "goto"): "node", (Timer, "nodes"): "node", (Timer, "emit"): "event",
    (Slot, "type"): "slot type", (Slot, "grant"): "tool",
}  # fmt: skip
"""Model and key → what its texts, those in its list, or the values of its mapping are names of."""

KEYS: Names = {
    (Flow, "nodes"): "node", (Flow, "slots"): "slot", (Flow, "events"): "event", (Flow, "interrupts"): "interrupt",
    (Flow, "timers"): "timer",
    (Node, "set"): "slot", (Node, "save"): "slot", (Route, "set"): "slot", (ToolUse, "save"): "slot",
    (Route, "emit"): "event", (Timer, "emit"): "event",
    (Node, "with"): "argument", (ToolUse, "with"): "argument", (ActionUse, "with"): "argument",
}  # fmt: skip
"""Model and key → what the keys of its mapping are names of; those of a `Flow` define them."""

EXPRESSIONS: frozenset[tuple[type[BaseModel], str]] = frozenset({
    (Route, "if"), (Route, "where"), (Interrupt, "if"), (Interrupt, "where"), (Node, "save"), (ToolUse, "save"),
})  # fmt: skip
"""Keys that hold bare expressions."""

PLAIN: frozenset[tuple[type[BaseModel], str]] = frozenset({
    (Route, "intent"), (Route, "examples"), (Route, "name"), (Route, "end"),
    (Interrupt, "intent"), (Interrupt, "examples"), (Slot, "examples"), (Slot, "description"),
    (Node, "title"), (Node, "description"), (Flow, "description"), (Flow, "flow"),
})  # fmt: skip
"""Keys that hold words in which nothing is filled."""


DEEP = frozenset({(Flow, "slots"), (Flow, "events"), (Branches, "cases"), (Node, "save"), (ToolUse, "save")})
"""Keys of mappings whose values are what the key's own text would be."""


@dataclass(frozen=True, slots=True)
class Use:
    """One name at one place."""

    kind: Kind
    name: str
    span: Span
    """The characters of the name itself, without quotes."""
    path: Path
    """The value, or the key, in which it stands."""
    defines: bool = False
    inside: bool = False
    """It stands in an expression."""


READ: dict[str, Kind] = {"slots": "slot", "result": "result", "event": "field"}
"""What expressions read → what the name behind it is the name of."""


def uses(source: Source, model: type[BaseModel] = Flow, values: Names = VALUES, keys: Names = KEYS) -> list[Use]:
    """Every name in a file, as far as it can be read, whatever else is wrong with it.

    Args:
        source: The file; a flow, unless said otherwise.
        model: What describes it.
        values: Which of the model's keys hold names.
        keys: Which of them hold mappings whose keys are names.
    """
    return list(dict.fromkeys(_Walk(source, values, keys).model(model, source.root, ())))


def names(source: Source, kind: Kind) -> dict[str, Written]:
    """What the flow defines of a kind: name → what stands under it."""
    key = {"node": "nodes", "slot": "slots", "event": "events", "interrupt": "interrupts", "timer": "timers"}.get(kind)
    owner = source.root.children.get(key)
    return {name: child for name, child in owner.children.items() if isinstance(name, str)} if owner else {}


class _Walk:
    """One walk along a file and the models side by side."""

    def __init__(self, source: Source, values: Names, keys: Names) -> None:
        self.source = source
        self.values = values
        self.keys = keys

    def model(self, model: type[BaseModel], node: Written, path: Path) -> Iterator[Use]:
        """The names below a mapping that the model describes."""
        known = fields(model)
        for key, child in node.children.items():
            if key in known:
                yield from self.value(known[key], (model, key), child, (*path, key))

    def value(self, annotation: Any, field: tuple[type[BaseModel], str], node: Written, path: Path) -> Iterator[Use]:
        """The names in the value of one key."""
        if isinstance(node.value, dict):
            inner = model_of(annotation)
            if inner is not None:
                yield from self.model(inner, node, path)
            else:
                yield from self.mapping(item_of(annotation), field, node, path)
        elif isinstance(node.value, list):
            for index, child in node.children.items():
                yield from self.value(annotation, field, child, (*path, index))
        elif isinstance(node.value, str):
            yield from self.text(field, node, path)

    def mapping(self, annotation: Any, field: tuple[type[BaseModel], str], node: Written, path: Path) -> Iterator[Use]:
        """Names as keys, and those below them."""
        kind = self.keys.get(field) if path[-1] == field[1] else None
        below = field if field in DEEP else (field[0], "")
        for key, child in node.children.items():
            if kind and isinstance(key, str) and (span := self.exact(node.keys[key], key)):
                yield Use(kind, key, span, (*path, key), defines=field[0] is Flow)
            yield from self.value(annotation, below, child, (*path, key))

    def text(self, field: tuple[type[BaseModel], str], node: Written, path: Path) -> Iterator[Use]:
        """The name that a text is, or those in its expressions."""
        if field in EXPRESSIONS:
            yield from self.reads(_places(node.value), path)
        elif kind := self.values.get(field):
            if span := self.exact(node.span, node.value):
                yield Use(kind, node.value, span, path)
        elif field not in PLAIN and "{{" in node.value:
            for placeholder in Template.scan(node.value)[0].placeholders:
                yield from self.reads(placeholder.expression.places(), path, placeholder.offset)
            for name, at in _broken(node.value):
                yield from self.reads([(("slots", name), at)], path)

    def reads(self, found: Iterable[tuple[tuple[str, ...], int]], path: Path, offset: int = 0) -> Iterator[Use]:
        """The names that an expression reads, but for those of the session and the like."""
        for name, at in found:
            if len(name) > 1 and (kind := READ.get(name[0])):
                span = self.source.locate_inside(path, offset + at)
                if exact := self.exact(span, name[1], at_start=True):
                    yield Use(kind, name[1], exact, path, inside=True)

    def exact(self, span: Span, name: str, *, at_start: bool = False) -> Span | None:
        """The characters of the name where its value stands; None where it is written in another way."""
        return exact(self.source.texts.get(span.file, ""), span, name, at_start=at_start)


def exact(text: str, span: Span, name: str, *, at_start: bool = False) -> Span | None:
    """The characters of a name inside the span of its value; None where it is written with escapes or over lines."""
    from framework.documents import Span  # noqa: PLC0415 - only a type above
    from framework.documents.align import begins_of, offset_of  # noqa: PLC0415

    begin = offset_of(text, span.line, span.column)
    end = begin + len(name) if at_start else offset_of(text, span.end_line, span.end_column)
    at = text.find(name, begin, end)
    if at < 0 or not name or "\n" in name:
        return None
    column = at - begins_of(text)[span.line - 1] + 1
    if span.end_line != span.line and "\n" in text[begin:at]:
        return None
    return Span(span.file, span.line, column, span.line, column + len(name))


def _places(text: str) -> list[tuple[tuple[str, ...], int]]:
    try:
        return parse(text).places()
    except ExpressionError:
        return guessed(text)


def _broken(text: str) -> Iterator[tuple[str, int]]:
    """Slots in placeholders that can't be read."""
    template, problems = Template.scan(text)
    if not problems:
        return
    read = {(p.offset + at) for p in template.placeholders for _, at in p.expression.places()}
    for path, at in guessed(text):
        if at not in read and text.rfind("{{", 0, at) > text.rfind("}}", 0, at):
            yield path[1], at


# --- Models -----------------------------------------------------------------


@cache
def fields(model: type[BaseModel]) -> dict[str, Any]:
    """Key as it is written → its annotation."""
    return {info.alias or name: info.annotation for name, info in model.model_fields.items() if not info.exclude}


def branches(annotation: Any) -> list[Any]:
    """What a value may be, without what is wrapped around it."""
    if get_origin(annotation) is Annotated:
        return branches(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return [inner for branch in get_args(annotation) for inner in branches(branch)]
    return [annotation]


def model_of(annotation: Any) -> type[BaseModel] | None:
    """The model of a mapping, alone or as an item of a list; None where any keys can stand."""
    for branch in branches(annotation):
        if isinstance(branch, type) and issubclass(branch, BaseModel):
            return branch
        if get_origin(branch) is list and (inner := model_of(get_args(branch)[0])):
            return inner
    return None


def item_of(annotation: Any) -> Any:
    """What stands under the keys of a mapping, alone or as an item of a list."""
    for branch in branches(annotation):
        if get_origin(branch) is dict:
            return get_args(branch)[1]
        if get_origin(branch) is list and (inner := item_of(get_args(branch)[0])) is not Any:
            return inner
    return Any
