"""A flow as nodes and edges: pure functions, no YAML and no pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from framework.flows.model import Branches, Flow, Function, Interrupt, Node, Route, Rung, ToolUse

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
    label: str
    path: Path
    """Where the target is written."""
    route: Route | None = None
    """The route it comes from; None for functions, rungs and plain `next`."""


def verb(node: Node) -> str:
    """What a node does: `instruct`, `collect`, `run`, `subflow`, `transfer`, `wait`, `say` or `decide`."""
    if node.instruct is not None or node.task_messages is not None:
        return "instruct"
    if node.collect is not None:
        return "collect"
    for kind in ("run", "subflow", "transfer", "wait"):
        if getattr(node, kind) is not None:
            return kind
    return "say" if node.say is not None else "decide"


def hears(node: Node) -> bool:
    """True when the person is listened to at the node."""
    kind = verb(node)
    return kind in {"instruct", "collect", "wait"} or (kind == "say" and any(_waits(r) for r in routes(node)))


def _waits(route: Route) -> bool:
    said = route.intent is not None or bool(route.keys)
    return said or route.event is not None or route.after is not None


def routes(node: Node) -> list[Route]:
    """The routes of a node; a plain `next: name` is one that always holds."""
    if isinstance(node.next, str):
        return [Route(goto=node.next)]
    return list(node.next or [])


def edges(flow: Flow) -> list[Edge]:
    """Every way from one node to another, in the order of the file."""
    return [edge for name, node in flow.nodes.items() for edge in node_edges(flow, name, node)]


def node_edges(flow: Flow, name: str, node: Node) -> Iterator[Edge]:
    """The ways out of one node."""
    base: Path = ("nodes", name)
    if isinstance(node.next, str):
        yield Edge(name, node.next, "", (*base, "next"), Route(goto=node.next))
    else:
        yield from _route_edges(name, node.next or [], (*base, "next"))
    if node.end is not None and node.end is not False:
        yield Edge(name, END, _reason(node.end), (*base, "end"))
    if hears(node):
        yield from _ladder_edges(name, "no_input", node.no_input, flow.defaults.no_input)
        yield from _ladder_edges(name, "no_match", node.no_match, flow.defaults.no_match)
    yield from _function_edges(name, node.functions, (*base, "functions"))
    yield from _tool_edges(name, node.tools, (*base, "tools"))
    if verb(node) == "instruct":
        yield from _function_edges(name, flow.global_functions, ("global_functions",))
        yield from _tool_edges(name, flow.tools, ("tools",))
    if any(a.type == "end_conversation" for a in (*node.pre_actions, *node.post_actions)):
        yield Edge(name, END, "end_conversation", base)


def _route_edges(name: str, ways: Iterable[Route], base: Path) -> Iterator[Edge]:
    for index, route in enumerate(ways):
        for key, target in (("goto", route.goto), ("else", route.else_)):
            if target is not None:
                yield Edge(name, target, label(route), (*base, index, key), route)
        if route.end is not None and route.end is not False:
            yield Edge(name, END, label(route) or _reason(route.end), (*base, index, "end"), route)


def _ladder_edges(name: str, key: str, own: list[Rung] | None, inherited: list[Rung] | None) -> Iterator[Edge]:
    rungs, base = (own, ("nodes", name, key)) if own is not None else (inherited, ("defaults", key))
    for index, rung in enumerate(rungs or []):
        if rung.goto is not None:
            yield Edge(name, rung.goto, key.replace("_", " "), (*base, index, "goto"))
        if rung.end:
            yield Edge(name, END, key.replace("_", " "), (*base, index, "end"))


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
    """Where a session may come from nowhere: the beginning, the error and limit nodes, operators' nodes.

    And where timers and interrupts lead, which count at many nodes.
    """
    operators = [name for name, node in flow.nodes.items() if node.entry == "operator"]
    timers = [timer.goto for timer in flow.timers.values()]
    interrupts = [one.goto for one in flow.interrupts.values() if isinstance(one, Interrupt)]
    return [n for n in (flow.initial_node, flow.on_error, flow.limits.goto, *operators, *timers, *interrupts) if n]


def reachable(start: Iterable[str], after: Mapping[str, Iterable[str]]) -> set[str]:
    """Everything that can be reached from `start`, itself included.

    >>> sorted(reachable(["a"], {"a": ["b"], "c": ["a"]}))
    ['a', 'b']
    """
    todo, seen = list(start), set(start)
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
    begin = path.index(name) if path[-1] != name else len(path) - 1
    found.append(set(path[begin:]))
    for member in path[begin:]:
        del low[member]
    del path[begin:]


def label(route: Route) -> str:
    """What a route waits for, in a few words.

    >>> label(Route(intent="is done", goto="x"))
    'is done'
    """
    trigger = ", ".join(route.outcome) if route.outcome else route.intent or ""
    guard = f"if {route.if_}" if route.if_ is not None else ""
    return " ".join(part for part in (trigger, guard) if part)


def _reason(end: str | bool) -> str:
    return "done" if end is True else str(end)


def titles(flow: Flow) -> dict[str, str]:
    """Node → what people call it."""
    return {name: node.title or name for name, node in flow.nodes.items()}
