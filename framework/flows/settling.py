"""Which ways out of nodes are taken at once, with nobody listened to and nothing counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.flows.graph import Edge, circles, ends, hears

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.flows.expressions import Expression
    from framework.flows.model import Flow, Route
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
    if not cleared:
        return False
    read = {name for edge in inside if (e := subject.guard(edge.route)) for name in e.names()}
    return any(("slots", slot) in read for slot in cleared)


def _at_once(subject: Subject, name: str) -> Iterator[Edge]:
    """The ways out that neither wait for a person or for time, nor count."""
    kind = subject.verbs[name]
    if kind == "collect" or ends(subject.flow.nodes[name].end):
        return  # it asks, or `spent_collect` says that it doesn't
    if kind == "transfer" or (kind == "subflow" and not _hurries(subject, name)):
        return
    listens = name in subject.heard
    counted: list[Route] = []
    for edge in subject.after[name]:
        route = edge.route
        if route is None or "tools" in edge.path or _triggered(route):
            continue
        if listens and route.if_ is None:
            continue
        guard = subject.guard(edge.route)
        if not _counts(guard, up=False) and not any(_covers(c, route) for c in counted):
            yield edge
        if _counts(guard, up=True) and edge.target != name:
            counted.append(route)


def _hurries(subject: Subject, name: str) -> bool:
    """True when the flow that a `subflow` node runs is sure to listen to nobody and to wait for nothing."""
    other: Flow | None = subject.called(subject.flow.nodes[name].subflow or "")
    if other is None or other is subject.flow:
        return False
    return not any(hears(n) or n.subflow is not None or n.transfer is not None for n in other.nodes.values())


def _triggered(route: Route) -> bool:
    return not (route.intent is None and route.keys is None and route.event is None and route.after is None)


def _counts(expression: Expression | None, *, up: bool) -> bool:
    """True when the guard becomes true (`up`) or false (not `up`) for good as the visits grow."""
    if expression is None:
        return False
    signs = {">", ">=", "=="} if up else {"<", "<="}
    return bool(signs & expression.bounds(VISITS, every=not up))


def _covers(counted: Route, route: Route) -> bool:
    return counted.outcome is None or (route.outcome is not None and set(route.outcome) <= set(counted.outcome))
