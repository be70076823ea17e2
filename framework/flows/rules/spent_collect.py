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

from framework.flows.dataflow import spread
from framework.flows.graph import circles, ends

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.graph import Edge
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Circles through a `collect` on which none of its slots is cleared; one for each circle."""
    nodes = subject.flow.nodes
    spent = _spent(subject)
    if not spent:
        return
    after = {name: [e.target for e in subject.after[name] if e.target in nodes] for name in nodes}
    for circle in circles(after):
        first = next((name for name in spent if name in circle), None)
        if first is not None and not subject.hurt(("nodes", first)):
            fix = f"Write `clear: [{', '.join(nodes[first].collect or [])}]` on the way back."
            message = f"the flow comes back to `{first}` when all its slots are set: nothing is left to ask."
            yield subject.problem_at_key("FLW014", ("nodes", first), message, fix)


def _spent(subject: Subject) -> list[str]:
    """The `collect`s that a way from their own `done` leads back to, with all their slots still set."""
    flow = subject.flow
    names = [n for n, node in flow.nodes.items() if node.collect and set(node.collect) <= set(flow.slots)]
    bits = {name: 1 << number for number, name in enumerate(names)}
    lost = _losses(subject, bits)
    ways = {
        name: [_carried(subject, e, lost) for e in edges if e.target in flow.nodes]
        for name, edges in subject.after.items()
    }
    ways |= {name: [] for name, node in flow.nodes.items() if ends(node.end)}  # beside `next` it is said already
    begin: dict[str, int] = {}
    for name, bit in bits.items():
        for edge in subject.after[name]:
            if edge.target in flow.nodes and _after_done(edge):
                begin[edge.target] = begin.get(edge.target, 0) | (bit & _carried(subject, edge, lost)[1])
    found = spread(begin, ways)
    return [name for name, bit in bits.items() if found.get(name, 0) & bit]


def _losses(subject: Subject, bits: dict[str, int]) -> dict[str, int]:
    """Slot → the `collect`s that have something to ask once it is cleared."""
    lost: dict[str, int] = {}
    for name, bit in bits.items():
        for slot in subject.flow.nodes[name].collect or ():
            if subject.flow.slots[slot].default is None:
                lost[slot] = lost.get(slot, 0) | bit
    return lost


def _carried(subject: Subject, edge: Edge, lost: dict[str, int]) -> tuple[str, int, int]:
    """A way with the `collect`s whose slots all stay set on it and on entering the node that it leads to."""
    node = subject.flow.nodes[edge.target]
    gone = 0
    for slot in (*(edge.route.clear if edge.route else ()), *node.clear):
        gone |= lost.get(slot, 0)
    return edge.target, ~gone, 0


def _after_done(edge: Edge) -> bool:
    """True for ways that may be taken once everything is set."""
    route = edge.route
    if route is None or route.intent is not None or route.keys is not None or route.event is not None:
        return False
    return route.after is None and (route.outcome is None or "done" in route.outcome)
