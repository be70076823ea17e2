"""What may be written at a place: keys, names, values, and names in expressions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from pydantic import BaseModel

from framework.flows import names as tables
from framework.flows.expressions.functions import FUNCTIONS
from framework.flows.expressions.grammar import NAMES
from framework.flows.model import Flow, Slot
from framework.flows.names import EXPRESSIONS, PLAIN
from framework.flows.outcomes import OUTCOMES
from framework.flows.subject import SESSION
from framework.lsp.context import Context, context_at, part_at, word_at
from framework.lsp.tables import docs_of, field_at, keys_of, values_of, verb_of

if TYPE_CHECKING:
    from framework.flows.vocabulary import Vocabulary
    from framework.lsp.desk import Desk, Document

ItemKind = Literal["key", "name", "value", "function"]

CHAIN = re.compile(r"(?:^|[^\w.])([A-Za-z_]\w*)\.\w*$")
WORDS = ("and", "or", "not", "in", "true", "false", "null")
ABOUT = {
    "slots": "A slot's value, or null while it is unset.",
    "result": "What the node's tool returned.",
    "event": "Data of the event that fired this route.",
    "session": "The session: id, room, channel, language, turns, started_at, visits.",
    "identity": "Whom the bot talks to, or null.",
    "personality": "Name, language and the personality's own fields.",
    "state": "Pipecat's free-form state.",
}
OF_IDENTITY = ("id", "name", "role")
OF_PERSONALITY = ("name", "language", "greeting", "disclosure")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that may be written."""

    label: str
    kind: ItemKind
    detail: str = ""
    insert: str = ""
    """What to write if not the label."""


def complete(desk: Desk, document: Document, offset: int) -> tuple[tuple[int, int], list[Item]]:
    """The characters to replace, and with what."""
    if document.path.suffix == ".json":
        return (offset, offset), []
    with desk.reading():
        context = context_at(document.path, document.text, offset)
        if context is None:
            return (offset, offset), []
        known = desk.known(document)
        reader = _Reader(desk, document, context, known)
        items = list(dict.fromkeys(reader.items()))
    inside = context.role == "inside" or reader.bare
    return (part_at if inside else word_at)(document.text, offset), items


