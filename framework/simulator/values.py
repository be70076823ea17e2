"""Which values are worth trying: those that the flow's own conditions tell apart."""

from __future__ import annotations

import ast
import copy
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from framework.engine.plan import NodePlan, Plan, SlotPlan, Way
from framework.slots import phrases
from framework.slots.base import Found, Hearing

Path = tuple[str, ...]

SLOT_VALUES = 6
"""How many values of a slot are tried."""
TODAY = date(2026, 2, 2)
"""Where only the form of a date counts."""
RESULTS = 8
"""How many results of a tool are tried."""

SAMPLES: dict[str, tuple[str, ...]] = {
    "person_name": ("Ada Lovelace", "Grace Hopper"),
    "text": ("the blue one", "something else"),
    "integer": ("two", "seven", "thirty"),
    "number": ("two", "three and a half", "thirty"),
    "date": ("the tenth of December 1985", "the third of March", "tomorrow", "in two weeks"),
    "time": ("half past nine", "three in the afternoon", "10:30"),
    "datetime": ("tomorrow at half past nine", "next Tuesday at three in the afternoon"),
    "duration": ("two hours", "half an hour", "three days", "fifteen minutes"),
    "money": ("twelve fifty", "twenty dollars", "10 euros", "100"),
    "phone": ("+1 212 555 0142", "0171 5550142", "212 555 0142", "+49 30 901820"),
    "postal_code": ("10115", "SW1A 1AA", "90210", "28013"),
    "email": ("ada at example dot com", "ada@example.com"),
    "digits": ("4111 1111 1111 1111", "1 2 3 4", "1 2 3", "1 2 3 4 5 6", "12345678"),
    "list": ("two", "the first one"),
}
"""Answers that most slots of a type take; each is tried before it is used."""

REFUSALS = (
    "I'd rather not say",
    "prefiero no decirlo",
    "das möchte ich nicht sagen",
    "no quiero decirlo",
    "lieber nicht",
)
YES = {"en": "yes", "es": "sí", "de": "ja"}
NO = {"en": "no", "es": "no", "de": "nein"}
NOISE = ("rhubarb rhubarb", "hmm hmm hmm")
"""Words that mean nothing."""


