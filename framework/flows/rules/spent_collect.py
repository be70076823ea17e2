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

from typing import TYPE_CHECKING

from framework.flows.graph import Edge, circles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Circles through a `collect` on which none of its slots is cleared; one for each circle."""
    spent = [name for name in subject.flow.nodes if _returns(subject, name)]
    after = {name: [e.target for e in subject.after[name] if e.target in subject.flow.nodes] for name in subject.after}
    named: set[str] = set()
    for circle in circles(after):
        first = next((name for name in spent if name in circle), None)
        if first is not None and not subject.hurt(("nodes", first)):
            named.add(first)
    for name in spent:
        if name in named:
            slots = subject.flow.nodes[name].collect or []
            fix = f"Write `clear: [{', '.join(slots)}]` on the way back."
            message = f"the flow comes back to `{name}` when all its slots are set: nothing is left to ask."
            yield subject.problem_at_key("FLW014", ("nodes", name), message, fix)


def _returns(subject: Subject, name: str) -> bool:
    """True when a way from the node's `done` leads back to it with all slots still set."""
    slots = set(subject.flow.nodes[name].collect or [])
    defaults = {s for s, declared in subject.flow.slots.items() if declared.default is not None}
    if not slots or not slots <= set(subject.flow.slots):
        return False
    todo = [edge for edge in subject.after[name] if _after_done(edge)]
    seen: set[str] = set()
    while todo:
        edge = todo.pop()
        node = subject.flow.nodes.get(edge.target)
        cleared = set(edge.route.clear if edge.route else ()) | set(node.clear if node else ())
        if node is None or cleared & slots - defaults:
            continue
        if edge.target == name:
            return True
        if edge.target not in seen:
            seen.add(edge.target)
            todo += subject.after[edge.target]
    return False


def _after_done(edge: Edge) -> bool:
    """True for ways that may be taken once everything is set."""
    route = edge.route
    return route is not None and route.intent is None and (route.outcome is None or "done" in route.outcome)
