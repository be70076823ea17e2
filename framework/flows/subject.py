"""What rules look at: a flow, its places, and what the project and its plugins offer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from framework.documents import Diagnostic, Severity, Source, scan
from framework.errors import UserError
from framework.flows.expressions import ANY, ExpressionError, Template, Type, parse
from framework.flows.expressions.types import WORDS
from framework.flows.graph import (
    END,
    Aside,
    Edge,
    Path,
    asides,
    counts,
    edges,
    hears,
    ladder,
    reachable,
    reasons,
    roots,
    routes,
    verb,
)
from framework.flows.model import Filler, Flow, Interrupt, Node, Route, Rung, Slot, Timer, ToolUse
from framework.flows.outcomes import OUTCOMES
from framework.flows.settling import unsettled
from framework.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from framework.flows.expressions import Expression
    from framework.flows.expressions.template import Placeholder
    from framework.plugins.host import PluginHost
    from framework.project import Project
    from framework.slots.base import SlotType

SPOKEN = frozenset({"say", "prompt", "reprompt", "filler", "sample", "confirm"})
"""Uses of texts that the person hears."""

INSTRUCTING = frozenset({"instruct", "role", "message", "description"})
"""Uses of texts that a model reads."""

Called = tuple[str, str]
"""Whose `result` can be read: `("tool", name)` or `("subflow", name)`."""


@dataclass(frozen=True, slots=True)
class Way:
    """A route with its place."""

    node: str
    path: Path
    route: Route
    tool: ToolUse | None = None
    """The tool entry that the route belongs to."""


@dataclass(slots=True)
class Written:
    """A text or an expression with its place and what it may read."""

    path: Path
    text: Any
    node: str = ""
    result: Called | None = None
    """Whose `result` can be read here; None where there is no result."""
    slot: str | None = None
    """The slot that the value goes to."""
    language: str | None = None
    """The text's key in a map of languages."""
    use: str = ""
    """What the text is for, such as `say` or `instruct`; values and expressions have none."""
    event: str | None = None
    """The type of the event whose data can be read here."""
    guarded: Route | None = None
    """The route whose `if` this is."""
    expression: Expression | None = None
    """Of a bare expression, when it is one."""
    template: Template | None = None
    """Of a text with placeholders: those of them that can be read."""
    wrong: tuple[ExpressionError, ...] = ()
    """What can't be read."""

    @property
    def placeholders(self) -> tuple[Placeholder, ...]:
        """The expressions in a text."""
        return self.template.placeholders if self.template else ()


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

    def problem_inside(
        self, code: str, path: Path, column: int, message: str, fix: str = "", severity: Severity = Severity.ERROR
    ) -> Diagnostic:
        """A problem at a column of the text at `path`."""
        return Diagnostic(self.source.locate_inside(path, column - 1), code, message, fix, severity)

    def hurt(self, path: Path) -> bool:
        """True when something at, under or above `path` was wrong already."""
        if not self.damage:
            return False
        above, exact = self._wounds
        return path in above or any(path[:end] in exact for end in range(len(path) + 1))

    @cached_property
    def _wounds(self) -> tuple[set[Path], set[Path]]:
        """All paths that lead to damage, and those where it is."""
        return {path[:end] for path in self.damage for end in range(len(path) + 1)}, set(self.damage)

    def unclear(self, name: str) -> bool:
        """True when nobody can tell what the node does, because one of its own keys was wrong."""
        return bool(self.damage) and name in self._unclear

    @cached_property
    def _unclear(self) -> set[Any]:
        deep = len(("nodes", "name", "key"))
        whole = ("nodes",) in self.damage or () in self.damage
        return (set(self.flow.nodes) if whole else set()) | {
            path[1] for path in self.damage if 1 < len(path) <= deep and path[0] == "nodes"
        }

    @cached_property
    def languages(self) -> list[str]:
        """The flow's languages, or its personality's; empty when nobody can tell."""
        if self.flow.languages or self.project is None or self.flow.personality is None:
            return list(self.flow.languages or [])
        return _spoken_by(self.project, self.flow.personality)

    def spoken_at(self, name: str) -> list[str]:
        """The languages that are spoken at a node; at an empty name those of the whole flow."""
        node = self.flow.nodes.get(name)
        return (node.languages if node else None) or self.flow.defaults.languages or self.languages

    # --- Graph --------------------------------------------------------------

    @cached_property
    def verbs(self) -> dict[str, str]:
        """Node → its verb."""
        return {name: verb(node) for name, node in self.flow.nodes.items()}

    @cached_property
    def heard(self) -> set[str]:
        """The nodes at which the person is heard."""
        return {name for name, node in self.flow.nodes.items() if hears(node)}

    @cached_property
    def edges(self) -> list[Edge]:
        """Every way from one node to another; a misspelt target is taken for the one it resembles."""
        return [self._mended(edge) for edge in self.written_edges]

    @cached_property
    def written_edges(self) -> list[Edge]:
        """Every way from one node to another, as written."""
        return edges(self.flow)

    def _mended(self, edge: Edge) -> Edge:
        target = edge.target
        if target == END or target in self.flow.nodes:
            return edge
        close = self._meant(target)
        return Edge(edge.source, close, edge.word, edge.path, edge.route) if close != target else edge

    def _meant(self, target: str) -> str:
        """The node that is meant by a name, misspelt or not."""
        if target == END or target in self.flow.nodes:
            return target
        return nearest(target, self.flow.nodes) or target

    @cached_property
    def after(self) -> dict[str, list[Edge]]:
        """Node → the ways out of it."""
        ways: dict[str, list[Edge]] = {name: [] for name in self.flow.nodes}
        for edge in self.edges:
            ways[edge.source].append(edge)
        return ways

    @cached_property
    def asides(self) -> list[Aside]:
        """The ways of interrupts, timers and limits; a misspelt target is taken for the one it resembles."""
        return [
            Aside(a.kind, a.name, self._meant(a.target), a.path, a.nodes and [self._meant(node) for node in a.nodes])
            for a in asides(self.flow)
        ]

    @cached_property
    def beside(self) -> dict[str, list[Aside]]:
        """Node → the interrupts and timers that lead away from it."""
        leading = [aside for aside in self.asides if aside.kind != "limits"]
        if not leading:
            return {}
        return {name: [a for a in leading if counts(self.flow, a, name)] for name in self.flow.nodes}

    @cached_property
    def targets(self) -> dict[str, list[str]]:
        """Node → the nodes that its ways lead to, interrupts and timers included; `END` and unknown names left out."""
        nodes, beside = self.flow.nodes, self.beside
        return {
            name: [way.target for way in (*ways, *beside.get(name, ())) if way.target in nodes]
            for name, ways in self.after.items()
        }

    @cached_property
    def reached(self) -> set[str]:
        """The nodes that a session can come to."""
        begin = [self._meant(name) for name in roots(self.flow)]
        begin += [aside.target for aside in self.asides if aside.kind == "limits"]
        return reachable([name for name in begin if name in self.flow.nodes], self.targets)

    @cached_property
    def unsettled(self) -> list[set[str]]:
        """The circles of nodes that would run on and on by themselves."""
        return unsettled(self)

    def lost(self, name: str) -> bool:
        """True when nobody can tell where the node leads: every way out is broken, or part of it was unreadable."""
        ways = self.after[name]
        if not ways:
            return self.hurt(("nodes", name))
        return all(edge.target != END and edge.target not in self.flow.nodes for edge in ways)

    @cached_property
    def _ways(self) -> dict[str, list[Way]]:
        return {name: list(self._of_node(name, node)) for name, node in self.flow.nodes.items()}

    def _of_node(self, name: str, node: Node) -> Iterator[Way]:
        base: Path = ("nodes", name, "next")
        if isinstance(node.next, str):
            yield Way(name, base, routes(node)[0])
            return
        for index, route in enumerate(node.next or ()):
            yield Way(name, (*base, index), route)

    def ways(self, name: str) -> list[Way]:
        """The routes of a node's `next`."""
        return self._ways[name]

    @cached_property
    def _uses(self) -> dict[str, list[tuple[str, Path, ToolUse]]]:
        lists: list[tuple[str, Path, list[str | ToolUse]]] = [("", ("tools",), self.flow.tools)]
        lists += [(name, ("nodes", name, "tools"), node.tools) for name, node in self.flow.nodes.items() if node.tools]
        return {
            name: [(name, (*base, i), u if isinstance(u, ToolUse) else ToolUse(name=u)) for i, u in enumerate(uses)]
            for name, base, uses in lists
        }

    def tool_uses(self, at: str | None = None) -> list[tuple[str, Path, ToolUse]]:
        """Every tool offered, by node, or those of one node; those of the whole flow stand under an empty name."""
        return self._every_use if at is None else self._uses.get(at, [])

    @cached_property
    def _every_use(self) -> list[tuple[str, Path, ToolUse]]:
        return [use for uses in self._uses.values() for use in uses]

    def all_ways(self) -> list[Way]:
        """Every route of every node and tool entry."""
        return self._all_ways

    @cached_property
    def _all_ways(self) -> list[Way]:
        found = [way for ways in self._ways.values() for way in ways]
        for node, path, use in self._every_use:
            found += [Way(node, (*path, "next", index), route, use) for index, route in enumerate(use.next)]
        return found

    def interrupts(self) -> Iterator[tuple[str, Path, Interrupt]]:
        """The interrupts that the flow defines."""
        for name, interrupt in self.flow.interrupts.items():
            if interrupt is not False:
                yield name, ("interrupts", name), interrupt

    def timers(self) -> Iterator[tuple[str, Path, Timer]]:
        """The timers."""
        for name, timer in self.flow.timers.items():
            yield name, ("timers", name), timer

    @cached_property
    def ladders(self) -> list[tuple[str, str, Path, list[Rung]]]:
        """Every ladder as written: its key, its node (empty for the flow's), its place, its rungs."""
        found: list[tuple[str, str, Path, list[Rung]]] = []
        for key in ("no_input", "no_match"):
            if rungs := getattr(self.flow.defaults, key):
                found.append((key, "", ("defaults", key), rungs))
            for name, node in self.flow.nodes.items():
                if rungs := getattr(node, key):
                    found.append((key, name, ("nodes", name, key), rungs))
        return found

    def ladder(self, name: str, key: str) -> list[Rung]:
        """The rungs that hold at a node."""
        return ladder(self.flow, name, self.flow.nodes[name], key)[0]

    def fillers(self) -> Iterator[tuple[str, Path, Filler]]:
        """Every filler: its node (empty for the flow's), its place."""
        if self.flow.defaults.filler:
            yield "", ("defaults", "filler"), self.flow.defaults.filler
        for name, node in self.flow.nodes.items():
            if node.filler:
                yield name, ("nodes", name, "filler"), node.filler
        for name, path, use in self._every_use:
            if use.filler:
                yield name, (*path, "filler"), use.filler

    # --- Other flows --------------------------------------------------------

    def called(self, name: str) -> Flow | None:
        """The flow of that name, as far as it can be read without mistakes; None when it can't."""
        if name == self.flow.flow:
            return self.flow
        if name not in self._called:
            self._called[name] = self._read(name)
        return self._called[name]

    @cached_property
    def _called(self) -> dict[str, Flow | None]:
        return {}

    def _read(self, name: str) -> Flow | None:
        from framework.flows.load import examine_file  # noqa: PLC0415 - only flows that call others read them

        if self.project is None or name not in self.project.names("flows"):
            return None
        reading = examine_file(self.project.flow_path(name), self.project.root)
        return reading.loaded.flow if reading.loaded and not reading.diagnostics else None

    def outcomes(self, name: str) -> tuple[str, ...]:
        """How the node's verb can end; empty when it has no outcomes, or when nobody can tell."""
        node, kind = self.flow.nodes[name], self.verbs[name]
        if kind != "subflow":
            return OUTCOMES.get(kind, ())
        other = self.called(node.subflow or "")
        return tuple(dict.fromkeys((*reasons(other), "error"))) if other else ()

    def heard_in(self, stack: str) -> tuple[str, ...]:
        """The languages that a stack's recogniser knows; empty where it knows many, or nobody can tell."""
        if self.project is None or self.host is None or stack not in self.project.names("stacks"):
            return ()
        source, _, _ = scan(self.project.stack_path(stack), mode="ours")
        place = source.value.get("stt") if source else None
        provider = place.get("provider") if isinstance(place, dict) else None
        service: Any = self.host.services.get(f"stt.{provider}", None)
        alone = service is not None and not service.others and not (isinstance(place, dict) and place.get("others"))
        return tuple(service.languages or ()) if alone else ()

    def likeness(self, one: str, other: str) -> float | None:
        """How much two sentences mean the same to the semantic router; None where it isn't installed."""
        return self._router.score(one, [other])[0] if self._router is not None else None

    @cached_property
    def _router(self) -> Any:
        from framework.plugins.services import ServiceContext  # noqa: PLC0415 - only flows with intents alike compare

        service: Any = self.host.services.get("router.semantic", None) if self.host is not None else None
        try:
            router = service.builder()(ServiceContext()) if service is not None else None
            return router if router is not None and router.score("yes", ["no"]) else None
        except (ImportError, UserError):
            return None

    # --- Types --------------------------------------------------------------

    @cached_property
    def slot_types(self) -> dict[str, SlotType]:
        """Slot type name → type, from the box and, where that is not enough, from plugins."""
        declared = [*self.flow.slots.values(), *(f for fields in self.flow.events.values() for f in fields.values())]
        if not declared:
            return {}
        from framework.slots import BUILT_IN  # noqa: PLC0415 - only flows with slots need them

        known = {slot_type.name: slot_type for slot_type in BUILT_IN}
        if all(slot.type in known for slot in declared) or self.host is None:
            return known
        return {name: self.host.slot_types.get(name) for name in self.host.slot_types.names()}

    @cached_property
    def slots(self) -> Type:
        """The type of `slots`."""
        return Type("object", fields=self._fields(self.flow.slots), noun="slot")

    def _fields(self, slots: dict[str, Slot], names: Iterable[str] | None = None) -> dict[str, Type]:
        return {name: self._slot(slots[name]) for name in (slots if names is None else names) if name in slots}

    def types(self, slots: dict[str, Slot]) -> dict[str, Type]:
        """Name → type of slots, of this flow or of another one."""
        return self._fields(slots)

    def _slot(self, slot: Slot) -> Type:
        known = self.slot_types.get(slot.type)
        kind = getattr(known, "kind", "any")
        if kind == "enum":
            values = slot.options.get("values")
            listed = list(values) if isinstance(values, (list, dict)) else []
            names = [value for value in listed if isinstance(value, str)]
            return Type("enum", tuple(names)) if names and len(names) == len(listed) else ANY
        if kind in {"list", "object"}:
            return self._inside(known, slot)
        return Type(kind) if kind in WORDS else ANY

    def _inside(self, known: Any, slot: Any) -> Type:
        """What a list or an object holds, by its options."""
        try:
            return Type.of_schema(known.schema(known.Options.model_validate(slot.options)))
        except (ValueError, TypeError):  # SLT003 says what is wrong with them
            return Type(known.kind)

    def tool(self, name: str) -> Any:
        """The registered tool of a name or alias, or None."""
        return self.host.tools.get(name, None) if self.host is not None else None

    def names(self, result: Called | None, event: str | None = None) -> dict[str, Type]:
        """What expressions may read, and of which type."""
        if (result, event) not in self._scopes:
            known = {"slots": self.slots, "session": SESSION, "identity": ANY, "personality": ANY, "state": ANY}
            if result is not None:
                known["result"] = self._result_type(*result)
            if event is not None:
                fields = self.flow.events.get(event)
                known["event"] = ANY if fields is None else Type("object", fields=self._fields(fields))
            self._scopes[result, event] = known
        return self._scopes[result, event]

    @cached_property
    def _scopes(self) -> dict[tuple[Called | None, str | None], dict[str, Type]]:
        return {}

    def _result_type(self, kind: str, name: str) -> Type:
        if kind == "subflow":
            other = self.called(name)
            return Type("object", fields=self._fields(other.slots, other.outputs)) if other else ANY
        tool = self.tool(name)
        return Type.of_schema(tool.result_schema) if tool is not None else ANY

    # --- Texts and expressions ----------------------------------------------

    def expressions(self) -> list[Written]:
        """Every bare expression."""
        return self._expressions

    def texts(self) -> list[Written]:
        """Every text that is spoken or given to a model."""
        return self._texts

    def values(self) -> list[Written]:
        """Every text inside `with`, `set` and `emit`, and every value that goes to a slot."""
        return self._values

    def guard(self, route: Route | None) -> Expression | None:
        """The `if` of a route; None without one, and where it is no expression."""
        return self._guards.get(id(route))

    @cached_property
    def _guards(self) -> dict[int, Expression]:
        return {id(w.guarded): w.expression for w in self._expressions if w.guarded and w.expression}

    @cached_property
    def _expressions(self) -> list[Written]:
        found = list(self._bare())
        for written in found:
            try:
                written.expression = parse(written.text)
            except ExpressionError as wrong:
                written.wrong = (wrong,)
        return found

    @cached_property
    def _texts(self) -> list[Written]:
        return [_scanned(written) for written in self._all_texts()]

    @cached_property
    def _values(self) -> list[Written]:
        return [_scanned(written) for written in self._all_values()]

    def _bare(self) -> Iterator[Written]:
        for way in self._all_ways:
            route = way.route
            if isinstance(route.if_, str):
                result = self._result(way)
                yield Written((*way.path, "if"), route.if_, way.node, result, event=route.event, guarded=route)
            if isinstance(route.where, str):
                yield Written((*way.path, "where"), route.where, way.node, event=route.event or "")
        yield from self._aside_guards()
        for name, node in self.flow.nodes.items():
            for slot, text in node.save.items():
                yield Written(("nodes", name, "save", slot), text, name, _called(node) or ("tool", ""), slot)
        for name, path, use in self._every_use:
            for slot, text in use.save.items():
                yield Written((*path, "save", slot), text, name, ("tool", use.name), slot)

    def _aside_guards(self) -> Iterator[Written]:
        for _, path, interrupt in self.interrupts():
            if isinstance(interrupt.if_, str):
                yield Written((*path, "if"), interrupt.if_, event=interrupt.event)
            if isinstance(interrupt.where, str):
                yield Written((*path, "where"), interrupt.where, event=interrupt.event or "")

    def _all_texts(self) -> Iterator[Written]:
        for name, node in self.flow.nodes.items():
            yield from self._node_texts(name, node)
        for way in self._all_ways:
            route = way.route
            if route.say is not None:
                yield from _words(route.say, (*way.path, "say"), "say", way.node, self._result(way), route.event)
        for _, name, path, rungs in self.ladders:
            for index, rung in enumerate(rungs):
                yield from _words(rung.say, (*path, index, "say"), "say", name)
        for name, path, filler in self.fillers():
            yield from _words(filler.say, (*path, "say"), "filler", name)
        for name, path, use in self._every_use:
            yield from _words(use.confirm, (*path, "confirm"), "confirm", name)
        yield from self._aside_texts()

    def _aside_texts(self) -> Iterator[Written]:
        for name, slot in self.flow.slots.items():
            yield from _words(slot.prompt, ("slots", name, "prompt"), "prompt")
            yield from _words(slot.reprompt, ("slots", name, "reprompt"), "reprompt")
        for _, path, interrupt in self.interrupts():
            yield from _words(interrupt.say, (*path, "say"), "say", event=interrupt.event)
            yield from _one(interrupt.instruct, (*path, "instruct"), "instruct", event=interrupt.event)
        for _, path, timer in self.timers():
            yield from _words(timer.say, (*path, "say"), "say")
            yield from _one(timer.instruct, (*path, "instruct"), "instruct")

    def _node_texts(self, name: str, node: Node) -> Iterator[Written]:
        base: Path = ("nodes", name)
        if node.say is not None:
            yield from _words(node.say, (*base, "say"), "say", name)
        if node.instruct is not None:
            yield from _one(node.instruct, (*base, "instruct"), "instruct", name)
        yield from _one(node.sample, (*base, "sample"), "sample", name)
        yield from _one(node.brief, (*base, "brief"), "brief", name)
        yield from _one(node.role_message, (*base, "role_message"), "role", name)
        for index, message in enumerate(node.task_messages or ()):
            yield Written((*base, "task_messages", index, "content"), message.content, name, use="message")
        for key, actions in (("pre_actions", node.pre_actions), ("post_actions", node.post_actions)):
            for index, action in enumerate(actions):
                text = (action.model_extra or {}).get("text")
                if action.type == "tts_say" and isinstance(text, str):
                    yield Written((*base, key, index, "text"), text, name, use="say")

    def _all_values(self) -> Iterator[Written]:
        for name, node in self.flow.nodes.items():
            yield from self._node_values(name, node)
        for way in self._all_ways:
            route = way.route
            if route.set:
                yield from _slots(route.set, (*way.path, "set"), way.node, self._result(way), route.event)
            if isinstance(route.emit, dict):
                yield from _leaves(route.emit, (*way.path, "emit"), way.node, self._result(way), route.event)
        for name, path, use in self._every_use:
            yield from _leaves(use.with_, (*path, "with"), name)
        for _, path, timer in self.timers():
            if isinstance(timer.emit, dict):
                yield from _leaves(timer.emit, (*path, "emit"), "")

    def _node_values(self, name: str, node: Node) -> Iterator[Written]:
        base: Path = ("nodes", name)
        if node.set:
            yield from _slots(node.set, (*base, "set"), name)
        if node.with_:
            yield from _leaves(node.with_, (*base, "with"), name)
        for when, actions in (("enter", node.actions.enter), ("leave", node.actions.leave)):
            for index, action in enumerate(actions):
                if not isinstance(action, str):
                    yield from _leaves(action.with_, (*base, "actions", when, index, "with"), name)

    def _result(self, way: Way) -> Called | None:
        if way.tool is not None:
            return ("tool", way.tool.name)
        return _called(self.flow.nodes[way.node]) if way.node else None


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


