"""What rules look at: a flow, its places, and what the project and its plugins offer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from framework.documents import Diagnostic, Severity, Source, scan
from framework.flows.expressions import ANY, Type
from framework.flows.graph import END, Edge, Path, edges, routes
from framework.flows.model import Filler, Flow, Node, Route, Rung, ToolUse
from framework.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from framework.plugins.host import PluginHost
    from framework.project import Project
    from framework.slots.base import SlotType


@dataclass(frozen=True, slots=True)
class Way:
    """A route with its place."""

    node: str
    path: Path
    route: Route
    tool: ToolUse | None = None
    """The tool entry that the route belongs to."""


@dataclass(frozen=True, slots=True)
class Written:
    """A text or an expression with its place and what it may read."""

    path: Path
    text: Any
    node: str = ""
    result: str | None = None
    """The tool whose `result` can be read here; None where there is no result."""
    slot: str | None = None
    """The slot that the value goes to."""
    language: str | None = None
    """The text's key in a map of languages."""


@dataclass
class Subject:
    """One flow under examination."""

    flow: Flow
    source: Source
    project: Project | None = None
    host_maker: Callable[[], PluginHost] | None = None
    """Loads the plugins when a rule asks for them; None where only the structure is checked."""
    damage: tuple[Path, ...] = ()

    @cached_property
    def host(self) -> PluginHost | None:
        """All plugins, loaded at the first question about them."""
        return self.host_maker() if self.host_maker else None

    # --- Places -------------------------------------------------------------

    def problem(
        self, code: str, path: Path, message: str, fix: str = "", severity: Severity = Severity.ERROR
    ) -> Diagnostic:
        """A problem with the value at `path`."""
        return Diagnostic(self.source.locate(path), code, message, fix, severity)

    def problem_at_key(
        self, code: str, path: Path, message: str, fix: str = "", severity: Severity = Severity.ERROR
    ) -> Diagnostic:
        """A problem with what stands under the key at the end of `path`."""
        return Diagnostic(self.source.locate_key(path), code, message, fix, severity)

    def problem_inside(self, code: str, path: Path, column: int, message: str, fix: str = "") -> Diagnostic:
        """A problem at a column of the text at `path`."""
        return Diagnostic(self.source.locate_inside(path, column - 1), code, message, fix)

    def hurt(self, path: Path) -> bool:
        """True when something at, under or above `path` was wrong already."""
        return any(seen[: len(path)] == path or path[: len(seen)] == seen for seen in self.damage)

    def unclear(self, name: str) -> bool:
        """True when nobody can tell what the node does, because one of its own keys was wrong."""
        return any(path[:2] == ("nodes", name) and len(path) <= len(("nodes", name, "key")) for path in self.damage)

    @cached_property
    def languages(self) -> list[str]:
        """The flow's languages, or its personality's; empty when nobody can tell."""
        if self.flow.languages or self.project is None or self.flow.personality is None:
            return list(self.flow.languages or [])
        return _spoken_by(self.project, self.flow.personality)

    # --- Graph --------------------------------------------------------------

    @cached_property
    def edges(self) -> list[Edge]:
        """Every way from one node to another; a misspelt target is taken for the one it resembles."""
        return [self._mended(edge) for edge in edges(self.flow)]

    def _mended(self, edge: Edge) -> Edge:
        target = edge.target
        if target == END or target in self.flow.nodes:
            return edge
        close = nearest(target, self.flow.nodes)
        return Edge(edge.source, close, edge.label, edge.path, edge.route) if close else edge

    @cached_property
    def after(self) -> dict[str, list[Edge]]:
        """Node → the ways out of it."""
        ways: dict[str, list[Edge]] = {name: [] for name in self.flow.nodes}
        for edge in self.edges:
            ways[edge.source].append(edge)
        return ways

    def lost(self, name: str) -> bool:
        """True when nobody can tell where the node leads: every way out is broken, or part of it was unreadable."""
        ways = self.after[name]
        if not ways:
            return self.hurt(("nodes", name))
        return all(edge.target != END and edge.target not in self.flow.nodes for edge in ways)

    def ways(self, name: str) -> list[Way]:
        """The routes of a node's `next`."""
        node = self.flow.nodes[name]
        base: Path = ("nodes", name, "next")
        if isinstance(node.next, str):
            return [Way(name, base, routes(node)[0])]
        return [Way(name, (*base, index), route) for index, route in enumerate(node.next or [])]

    def tool_uses(self) -> Iterator[tuple[str, Path, ToolUse]]:
        """Every tool offered, by node; those of the whole flow under an empty name."""
        for index, use in enumerate(self.flow.tools):
            yield "", ("tools", index), use if isinstance(use, ToolUse) else ToolUse(name=use)
        for name, node in self.flow.nodes.items():
            for index, use in enumerate(node.tools):
                yield name, ("nodes", name, "tools", index), use if isinstance(use, ToolUse) else ToolUse(name=use)

    def all_ways(self) -> Iterator[Way]:
        """Every route of every node and tool entry."""
        for name in self.flow.nodes:
            yield from self.ways(name)
        for node, path, use in self.tool_uses():
            for index, route in enumerate(use.next):
                yield Way(node, (*path, "next", index), route, use)

    # --- Types --------------------------------------------------------------

    @cached_property
    def slot_types(self) -> dict[str, SlotType]:
        """Slot type name → type, from the box and, where that is not enough, from plugins."""
        if not self.flow.slots:
            return {}
        from framework.slots import BUILT_IN  # noqa: PLC0415 - only flows with slots need them

        known = {slot_type.name: slot_type for slot_type in BUILT_IN}
        if all(slot.type in known for slot in self.flow.slots.values()) or self.host is None:
            return known
        return {name: self.host.slot_types.get(name) for name in self.host.slot_types.names()}

    @cached_property
    def slots(self) -> Type:
        """The type of `slots`."""
        fields = {name: self._slot(slot) for name, slot in self.flow.slots.items()}
        return Type("object", fields=fields, noun="slot")

    def _slot(self, slot: Any) -> Type:
        known = self.slot_types.get(slot.type)
        kind = getattr(known, "kind", "any")
        if kind == "enum":
            values = slot.options.get("values")
            names = [v for v in values if isinstance(v, str)] if isinstance(values, (list, dict)) else []
            return Type("enum", tuple(names)) if names and len(names) == len(values) else ANY
        if kind in {"list", "object"}:
            return self._inside(known, slot)
        return Type(kind)

    def _inside(self, known: Any, slot: Any) -> Type:
        """What a list or an object holds, by its options."""
        try:
            return Type.of_schema(known.schema(known.Options.model_validate(slot.options)))
        except ValueError:  # SLT003 says what is wrong with them
            return Type(known.kind)

    def tool(self, name: str) -> Any:
        """The registered tool of a name or alias, or None."""
        return self.host.tools.get(name, None) if self.host is not None else None

    def names(self, result: str | None) -> dict[str, Type]:
        """What expressions may read, and of which type."""
        known = {"slots": self.slots, "session": SESSION, "identity": ANY, "personality": ANY, "state": ANY}
        if result is not None:
            tool = self.tool(result)
            known["result"] = Type.of_schema(tool.result_schema) if tool is not None else ANY
        return known

    # --- Texts and expressions ----------------------------------------------

    def expressions(self) -> Iterator[Written]:
        """Every bare expression."""
        for way in self.all_ways():
            if isinstance(way.route.if_, str):
                yield Written((*way.path, "if"), way.route.if_, way.node, self._result(way))
        for name, node in self.flow.nodes.items():
            for slot, text in node.save.items():
                yield Written(("nodes", name, "save", slot), text, name, node.run or "", slot)
        for name, path, use in self.tool_uses():
            for slot, text in use.save.items():
                yield Written((*path, "save", slot), text, name, use.name, slot)

    def texts(self) -> Iterator[Written]:
        """Every text that is spoken or given to a model."""
        for name, node in self.flow.nodes.items():
            yield from self._node_texts(name, node)
        for way in self.all_ways():
            yield from _words(way.route.say, (*way.path, "say"), way.node, self._result(way))
        yield from self._rungs(self.flow.defaults.no_match, ("defaults",), "")
        yield from self._filler(self.flow.defaults.filler, ("defaults",), "")
        for name, slot in self.flow.slots.items():
            yield from _words(slot.prompt, ("slots", name, "prompt"), "", None)
            yield from _words(slot.reprompt, ("slots", name, "reprompt"), "", None)
        for name, path, use in self.tool_uses():
            yield from self._filler(use.filler, path, name)

    def _node_texts(self, name: str, node: Node) -> Iterator[Written]:
        base: Path = ("nodes", name)
        yield from _words(node.say, (*base, "say"), name, None)
        yield from _words([node.instruct] if node.instruct is not None else None, (*base, "instruct"), name, None)
        yield from _words([node.sample] if node.sample is not None else None, (*base, "sample"), name, None)
        if node.role_message is not None:
            yield Written((*base, "role_message"), node.role_message, name)
        for index, message in enumerate(node.task_messages or []):
            yield Written((*base, "task_messages", index, "content"), message.content, name)
        yield from self._rungs(node.no_match, base, name)
        yield from self._filler(node.filler, base, name)
        for key, actions in (("pre_actions", node.pre_actions), ("post_actions", node.post_actions)):
            for index, action in enumerate(actions):
                text = (action.model_extra or {}).get("text")
                if action.type == "tts_say" and isinstance(text, str):
                    yield Written((*base, key, index, "text"), text, name)

    def _rungs(self, rungs: list[Rung] | None, base: Path, node: str) -> Iterator[Written]:
        for index, rung in enumerate(rungs or []):
            yield from _words(rung.say, (*base, "no_match", index, "say"), node, None)

    def _filler(self, filler: Filler | None, base: Path, node: str) -> Iterator[Written]:
        if filler is not None:
            yield from _words(filler.say, (*base, "filler", "say"), node, None)

    def values(self) -> Iterator[Written]:
        """Every text inside `with`, `set` and `emit`, and every value that goes to a slot."""
        for name, node in self.flow.nodes.items():
            base: Path = ("nodes", name)
            yield from _slots(node.set, (*base, "set"), name, None)
            yield from _leaves(node.with_, (*base, "with"), name, None)
            for when, actions in (("enter", node.actions.enter), ("leave", node.actions.leave)):
                for index, action in enumerate(actions):
                    if not isinstance(action, str):
                        yield from _leaves(action.with_, (*base, "actions", when, index, "with"), name, None)
        for way in self.all_ways():
            yield from _slots(way.route.set, (*way.path, "set"), way.node, self._result(way))
            if isinstance(way.route.emit, dict):
                yield from _leaves(way.route.emit, (*way.path, "emit"), way.node, self._result(way))
        for name, path, use in self.tool_uses():
            yield from _leaves(use.with_, (*path, "with"), name, None)

    def _result(self, way: Way) -> str | None:
        if way.tool is not None:
            return way.tool.name
        return self.flow.nodes[way.node].run if way.node else None


