"""EXP005: a value of another type would go into the slot.

Bad:
    flow: x
    slots: {size: integer, name: text}
    inputs: [name]
    initial_node: a
    nodes: {a: {set: {size: "{{ slots.name }}"}, say: hi, end: true}}

Good:
    flow: x
    slots: {size: integer, name: text}
    inputs: [name]
    initial_node: a
    nodes: {a: {set: {size: "{{ len(slots.name) }}"}, say: hi, end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.flows.assign import mismatch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.expressions.expression import Expression
    from framework.flows.subject import Subject, Written


def check(subject: Subject) -> Iterator[Diagnostic]:
    """What `save` and `set` give to slots."""
    for written in subject.expressions():
        if written.slot is not None:
            yield from _given(subject, written, written.expression)
    for written in subject.values():
        if written.slot is not None and written.template and (single := written.template.single):
            yield from _given(subject, written, single.expression)


def _given(subject: Subject, written: Written, expression: Expression | None) -> Iterator[Diagnostic]:
    wanted = (subject.slots.fields or {}).get(written.slot or "")
    if expression is None or wanted is None or subject.hurt(written.path):
        return
    given, problems = expression.check(subject.names(written.result, written.event))
    if not problems and (problem := mismatch(given, wanted)):
        yield subject.problem("EXP005", written.path, f"the slot `{written.slot}`: {problem}")