def _called(node: Node) -> Called | None:
    if node.run is not None:
        return ("tool", node.run)
    return ("subflow", node.subflow) if node.subflow is not None else None


def _scanned(written: Written) -> Written:
    """The text with its placeholders read."""
    if isinstance(written.text, str) and "{{" in written.text:
        written.template, wrong = Template.scan(written.text)
        written.wrong = tuple(wrong)
    return written


def _words(
    words: Any, path: Path, use: str, node: str = "", result: Called | None = None, event: str | None = None
) -> Iterator[Written]:
    for index, entry in enumerate(words or ()):
        yield from _one(entry, (*path, index), use, node, result, event)


def _one(
    entry: Any, path: Path, use: str, node: str = "", result: Called | None = None, event: str | None = None
) -> Iterator[Written]:
    if isinstance(entry, dict):
        for language, text in entry.items():
            yield Written((*path, language), text, node, result, None, language, use, event)
    elif entry is not None:
        yield Written(path, entry, node, result, None, None, use, event)


def _leaves(
    value: Any, path: Path, node: str, result: Called | None = None, event: str | None = None
) -> Iterator[Written]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key), node, result, event)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*path, index), node, result, event)
    elif isinstance(value, str):
        yield Written(path, value, node, result, event=event)


def _slots(
    values: dict[str, Any], path: Path, node: str, result: Called | None = None, event: str | None = None
) -> Iterator[Written]:
    for slot, value in values.items():
        if isinstance(value, (dict, list)):
            yield from _leaves(value, (*path, slot), node, result, event)
        yield Written((*path, slot), value, node, result, slot, event=event)
