"""Which ways out of nodes are taken at once, with nobody listened to and nothing counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.flows.expressions import Expression, ExpressionError, parse
from framework.flows.graph import Edge, circles, verb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.flows.model import Route
    from framework.flows.subject import Subject

VISITS = ("session", "visits")


def unsettled(subject: Subject) -> list[set[str]]:
    """The circles of nodes that would run on and on by themselves."""
    nodes = subject.flow.nodes
    ways = {name: [edge for edge in _at_once(subject, name) if edge.target in nodes] for name in nodes}
    found = circles({name: [edge.target for edge in edges] for name, edges in ways.items()})
    return [circle for circle in found if not _opens(subject, circle, ways)]


def _opens(subject: Subject, circle: set[str], ways: dict[str, list[Edge]]) -> bool:
    """True when a guard on the circle reads a slot that the circle itself unsets: the next time round it is closed."""
    inside = [edge for name in circle for edge in ways[name] if edge.target in circle and edge.route]
    cleared = {slot for edge in inside if edge.route for slot in edge.route.clear}
    cleared |= {slot for name in circle for slot in subject.flow.nodes[name].clear}
    read = {name for edge in inside if edge.route and (e := _expression(edge.route)) for name in e.names()}
    return any(("slots", slot) in read for slot in cleared)


def _at_once(subject: Subject, name: str) -> Iterator[Edge]:
    """The ways out that neither wait for a person nor count."""
    kind = verb(subject.flow.nodes[name])
    if kind == "collect":
        return  # it asks, or `spent_collect` says that it doesn't
    listens = kind == "instruct" or any(w.route.intent is not None for w in subject.ways(name))
    counted: list[Route] = []
    for edge in subject.after[name]:
        route = edge.route
        if route is None or "tools" in edge.path or route.intent is not None:
            continue
        if listens and route.if_ is None:
            continue
        if not _counts(route, up=False) and not any(_covers(c, route) for c in counted):
            yield edge
        if _counts(route, up=True) and edge.target != name:
            counted.append(route)


def _expression(route: Route) -> Expression | None:
    try:
        return parse(route.if_) if isinstance(route.if_, str) else None
    except ExpressionError:
        return None


def _counts(route: Route, *, up: bool) -> bool:
    """True when the guard becomes true (`up`) or false (not `up`) for good as the visits grow."""
    expression = _expression(route)
    signs = {">", ">=", "=="} if up else {"<", "<="}
    return expression is not None and bool(signs & expression.bounds(VISITS, every=not up))


def _covers(counted: Route, route: Route) -> bool:
    return counted.outcome is None or (route.outcome is not None and set(route.outcome) <= set(counted.outcome))
