"""FLW016: a route before this one always holds, so it is never taken.

Bad:
    flow: x
    initial_node: a
    nodes: {a: {next: [{else: b}, {if: session.turns > 3, goto: c}]}, b: {say: b, next: c}, c: {say: c, end: true}}

Good:
    flow: x
    initial_node: a
    nodes: {a: {next: [{if: session.turns > 3, goto: c}, {else: b}]}, b: {say: b, next: c}, c: {say: c, end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.flows import durations
from framework.flows.covering import bare
from framework.flows.graph import ends, triggers
from framework.flows.outcomes import OUTCOMES
from framework.flows.subject import Subject, Way

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.model import Route

OTHER = "…"
"""Stands for the outcomes of a flow that can't be read."""


def check(subject: Subject) -> Iterator[Diagnostic]:
    """The first hidden route of each list."""
    for name, kind in subject.verbs.items():
        ways = subject.ways(name)
        if len(ways) > 1 and not subject.unclear(name):
            yield from _hidden(
                subject, ways, _outcomes(subject, name, kind), completes=kind not in {"instruct", "wait"}
            )
    for _, path, use in subject.tool_uses():
        ways = [Way("", (*path, "next", index), route, use) for index, route in enumerate(use.next)]
        yield from _hidden(subject, ways, OUTCOMES["run"], completes=True)


def _outcomes(subject: Subject, name: str, kind: str) -> tuple[str, ...]:
    if kind == "subflow":
        named = (o for way in subject.ways(name) for o in way.route.outcome or ())
        return subject.outcomes(name) or (*named, "error", OTHER)
    return OUTCOMES.get(kind, ("done",))


def _hidden(subject: Subject, ways: list[Way], outcomes: tuple[str, ...], *, completes: bool) -> Iterator[Diagnostic]:
    """A route is hidden by those that take all of its outcomes, or by one with its own trigger and fewer conditions."""
    taken: dict[str, Way] = {}
    before: list[tuple[Way, frozenset[str]]] = []
    for way in ways:
        if subject.hurt(way.path) or triggers(way.route) > 1:
            continue
        wanted = list(way.route.outcome or outcomes)
        conditions = _conditions(subject, way)
        first = next((w for w, fewer in before if fewer <= conditions and _same(w.route, way.route, wanted)), None)
        if bare(way) and completes and all(outcome in taken for outcome in wanted):
            first = max((taken[outcome] for outcome in wanted), key=lambda w: w.path[-1])
        if first is not None:
            line = subject.source.locate(first.path).line
            fix = "Move it up, or put an `if` on the other one."
            yield subject.problem("FLW016", way.path, f"the route on line {line} always comes first.", fix)
            return
        if not bare(way) or conditions:
            before.append((way, conditions))
        elif completes:
            for outcome in wanted:
                taken.setdefault(outcome, way)


def _conditions(subject: Subject, way: Way) -> frozenset[str]:
    """What must hold beside the trigger."""
    route = way.route
    if route.if_ is None and route.where is None:
        return NOTHING
    guard = subject.guard(route)
    found = {f"where {route.where}"} if route.where not in (None, True) else set()
    if guard is not None:
        found.update(guard.conjuncts())
    elif route.if_ not in (None, True):
        found.add(f"{way.path}")
    return frozenset(found)


NOTHING: frozenset[str] = frozenset()


def _same(first: Route, second: Route, wanted: list[str]) -> bool:
    """True when the first route fires whenever the second one does, their conditions aside."""
    if first.event is not None or second.event is not None:
        return first.event == second.event
    if first.after is not None or second.after is not None:
        return _sooner(first, second)
    if first.intent is not None or second.intent is not None:
        return first.intent == second.intent and set(second.keys or ()) <= set(first.keys or ())
    if first.keys is not None or second.keys is not None:
        return set(second.keys or ()) <= set(first.keys or ()) and bool(second.keys)
    return first.outcome is None or set(wanted) <= set(first.outcome)


def _sooner(first: Route, second: Route) -> bool:
    """True when the first route leaves before the second one's time has come."""
    leaves = first.destination is not None or ends(first.end)
    try:
        return leaves and durations.parse(first.after or "") <= durations.parse(second.after or "")
    except ValueError:
        return False
