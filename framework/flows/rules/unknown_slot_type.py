"""SLT002: a slot has a type that nobody offers.

Bad:
    flow: x
    slots: {size: txt}
    initial_node: a
    nodes: {a: {collect: size, next: b}, b: {say: b, end: true}}

Good:
    flow: x
    slots: {size: text}
    initial_node: a
    nodes: {a: {collect: size, next: b}, b: {say: b, end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Types of slots, where all plugins are known."""
    known = subject.slot_types
    for name, slot in subject.flow.slots.items():
        path = ("slots", name, "type") if subject.source.has(("slots", name, "type")) else ("slots", name)
        if slot.type in known or subject.hurt(("slots", name)):
            continue
        if subject.host is not None:
            yield subject.problem(
                "SLT002", path, f"there is no slot type `{slot.type}`.", did_you_mean(slot.type, known)
            )
