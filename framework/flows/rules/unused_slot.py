"""SLT007: a slot is declared, and nothing uses it.

Bad:
    flow: x
    slots: {size: text, colour: text}
    initial_node: a
    nodes: {a: {collect: size, next: b}, b: {say: b, end: true}}

Good:
    flow: x
    slots: {size: text, colour: text}
    initial_node: a
    nodes: {a: {collect: [size, colour], next: b}, b: {say: b, end: true}}
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from framework.documents import Severity
from framework.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject, Written


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Slots that no node, route, tool or text names."""
    if not subject.flow.slots or any(not path or path[0] != "slots" for path in subject.damage):
        return  # what could not be read may well use it
    used = set(_named(subject))
    for written in chain(subject.expressions(), subject.texts(), subject.values()):
        if written.wrong:
            return
        used |= {name[1] for name in _paths(written) if name[0] == "slots" and len(name) > 1}
    used |= {close for name in used - subject.flow.slots.keys() if (close := nearest(name, subject.flow.slots))}
    for name in subject.flow.slots:
        if name not in used and not subject.hurt(("slots", name)):
            message = f"nothing uses the slot `{name}`."
            yield subject.problem_at_key("SLT007", ("slots", name), message, "Remove it.", Severity.WARNING)


def _paths(written: Written) -> Iterator[tuple[str, ...]]:
    if written.expression is not None:
        yield from written.expression.names()
    for placeholder in written.placeholders:
        yield from placeholder.expression.names()


def _named(subject: Subject) -> Iterator[str]:
    yield from subject.flow.inputs
    yield from subject.flow.outputs
    for node in subject.flow.nodes.values():
        for names in (node.collect or (), node.clear, node.set, node.save):
            yield from names
    for way in subject.all_ways():
        yield from way.route.set
        yield from way.route.clear
    for _, _, use in subject.tool_uses():
        yield from use.save