class _Reader:
    """One question, with all that answers it."""

    def __init__(self, desk: Desk, document: Document, context: Context, known: Vocabulary) -> None:
        self.desk = desk
        self.document = document
        self.context = context
        self.known = known
        self.annotation, self.field = field_at(document.model, context.path)

    @property
    def bare(self) -> bool:
        """True where a bare expression stands."""
        return self.context.role != "key" and self.field in EXPRESSIONS

    def items(self) -> Iterator[Item]:
        """Everything that may be written."""
        if self.context.role == "key":
            yield from self.keys()
        elif self.bare:
            yield from self.expression(self.context.before)
        elif (inner := self.context.expression) is not None:
            yield from self.expression(inner) if self.field not in PLAIN else ()
        elif self.context.role == "value":
            yield from self.values()

    # --- Keys ---------------------------------------------------------------

    def keys(self) -> Iterator[Item]:
        """The keys of the mapping that are not there yet."""
        here = self.context.siblings.children
        for item in self._keys():
            if item.label not in here:
                yield item

    def _keys(self) -> Iterator[Item]:
        model = tables.model_of(self.annotation)
        if model is not None:
            yield from _keys_of(model)
            if model is Slot:
                yield from self._options()
        else:
            yield from self._named_keys()

    def _named_keys(self) -> Iterator[Item]:
        """Names as keys, where the mapping is one of names."""
        kind = keys_of(self.document.kind or "flow").get(self.field) if self.field else None
        if kind and self.field and self.field[0] is not Flow:
            names = self._arguments() if kind == "argument" else self.known.of(kind)
            yield from (Item(name, "name", text, f"{name}: ") for name, text in names.items())

    def _options(self) -> Iterator[Item]:
        kind = self.known.slot_types.get(str(self.context.siblings.value.get("type")))
        if kind is None:
            return
        for name, info in kind.Options.model_fields.items():
            yield Item(info.alias or name, "key", info.description or f"Option of `{kind.name}`.", f"{name}: ")

    def _arguments(self) -> dict[str, str]:
        owner = self.context.source.node(self.context.path[:-1]).value
        named = str(owner.get("run") or owner.get("name") or "")
        if tool := self.known.tools.get(named):
            return {n: p.get("description", "") for n, p in tool.parameters.get("properties", {}).items()}
        return self._inputs(str(owner.get("subflow") or ""))

    def _inputs(self, flow: str) -> dict[str, str]:
        if flow not in self.known.of("flow"):
            return {}
        other = self.desk.document(self.desk.around(self.document.path).project.flow_path(flow))
        inputs = other.source.value.get("inputs") if other.source else None
        return dict.fromkeys([i for i in inputs if isinstance(i, str)], "Input.") if isinstance(inputs, list) else {}

    # --- Values -------------------------------------------------------------

    def values(self) -> Iterator[Item]:
        """Names, words and keys that may begin a value."""
        if kind := values_of(self.document.kind or "flow").get(self.field or (Flow, "")):
            yield from (Item(name, "name", text) for name, text in self._names(kind).items())
        for branch in tables.branches(self.annotation):
            if branch is bool:
                yield from (Item("true", "value"), Item("false", "value"))
            elif get_origin(branch) is Literal:
                yield from (Item(_written(value), "value") for value in get_args(branch))
        model = tables.model_of(self.annotation)
        if model is not None and (isinstance(self.context.path[-1], int) or not _takes_text(self.annotation)):
            yield from _keys_of(model)
        yield from self._named_keys()
        if self.document.kind == "stack" and self.context.path[-1] == "provider":
            yield from self._providers()

    def _names(self, kind: tables.Kind) -> dict[str, str]:
        around = self.desk.around(self.document.path)
        if kind == "outcome":
            return dict.fromkeys(self._outcomes(), "")
        if kind == "transport":
            return dict.fromkeys(around.host.transports.names(), "")
        if kind == "bot":
            return dict.fromkeys(around.project.bots, "")
        if kind == "language":
            return {}
        return self.known.of(kind)

    def _outcomes(self) -> Iterable[str]:
        path = self.context.path
        if "tools" in path:
            return OUTCOMES["run"]
        node = self.context.source.node(path[:2]).value if path[:1] == ("nodes",) else None
        if not isinstance(node, dict):
            return ()
        return OUTCOMES.get(verb_of(node), ("done", "error"))

    def _providers(self) -> Iterator[Item]:
        place = str(self.context.path[-2])
        for name in self.desk.around(self.document.path).host.services.names():
            kind, _, provider = name.partition(".")
            if kind == place:
                yield Item(provider, "name")

    # --- Expressions --------------------------------------------------------

    def expression(self, before: str) -> Iterator[Item]:
        """Names that an expression may go on with."""
        chain = CHAIN.search(before)
        if chain is None:
            if not before.rstrip().endswith((".", "'", '"')):
                yield from (Item(name, "name", ABOUT[name]) for name in NAMES)
                yield from (Item(name, "function", "", f"{name}(") for name in FUNCTIONS)
                yield from (Item(word, "value") for word in WORDS)
            return
        yield from (Item(name, "name", text) for name, text in self._fields(chain[1]).items())

    def _fields(self, name: str) -> dict[str, str]:
        if name == "slots":
            return {slot: self._slot(slot) for slot in self.known.of("slot")}
        if name == "session":
            return {field: kind.kind for field, kind in (SESSION.fields or {}).items()}
        if name == "result":
            return self._result()
        if name == "event":
            return self._event()
        return dict.fromkeys({"identity": OF_IDENTITY, "personality": OF_PERSONALITY}.get(name, ()), "")

    def _slot(self, slot: str) -> str:
        declared = self.context.source.node(("slots", slot)).value
        return str(declared.get("type", "")) if isinstance(declared, dict) else str(declared)

    def _result(self) -> dict[str, str]:
        """The fields of what the tool returns that stands nearest."""
        for end in range(len(self.context.path), 1, -1):
            owner = self.context.source.node(self.context.path[:end]).value
            if isinstance(owner, dict) and (tool := self.known.tools.get(str(owner.get("run") or owner.get("name")))):
                schema = tool.result_schema or {}
                return {
                    n: str(p.get("description", p.get("type", ""))) for n, p in schema.get("properties", {}).items()
                }
        return {}

    def _event(self) -> dict[str, str]:
        for end in range(len(self.context.path), 1, -1):
            owner = self.context.source.node(self.context.path[:end]).value
            if isinstance(owner, dict) and isinstance(owner.get("event"), str):
                fields = self.context.source.node(("events", owner["event"])).value
                return {str(name): str(kind) for name, kind in fields.items()} if isinstance(fields, dict) else {}
        return {}


def _keys_of(model: type[BaseModel]) -> Iterator[Item]:
    for name, text in docs_of(model).items():
        if not name.startswith("_") and name != "pipecat":
            yield Item(name, "key", text, f"{name}: ")


def _takes_text(annotation: Any) -> bool:
    return any(branch is str for branch in tables.branches(annotation))


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
