"""FLW021: an `else` stands in a route that waits for something.

Bad:
    flow: x
    initial_node: a
    nodes: {a: {next: [{if: session.turns > 3, else: b}, {goto: b}]}, b: {say: b, end: true}}

Good:
    flow: x
    initial_node: a
    nodes: {a: {next: [{if: session.turns > 3, goto: b}, {else: b}]}, b: {say: b, end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """`else` beside a trigger or an `if`."""
    for way in subject.all_ways():
        route = way.route
        conditions = (route.if_, route.intent, route.keys, route.outcome, route.event, route.after)
        if route.else_ is not None and any(value is not None for value in conditions):
            message = "`else` takes what no other route took; here a condition stands beside it."
            fix = "Write `goto`, or put the `else` into a route of its own."
            yield subject.problem_at_key("FLW021", (*way.path, "else"), message, fix)
