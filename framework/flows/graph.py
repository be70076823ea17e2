"""A flow as nodes and edges: pure functions, no YAML and no pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from framework.flows.model import Branches, Flow, Function, Node, Route, Rung, ToolUse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Path = tuple[str | int, ...]

END = "(end)"
"""The target of edges that end the flow."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One way from a node to another."""

    source: str
    target: str
    word: str
    """What it waits for, where that is not the trigger of a route."""
    path: Path
    """Where the target is written."""
    route: Route | None = None
    """The route it comes from; None for functions, rungs and a node's `end`."""

    @property
    def label(self) -> str:
        """What it waits for, in a few words."""
        return (label(self.route) if self.route else "") or self.word


@dataclass(frozen=True, slots=True)
class Aside:
    """A way out of many nodes at once, as interrupts, timers and limits have it."""

    kind: str
    """`interrupt`, `timer` or `limits`."""
    name: str
    target: str
    path: Path
    """Where the target is written."""
    nodes: list[str] | None = None
    """The nodes at which it counts; None for all."""


def verb(node: Node) -> str:
    """What a node does: `instruct`, `collect`, `run`, `subflow`, `transfer`, `wait`, `say` or `decide`."""
    if node.instruct is not None or node.task_messages is not None:
        return "instruct"
    for kind in ("collect", "run", "subflow", "transfer", "wait"):
        if getattr(node, kind) is not None:
            return kind
    return "say" if node.say is not None else "decide"


def hears(node: Node) -> bool:
    """True when the person is listened to at the node."""
    kind = verb(node)
    return kind in {"instruct", "collect", "wait"} or (kind == "say" and any(_waits(r) for r in routes(node)))


def _waits(route: Route) -> bool:
    return not (route.intent is None and route.event is None and route.after is None and route.keys is None)


def triggers(route: Route) -> int:
    """How many triggers a route has; one is the most that makes sense, and `keys` belong to an `intent`."""
    given = (route.outcome, route.intent or route.keys, route.event, route.after)
    return sum(value is not None for value in given)


def routes(node: Node) -> list[Route]:
    """The routes of a node; a plain `next: name` is one that always holds."""
    if isinstance(node.next, str):
        return [Route(goto=node.next)]
    return list(node.next or [])


def edges(flow: Flow) -> list[Edge]:
    """Every way from one node to another, in the order of the file."""
    return [edge for name, node in flow.nodes.items() for edge in node_edges(flow, name, node)]


def node_edges(flow: Flow, name: str, node: Node) -> Iterator[Edge]:
    """The ways out of one node, but for those that many nodes have in common: see `asides`."""
    base: Path = ("nodes", name)
    if isinstance(node.next, str):
        yield Edge(name, node.next, "", (*base, "next"), Route(goto=node.next))
    elif node.next:
        yield from _route_edges(name, node.next, (*base, "next"))
    if ends(node.end):
        yield Edge(name, END, reason(node.end), (*base, "end"))
    if hears(node):
        yield from _ladder_edges(flow, name, node)
    if node.functions:
        yield from _function_edges(name, node.functions, (*base, "functions"))
    if node.tools:
        yield from _tool_edges(name, node.tools, (*base, "tools"))
    if verb(node) == "instruct":
        yield from _function_edges(name, flow.global_functions, ("global_functions",))
        yield from _tool_edges(name, flow.tools, ("tools",))
    if any(a.type == "end_conversation" for a in (*node.pre_actions, *node.post_actions)):
        yield Edge(name, END, "end_conversation", base)


def _ladder_edges(flow: Flow, name: str, node: Node) -> Iterator[Edge]:
    for key, word in LADDERS:
        rungs, base = ladder(flow, name, node, key)
        for index, rung in enumerate(rungs):
            if rung.goto is not None:
                yield Edge(name, rung.goto, word, (*base, index, "goto"))
            if ends(rung.end):
                yield Edge(name, END, word, (*base, index, "end"))


