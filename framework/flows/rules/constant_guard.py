"""EXP006: a condition is the same whatever happens.

Bad:
    flow: x
    initial_node: a
    nodes: {a: {next: [{if: 1 > 2, goto: b}, {else: b}]}, b: {say: b, end: true}}

Good:
    flow: x
    initial_node: a
    nodes: {a: {next: [{if: session.turns > 2, goto: b}, {else: b}]}, b: {say: b, end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.documents import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Conditions that read nothing, and those that are `false`."""
    for written in subject.expressions():
        expression = written.expression
        if expression is None or written.slot is not None or subject.hurt(written.path):
            continue
        if not expression.names() and not any(f"{clock}(" in written.text for clock in ("today", "now", "age")):
            message = "this condition reads nothing, so it is always the same."
            yield subject.problem("EXP006", written.path, message, "Compare a slot, or remove it.", Severity.WARNING)
    for way in subject.all_ways():
        if way.route.if_ is False and not subject.hurt(way.path):
            message = "this never holds, so the route is never taken."
            yield subject.problem("EXP006", (*way.path, "if"), message, "Remove the route.", Severity.WARNING)