SESSION = Type(
    "object",
    fields={
        "id": Type("text"),
        "room": Type("text"),
        "channel": Type("enum", ("voice", "text")),
        "language": Type("text"),
        "turns": Type("integer"),
        "started_at": Type("text"),
        "visits": Type("integer"),
    },
)


def _spoken_by(project: Project, name: str, depth: int = 8) -> list[str]:
    """The languages in a personality's file, or in the one that it extends."""
    if name not in project.names("personalities") or not depth:
        return []
    source, _, _ = scan(project.personality_path(name), mode="ours")
    value = source.value if source else {}
    if isinstance(languages := value.get("languages"), list):
        return [language for language in languages if isinstance(language, str)]
    parent = value.get("extends")
    return _spoken_by(project, parent, depth - 1) if isinstance(parent, str) else []


def _words(words: Any, path: Path, node: str, result: str | None) -> Iterator[Written]:
    for index, entry in enumerate(words or []):
        here = (*path, index)
        if isinstance(entry, dict):
            for language, text in entry.items():
                yield Written((*here, language), text, node, result, None, language)
        else:
            yield Written(here, entry, node, result)


def _leaves(value: Any, path: Path, node: str, result: str | None) -> Iterator[Written]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key), node, result)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*path, index), node, result)
    elif isinstance(value, str):
        yield Written(path, value, node, result)


def _slots(values: dict[str, Any], path: Path, node: str, result: str | None) -> Iterator[Written]:
    for slot, value in values.items():
        if isinstance(value, (dict, list)):
            yield from _leaves(value, (*path, slot), node, result)
        yield Written((*path, slot), value, node, result, slot)