LADDERS = (("no_input", "no input"), ("no_match", "no match"))
"""Key of a ladder → what its rungs wait for."""


def ladder(flow: Flow, name: str, node: Node, key: str) -> tuple[list[Rung], Path]:
    """The rungs of a node's ladder, its own or the flow's, and where they are written."""
    own: list[Rung] | None = getattr(node, key)
    if own is not None:
        return own, ("nodes", name, key)
    return getattr(flow.defaults, key) or [], ("defaults", key)


def asides(flow: Flow) -> Iterator[Aside]:
    """The ways that interrupts, timers and limits lead, whatever node it is."""
    for name, interrupt in flow.interrupts.items():
        if interrupt is not False and interrupt.goto is not None:
            yield Aside("interrupt", name, interrupt.goto, ("interrupts", name, "goto"), interrupt.nodes)
        if interrupt is not False and ends(interrupt.end):
            yield Aside("interrupt", name, END, ("interrupts", name, "end"), interrupt.nodes)
    for name, timer in flow.timers.items():
        if timer.goto is not None:
            yield Aside("timer", name, timer.goto, ("timers", name, "goto"), timer.nodes)
    if flow.limits.goto is not None:
        yield Aside("limits", "", flow.limits.goto, ("limits", "goto"))


def counts(flow: Flow, aside: Aside, name: str) -> bool:
    """True when an interrupt or timer counts at a node; at a `subflow` it does while the other flow runs."""
    node = flow.nodes[name]
    if aside.nodes is not None and name not in aside.nodes:
        return False
    if aside.kind != "interrupt":
        return True
    allowed = node.interrupts if node.interrupts is not None else flow.defaults.interrupts
    heard = hears(node) or verb(node) == "subflow"
    return heard and (allowed is None or (allowed is not False and aside.name in allowed))


def ends(end: str | bool | None) -> bool:
    """True when the value of an `end` key ends the flow."""
    return end is not None and end is not False


def _route_edges(name: str, ways: Iterable[Route], base: Path) -> Iterator[Edge]:
    for index, route in enumerate(ways):
        if route.goto is not None:
            yield Edge(name, route.goto, "", (*base, index, "goto"), route)
        if route.else_ is not None:
            yield Edge(name, route.else_, "", (*base, index, "else"), route)
        if ends(route.end):
            yield Edge(name, END, reason(route.end), (*base, index, "end"), route)


def _function_edges(name: str, functions: Iterable[Function], base: Path) -> Iterator[Edge]:
    for index, function in enumerate(functions):
        place, to = (*base, index, "transition_to"), function.transition_to
        if isinstance(to, str):
            yield Edge(name, to, function.name, place)
        elif isinstance(to, Branches):
            for value, target in to.cases.items():
                yield Edge(name, target, f"{function.name}: {value}", (*place, "cases", value))
            if to.default:
                yield Edge(name, to.default, function.name, (*place, "default"))


def _tool_edges(name: str, tools: Iterable[str | ToolUse], base: Path) -> Iterator[Edge]:
    for index, use in enumerate(tools):
        if isinstance(use, ToolUse):
            yield from _route_edges(name, use.next, (*base, index, "next"))


def subflows(flow: Flow) -> list[str]:
    """The flows that a flow runs, in the order of the file."""
    interrupts = (interrupt for interrupt in flow.interrupts.values() if interrupt)
    named = [*(node.subflow for node in flow.nodes.values()), *(interrupt.subflow for interrupt in interrupts)]
    return list(dict.fromkeys(name for name in named if name is not None))


def roots(flow: Flow) -> list[str]:
    """Where a session may come from nowhere: the beginning, the node for errors, operators' nodes. See `asides`."""
    operators = [name for name, node in flow.nodes.items() if node.entry == "operator"]
    return [n for n in (flow.initial_node, flow.on_error, *operators) if n]


