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
    from collections.abc import Set as AbstractSet

    from framework.documents import Diagnostic
    from framework.flows.graph import Edge
    from framework.flows.model import Node
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Circles through a `collect` on which none of its slots is cleared; one for each circle."""
    nodes, slots = subject.flow.nodes, subject.flow.slots.keys()
    order = {name: number for number, name in enumerate(nodes)}
    for circle in circles({name: [e.target for e in subject.after[name] if e.target in nodes] for name in nodes}):
        asking = sorted((n for n in circle if _asks(nodes[n], slots)), key=order.__getitem__)
        first = next(iter(_spent(subject, circle, asking)), None)
        if first is not None and not subject.hurt(("nodes", first)):
            fix = f"Write `clear: [{', '.join(nodes[first].collect or [])}]` on the way back."
            message = f"the flow comes back to `{first}` when all its slots are set: nothing is left to ask."
            yield subject.problem_at_key("FLW014", ("nodes", first), message, fix)


def _asks(node: Node, slots: AbstractSet[str]) -> bool:
    return bool(node.collect) and slots >= set(node.collect or ())


def _spent(subject: Subject, circle: set[str], names: list[str]) -> list[str]:
    """The `collect`s that a way from their own `done` leads back to, with all their slots still set."""
    if not names:
        return []
    bits = {name: 1 << number for number, name in enumerate(names)}
    lost = _losses(subject, bits)
    ways = {name: [_carried(subject, e, lost) for e in subject.after[name] if e.target in circle] for name in circle}
    ways |= {name: [] for name in circle if ends(subject.flow.nodes[name].end)}  # beside `next` it is said already
    begin: dict[str, int] = {}
    for name, bit in bits.items():
        for edge in subject.after[name]:
            if edge.target in circle and _after_done(edge):
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
