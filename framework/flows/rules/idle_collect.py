"""SLT008: a slot is to be asked for that is never unset, so nobody is asked.

Bad:
    flow: x
    slots: {size: {type: text, default: small}}
    initial_node: a
    nodes: {a: {collect: size, next: b}, b: {say: "{{ slots.size }}", end: true}}

Good:
    flow: x
    slots: {size: text}
    initial_node: a
    nodes: {a: {collect: size, next: b}, b: {say: "{{ slots.size }}", end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.documents import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.graph import Path
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Slots in `collect` that have a value from the start, and those that stand there twice."""
    for name, node in subject.flow.nodes.items():
        for index, slot in enumerate(node.collect or ()):
            path: Path = ("nodes", name, "collect", index)
            declared = subject.flow.slots.get(slot)
            if declared is None or subject.hurt(path) or subject.hurt(("slots", slot)):
                continue
            if declared.default is not None:
                message = f"`{slot}` has a `default`, so it is never asked for."
                yield subject.problem("SLT008", path, message, "Remove one of the two.", Severity.WARNING)
            elif slot in (node.collect or ())[:index]:
                yield subject.problem("SLT008", path, f"`{slot}` stands here twice.", "Remove one.", Severity.WARNING)