def reasons(flow: Flow) -> list[str]:
    """The reasons with which the flow can end by itself, in the order of the file; `error` comes beside them."""
    written = [rung.end for rungs in (flow.defaults.no_input, flow.defaults.no_match) for rung in rungs or []]
    for node in flow.nodes.values():
        written += [node.end, *(route.end for route in routes(node))]
        written += [rung.end for rungs in (node.no_input, node.no_match) for rung in rungs or []]
        written += [route.end for use in node.tools if isinstance(use, ToolUse) for route in use.next]
    written += [interrupt.end for interrupt in flow.interrupts.values() if interrupt is not False]
    if any(a.type == "end_conversation" for n in flow.nodes.values() for a in (*n.pre_actions, *n.post_actions)):
        written.append(True)
    return list(dict.fromkeys(reason(end) for end in written if ends(end)))


def reachable(start: Iterable[str], after: Mapping[str, Iterable[str]]) -> set[str]:
    """Everything that can be reached from `start`, itself included.

    >>> sorted(reachable(["a"], {"a": ["b"], "c": ["a"]}))
    ['a', 'b']
    """
    seen = set(start)
    todo = list(seen)
    while todo:
        for name in after.get(todo.pop(), ()):
            if name not in seen:
                seen.add(name)
                todo.append(name)
    return seen


def circles(after: Mapping[str, Iterable[str]]) -> list[set[str]]:
    """The sets of nodes that can reach each other and themselves, in the order of the mapping.

    >>> circles({"a": ["b"], "b": ["a"], "c": ["a"]}) == [{"a", "b"}]
    True
    """
    order = {name: number for number, name in enumerate(after)}
    found = [c for c in _components(after) if len(c) > 1 or any(n in after.get(n, ()) for n in c)]
    return sorted(found, key=lambda circle: min(order[name] for name in circle))


def _components(after: Mapping[str, Iterable[str]]) -> list[set[str]]:
    """Tarjan's strongly connected components, with a stack of our own."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    path: list[str] = []
    found: list[set[str]] = []
    for start in after:
        todo: list[tuple[str, Iterator[str]]] = [] if start in index else [(start, iter(()))]
        while todo:
            name, rest = todo.pop()
            if name not in index:
                index[name] = low[name] = len(index)
                path.append(name)
                rest = iter([t for t in after[name] if t in after])
            for target in rest:
                if target not in index:
                    todo += [(name, rest), (target, iter(()))]
                    break
                if target in low:
                    low[name] = min(low[name], low[target])
            else:
                _close(name, index, low, path, found)
                if todo and name in low:
                    low[todo[-1][0]] = min(low[todo[-1][0]], low[name])
    return found


def _close(name: str, index: dict[str, int], low: dict[str, int], path: list[str], found: list[set[str]]) -> None:
    """Take a finished component off the path."""
    if low[name] != index[name]:
        return
    begin = len(path) - 1
    while path[begin] != name:
        begin -= 1
    found.append(set(path[begin:]))
    for member in path[begin:]:
        del low[member]
    del path[begin:]


def label(route: Route) -> str:
    """What a route waits for, in a few words.

    >>> label(Route(intent="is done", goto="x"))
    'is done'
    """
    trigger = ", ".join(route.outcome) if route.outcome else route.intent or route.event or ""
    trigger = trigger or (f"after {route.after}" if route.after else "") or ", ".join(route.keys or ())
    guard = f"if {route.if_}" if route.if_ is not None else ""
    return " ".join(part for part in (trigger, guard) if part)


def reason(end: str | bool | None) -> str:
    """The reason that an `end` key gives.

    >>> reason(True), reason("sold")
    ('done', 'sold')
    """
    return "done" if end is True else str(end)


def titles(flow: Flow) -> dict[str, str]:
    """Node → what people call it."""
    return {name: node.title or name for name, node in flow.nodes.items()}