@dataclass
class Values:
    """Constants that conditions of a flow compare things with."""

    plans: Mapping[str, Plan]
    slots: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    """(flow, slot) → what it is compared with."""
    results: dict[tuple[str, Path], list[Any]] = field(default_factory=dict)
    """(tool, path in its result) → what it is compared with."""
    events: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    """(event, field) → what it is compared with."""
    alike: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """(event, field) → slots that it is compared with."""
    saved: dict[tuple[str, Path], tuple[Plan, SlotPlan]] = field(default_factory=dict)
    """(tool, path in its result) → the slot that it is saved in."""
    guards: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    """(flow, slot) → the conditions that read it."""
    reckoned: set[tuple[str, str]] = field(default_factory=set)
    """Slots that other values are made of."""
    turns: int = 0
    """The most turns that a condition counts, and one more."""
    visits: dict[tuple[str, str], int] = field(default_factory=dict)
    """(flow, node) → the most visits that a condition there counts."""

    @classmethod
    def of(cls, plans: Mapping[str, Plan]) -> Values:
        """Look through all conditions of these flows."""
        found = cls(plans)
        for plan in plans.values():
            for node in plan.nodes.values():
                found._node(plan, node)
            for interrupt in plan.interrupts:
                found._conditions(plan, "", None, interrupt.way.event, interrupt.way)
        for plan in plans.values():
            for node in plan.nodes.values():
                found._saves(plan, node)
        return found

    def _node(self, plan: Plan, node: NodePlan) -> None:
        for way in node.ways:
            self._conditions(plan, node.name, node.tool, way.event, way)
        for offered in node.offered:
            for way in offered.ways:
                self._conditions(plan, node.name, offered.tool, None, way)

    def _conditions(self, plan: Plan, node: str, tool: str | None, event: str | None, owner: Any) -> None:
        for name in _slots_read(owner.guard):
            self.guards.setdefault((plan.flow, name), []).append(owner.guard)
        for _, value in owner.set:
            self.reckoned |= {(plan.flow, name) for name in _slots_in(value.shape)}
        for key in ("guard", "where"):
            text = getattr(getattr(owner, key, None), "text", "")
            paths = dict(compared(text))
            for path, constants in paths.items():
                self._compared(plan, node, tool, event, path, constants)
                if event is not None and path[0] == "event":
                    _add(self.alike, (event, path[1]), [name for kind, name, *_ in paths if kind == "slots"])

    def _compared(
        self, plan: Plan, node: str, tool: str | None, event: str | None, path: Path, constants: list[Any]
    ) -> None:
        match path:
            case ("slots", name, *_):
                _add(self.slots, (plan.flow, name), constants)
            case ("result", *inner) if tool is not None:
                _add(self.results, (tool, tuple(inner)), constants)
            case ("event", name, *_) if event is not None:
                _add(self.events, (event, name), constants)
            case ("session", "turns"):
                self.turns = max([self.turns, *(n + 1 for n in constants if isinstance(n, int))])
            case ("session", "visits"):
                key = (plan.flow, node)
                self.visits[key] = max([self.visits.get(key, 0), *(n for n in constants if isinstance(n, int))])

    def _saves(self, plan: Plan, node: NodePlan) -> None:
        """What a slot is compared with, the part of a result that it is saved from is compared with."""
        pairs = [(node.tool, node.save), *((offered.tool, offered.save) for offered in node.offered)]
        for tool, saves in pairs:
            for slot, condition in saves:
                path = _path(_tree(getattr(condition, "text", "")))
                known = self.slots.get((plan.flow, slot))
                if tool is None or path is None or path[0] != "result":
                    continue
                self.saved[tool, path[1:]] = (plan, plan.slots[slot])
                if known is not None:
                    _add(self.results, (tool, path[1:]), known)

    def told_apart(self, flow: str, slot: str, value: Any, slots: Mapping[str, Any]) -> Any:
        """Of a value what the flow's conditions make of it; of one that is counted with, the value itself."""
        if (flow, slot) not in self.slots:
            return "set"
        if (flow, slot) in self.reckoned:
            return value
        return [_verdict(guard, slots) for guard in self.guards.get((flow, slot), ())]

    # --- What a person says -------------------------------------------------------

    def answers(self, plan: Plan, slot: SlotPlan, language: str, today: date) -> list[str]:
        """Words that answer the question for a slot, one for each value worth trying."""
        hearing = Hearing(language=language, today=today, asked=True, name=slot.name)
        found: dict[str, str] = {}
        for words in self._words(plan, slot, language, today):
            heard = _heard(slot, words, hearing)
            if heard is not None and json.dumps(heard, sort_keys=True) not in found:
                found[json.dumps(heard, sort_keys=True)] = words
        return list(found.values())[: SLOT_VALUES if (plan.flow, slot.name) in self.slots else 1]

    def _words(self, plan: Plan, slot: SlotPlan, language: str, today: date) -> Iterator[str]:
        for value in self.worth(plan, slot):
            with suppress(Exception):  # a value that the type can't say
                yield slot.type.spoken(slot.type.check(value, slot.options, today), slot.options, language)
                yield str(value)
        yield from slot.examples
        if slot.type.name == "boolean":
            yield from (YES.get(language, "yes"), NO.get(language, "no"))
        yield from SAMPLES.get(slot.type.name, ())
        yield from slot.type.words(slot.options, language)

    def worth(self, plan: Plan, slot: SlotPlan) -> list[Any]:
        """Values of a slot that conditions tell apart."""
        listed = getattr(slot.options, "values", None)
        if isinstance(listed, (list, tuple, Mapping)):
            return list(listed)
        constants = self.slots.get((plan.flow, slot.name), [])
        found = [near for constant in constants for near in around(constant)]
        limits = [getattr(slot.options, key, None) for key in ("min", "max")]
        found += [limit for limit in limits if isinstance(limit, (int, float))]
        return found

    def inputs(self, plan: Plan, slot: SlotPlan, today: date) -> list[Any]:
        """Values that a starter may give."""
        hearing = Hearing(language=plan.languages[0], today=today, asked=True, name=slot.name)
        said = [_heard(slot, words, hearing) for words in self.answers(plan, slot, plan.languages[0], today)]
        return [value for value in said if value is not None][:3] or [None]

    def yes_no(self, language: str) -> tuple[str, str]:
        """Yes and no."""
        return YES.get(language, "yes"), NO.get(language, "no")

    def keys(self, plan: Plan, slot: SlotPlan, language: str, today: date) -> list[str]:
        """Keys of a telephone that answer, where the slot is asked for by keys alone."""
        if getattr(slot, "input", "both") != "dtmf":
            return []
        hearing = Hearing(language=language, today=today, asked=True, name=slot.name)
        tried = [str(value) for value in self.worth(plan, slot)]
        tried += ["4111111111111111", "1234", "123", "123456", "1", "2", "12345678"]
        found: dict[str, str] = {}
        for pressed in tried:
            with suppress(Exception):  # a type may not take what was made up for it
                heard = slot.type.keys(pressed + "#", slot.options, hearing)
                if isinstance(heard, Found):
                    found.setdefault(json.dumps(heard.value), pressed + "#")
        return list(found.values())[:3]

    # --- What tools answer --------------------------------------------------------

    def results_of(self, tool: str, schema: Mapping[str, Any] | None) -> list[Any]:
        """Results that conditions tell apart, the likeliest first."""
        base = self._fitting(tool, sample(schema or {}))
        paths = {path: values for (name, path), values in self.results.items() if name == tool}
        choices = {path: _choices(schema or {}, path, values) for path, values in paths.items()}
        for path in _tellers(schema or {}):
            choices.setdefault(path, _choices(schema or {}, path, []))
        variants: list[Any] = []
        for combination in itertools.islice(itertools.product(*choices.values()), RESULTS * 4):
            made = copy.deepcopy(base)
            for path, value in zip(choices, combination, strict=True):
                made = _put(made, path, value)
            if made not in variants:
                variants.append(made)
        return variants[:RESULTS] or [base]

    def _fitting(self, tool: str, made: Any) -> Any:
        """The same result, with parts that the slots take in which they are saved."""
        for (name, path), (plan, slot) in self.saved.items():
            if name == tool and not slot.takes(_leaf(made, path), TODAY):
                fits = next((value for value in self.inputs(plan, slot, TODAY) if value is not None), None)
                made = made if fits is None else _put(made, path, fits)
        return made

    def event_data(self, plan: Plan, type_: str, today: date, slots: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Data of an event that conditions tell apart."""
        fields = plan.events.get(type_, {})
        options = {name: self._field(type_, name, slot, today, slots) for name, slot in fields.items()}
        made = [dict(zip(options, values, strict=True)) for values in itertools.product(*options.values())]
        nothing: list[dict[str, Any]] = [{}]
        return made[:SLOT_VALUES] or nothing

    def _field(self, type_: str, name: str, slot: SlotPlan, today: date, slots: Mapping[str, Any]) -> list[Any]:
        wanted = [slots[other] for other in self.alike.get((type_, name), ()) if slots.get(other) is not None]
        wanted += [near for constant in self.events.get((type_, name), []) for near in around(constant)]
        kinds: dict[str, list[Any]] = {
            "integer": [1],
            "number": [1.5],
            "boolean": [True, False],
            "date": [today.isoformat()],
        }
        listed = getattr(slot.options, "values", None)
        plain: list[Any] = list(listed) if listed else kinds.get(slot.type.kind, ["Ada Lovelace"])
        kept = []
        for value in [*wanted, *plain]:
            with suppress(ValueError, TypeError):
                kept.append(slot.type.check(value, slot.options, today))
        hearing = Hearing(language="en", today=today, asked=True, name=name)
        said = (_heard(slot, words, hearing) for words in SAMPLES.get(slot.type.name, ()))
        return kept[:3] or [next((value for value in said if value is not None), None)]

    def arguments(self, properties: Mapping[str, Any], required: Iterable[str]) -> dict[str, Any]:
        """Arguments for a call."""
        return {name: sample(properties.get(name, {}), name) for name in required}


def refusal(language: str) -> str | None:
    """How a person says that they would rather not say."""
    return next((words for words in REFUSALS if phrases.declines(words, language)), None)


def _leaf(value: Any, path: Path) -> Any:
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _heard(slot: SlotPlan, words: str, hearing: Hearing) -> Any:
    with suppress(Exception):  # a type may not take what was made up for it
        found = slot.type.hear(words, slot.options, hearing)
        return found.value if isinstance(found, Found) else None
    return None


# --- Conditions -----------------------------------------------------------------------


def compared(text: str) -> Iterator[tuple[Path, list[Any]]]:
    """The paths that a condition reads, each with what it is compared with.

    >>> dict(compared("slots.age >= 18 and not result.ok"))
    {('slots', 'age'): [18], ('result', 'ok'): []}
    """
    seen: dict[Path, list[Any]] = {}
    tree = _tree(text)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            constants = [value for side in sides for value in _constants(side)]
            for side in sides:
                for path in _inside(side):
                    seen.setdefault(path, []).extend(constants)
        elif (whole := _path(node)) is not None:
            seen.setdefault(whole, [])
    yield from ((path, seen[path]) for path in seen if len(path) > 1)


def _tree(text: str) -> ast.expr | None:
    with suppress(SyntaxError, ValueError):
        return ast.parse(text, mode="eval").body if text else None
    return None


def _path(node: ast.AST | None) -> Path | None:
    match node:
        case ast.Name(id=name):
            return (name,)
        case ast.Attribute(value=value, attr=name):
            before = _path(value)
            return None if before is None else (*before, name)
        case ast.Subscript(value=value, slice=ast.Constant(value=str(name))):
            before = _path(value)
            return None if before is None else (*before, name)
    return None


def _inside(node: ast.AST) -> list[Path]:
    found = [path for one in ast.walk(node) if (path := _path(one)) is not None and len(path) > 1]
    return [path for path in found if not any(len(other) > len(path) and other[: len(path)] == path for other in found)]


def _constants(node: ast.AST) -> list[Any]:
    named = {"true": True, "false": False, "null": None}
    found = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]
    return found + [named[one.id] for one in ast.walk(node) if isinstance(one, ast.Name) and one.id in named]


def around(constant: Any) -> list[Any]:
    """A constant and what lies on either side of it.

    >>> around(18), around("gold")
    ([18, 17, 19], ['gold'])
    """
    if isinstance(constant, bool) or constant is None:
        return [constant]
    if isinstance(constant, int):
        return [constant, constant - 1, constant + 1]
    if isinstance(constant, float):
        return [constant, constant - 0.5, constant + 0.5]
    return [constant]


# --- JSON Schema ----------------------------------------------------------------------


def sample(schema: Mapping[str, Any], name: str = "") -> Any:
    """Something that fits a schema.

    >>> sample({"type": "object", "properties": {"ok": {"type": "boolean"}, "n": {"type": "integer", "minimum": 2}}})
    {'ok': True, 'n': 2}
    """
    schema = _resolved(schema, schema)
    if "const" in schema or schema.get("enum"):
        return schema.get("const", (schema.get("enum") or [None])[0])
    if schema.get("default"):
        return schema["default"]
    made: Callable[[], Any] | None = {
        "object": lambda: _object(schema),
        "array": lambda: [sample(_with_defs(schema.get("items", {}), schema), name)],
        "boolean": lambda: True,
        "integer": lambda: int(schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)),
        "number": lambda: float(schema.get("minimum", 10)),
        "null": lambda: None,
    }.get(_type(schema))
    return made() if made is not None else _word(schema, name)


def _object(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {key: sample(_with_defs(one, schema), key) for key, one in schema.get("properties", {}).items()}


def _word(schema: Mapping[str, Any], name: str) -> Any:
    formats = {"date": "2026-02-03", "date-time": "2026-02-03T09:00:00Z", "time": "09:00", "email": "ada@example.com"}
    if schema.get("format") in formats:
        return formats[schema["format"]]
    return "Ada Lovelace" if "name" in name else "something"


def _type(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        return str(next((one for one in kind if one != "null"), "null"))
    if kind is None and "properties" in schema:
        return "object"
    return str(kind or "string")


def _resolved(schema: Mapping[str, Any], top: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema without `$ref` and `anyOf` at its top."""
    for _ in range(10):
        if "$ref" in schema:
            found: Any = top
            for part in str(schema["$ref"]).lstrip("#/").split("/"):
                found = found.get(part, {}) if isinstance(found, Mapping) else {}
            schema = _with_defs(found, top)
        elif options := schema.get("anyOf") or schema.get("oneOf"):
            rest = [one for one in options if one.get("type") != "null"] or list(options)
            schema = _with_defs(rest[0], top)
        else:
            break
    return schema


def _with_defs(schema: Mapping[str, Any], top: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**schema, "$defs": top["$defs"]} if "$defs" in top and isinstance(schema, Mapping) else schema


def _at(schema: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    for part in path:
        schema = _resolved(schema, schema)
        schema = _with_defs(schema.get("properties", {}).get(part, {}), schema)
    return schema


def _tellers(schema: Mapping[str, Any]) -> list[Path]:
    """Parts of a result that come in a few kinds: those without other words are tried, too."""
    top = _resolved(schema, schema)
    kinds = {key: _resolved(_with_defs(one, top), top) for key, one in top.get("properties", {}).items()}
    return [(key,) for key, one in kinds.items() if _type(one) == "boolean" or "enum" in one]


def _choices(schema: Mapping[str, Any], path: Path, constants: Sequence[Any]) -> list[Any]:
    here = _at(schema, path)
    inner = _resolved(here, here)
    values = [near for constant in constants for near in around(constant)]
    if _type(inner) == "boolean" and "type" in inner:
        values = [True, False]
    elif inner.get("enum"):
        values = [*inner["enum"], *values]
    elif not constants:
        values = [
            sample(inner, path[-1] if path else ""),
            *([] if inner.get("type") else [True, False]),
            *_empty(inner),
        ]
    if any(one.get("type") == "null" for one in here.get("anyOf", [])):
        values.append(None)
    return list({json.dumps(value): value for value in values}.values()) or [sample(inner)]


def _empty(schema: Mapping[str, Any]) -> list[Any]:
    """A thing that is read as a truth may be empty."""
    empty: dict[str, list[Any]] = {"array": [[]], "string": [""], "integer": [0], "number": [0.0]}
    return empty.get(_type(schema), [])


def _put(value: Any, path: Path, leaf: Any) -> Any:
    if not path:
        return leaf
    made = dict(value) if isinstance(value, Mapping) else {}
    made[path[0]] = _put(made.get(path[0]), path[1:], leaf)
    return made


def _add(table: dict[Any, list[Any]], key: Any, values: Iterable[Any]) -> None:
    known = table.setdefault(key, [])
    known += [value for value in values if value not in known]


def _slots_read(condition: Any) -> set[str]:
    names = condition.names() if hasattr(condition, "names") else set()
    return {path[1] for path in names if len(path) > 1 and path[0] == "slots"}


def _slots_in(shape: Any) -> set[str]:
    """The slots that a value is made of."""
    if isinstance(shape, Mapping):
        return {name for one in shape.values() for name in _slots_in(one)}
    if isinstance(shape, list):
        return {name for one in shape for name in _slots_in(one)}
    return set(re.findall(r"\bslots\.(\w+)", str(getattr(shape, "text", ""))))


def _verdict(condition: Any, slots: Mapping[str, Any]) -> Any:
    """What a condition says, as far as it is about slots alone."""
    with suppress(Exception):  # it reads something else, too
        return bool(condition.evaluate({"slots": _Slots(slots)}, datetime(2026, 2, 2, tzinfo=UTC)))
    return None


class _Slots(dict[str, Any]):
    def __missing__(self, _key: str) -> None:
        return None


def guards(way: Way) -> str:
    """What a route waits for beside its trigger."""
    return str(getattr(way.guard, "text", way.guard) or "")
