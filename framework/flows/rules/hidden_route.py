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

from framework.flows.graph import verb
from framework.flows.outcomes import OUTCOMES
from framework.flows.subject import Subject, Way

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic


def check(subject: Subject) -> Iterator[Diagnostic]:
    """The first hidden route of each list."""
    for name, node in subject.flow.nodes.items():
        kind = verb(node)
        if kind != "instruct" and not subject.unclear(name):
            ways = [w for w in subject.ways(name) if kind != "collect" or w.route.intent is None]
            yield from _hidden(subject, ways, OUTCOMES.get(kind, ("done",)))
    for _, path, use in subject.tool_uses():
        ways = [Way("", (*path, "next", index), route, use) for index, route in enumerate(use.next)]
        yield from _hidden(subject, ways, OUTCOMES["run"])


def _hidden(subject: Subject, ways: list[Way], outcomes: tuple[str, ...]) -> Iterator[Diagnostic]:
    taken: dict[str, int] = {}
    for way in ways:
        wanted = list(way.route.outcome or outcomes)
        if all(outcome in taken for outcome in wanted) and not subject.hurt(way.path):
            line = max(taken[outcome] for outcome in wanted)
            fix = "Move it up, or put an `if` on the other one."
            yield subject.problem("FLW016", way.path, f"the route on line {line} always comes first.", fix)
            return
        if way.route.if_ is None and way.route.intent is None and not subject.hurt(way.path):
            taken.update(dict.fromkeys(wanted, subject.source.locate(way.path).line))
