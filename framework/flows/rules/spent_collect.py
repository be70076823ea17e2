"""FLW014: a `collect` is entered again although nothing is left to ask.

Bad:
    flow: x
    slots: {size: text, fine: boolean}
    initial_node: ask
    nodes:
      ask: {collect: size, next: confirm}
      confirm: {collect: fine, next: [{if: slots.fine, end: true}, {else: ask}]}

Good:
    flow: x
    slots: {size: text, fine: boolean}
    initial_node: ask
    nodes:
      ask: {collect: size, next: confirm}
      confirm: {collect: fine, next: [{if: slots.fine, end: true}, {clear: [size, fine], goto: ask}]}
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from framework.flows.graph import Edge, circles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject

STEPS = 200_000
"""How many ways are followed in one file; more than any flow that people write."""


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Circles through a `collect` on which none of its slots is cleared; one for each circle."""
    nodes = subject.flow.nodes
    after = {name: [e.target for e in subject.after[name] if e.target in nodes] for name in nodes}
    steps = count()
    for circle in circles(after):
        collects = (name for name in nodes if name in circle and nodes[name].collect)
        spent = next((name for name in collects if _returns(subject, name, steps)), None)
        if spent is not None and not subject.hurt(("nodes", spent)):
            fix = f"Write `clear: [{', '.join(nodes[spent].collect or [])}]` on the way back."
            message = f"the flow comes back to `{spent}` when all its slots are set: nothing is left to ask."
            yield subject.problem_at_key("FLW014", ("nodes", spent), message, fix)


def _returns(subject: Subject, name: str, steps: Iterator[int]) -> bool:
    """True when a way from the node's `done` leads back to it with all slots still set."""
    slots = set(subject.flow.nodes[name].collect or [])
    if not slots <= set(subject.flow.slots):
        return False
    unset = {slot for slot in slots if subject.flow.slots[slot].default is None}
    todo = [edge for edge in subject.after[name] if _after_done(edge)]
    seen: set[str] = set()
    while todo and next(steps) < STEPS:
        edge = todo.pop()
        if _clears(subject, edge) & unset:
            continue
        if edge.target == name:
            return True
        if edge.target not in seen:
            seen.add(edge.target)
            todo += subject.after.get(edge.target, [])
    return False


def _clears(subject: Subject, edge: Edge) -> set[str]:
    """The slots that are unset on a way and on entering the node that it leads to."""
    node = subject.flow.nodes.get(edge.target)
    return {*(edge.route.clear if edge.route else ()), *(node.clear if node else ())}


def _after_done(edge: Edge) -> bool:
    """True for ways that may be taken once everything is set."""
    route = edge.route
    return route is not None and route.intent is None and (route.outcome is None or "done" in route.outcome)
