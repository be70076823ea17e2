"""FLW013: nodes run in a circle and nobody is ever listened to.

Bad:
    flow: x
    initial_node: a
    nodes: {a: {say: one, next: b}, b: {say: two, next: a}}

Good:
    flow: x
    initial_node: a
    nodes:
      a: {say: one, next: b}
      b: {say: two, next: [{if: session.visits >= 3, end: true}, {else: a}]}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject


SHOWN = 12
"""How many nodes of a circle are named."""


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Circles of ways that are taken at once, uncounted, at their first node in the order of the file."""
    nodes = subject.flow.nodes
    for circle in subject.unsettled:
        first = next(name for name in nodes if name in circle)
        if any(subject.hurt(("nodes", name)) for name in circle):
            continue
        named = [f"`{name}`" for name in nodes if name in circle]
        names = ", ".join(named[:SHOWN]) + (", …" if len(named) > SHOWN else "")
        fix = "Listen to the person on the way, or count: `{if: session.visits >= 3, goto: …}` before the way back."
        message = f"this runs in a circle without listening to anybody: {names}."
        yield subject.problem_at_key("FLW013", ("nodes", first), message, fix)
