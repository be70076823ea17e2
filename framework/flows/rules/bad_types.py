"""EXP002: an expression reads what is not there, or joins what does not fit.

Bad:
    flow: x
    slots: {size: {type: enum, values: [small, large]}}
    inputs: [size]
    initial_node: a
    nodes: {a: {next: [{if: slots.size == "smal", goto: b}, {else: b}]}, b: {say: b, end: true}}

Good:
    flow: x
    slots: {size: {type: enum, values: [small, large]}}
    inputs: [size]
    initial_node: a
    nodes: {a: {next: [{if: slots.size == "small", goto: b}, {else: b}]}, b: {say: b, end: true}}
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.expressions import Expression
    from framework.flows.subject import Subject, Written


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Every expression and placeholder against the types of what it may read."""
    for written in subject.expressions():
        if written.expression is not None:
            yield from _problems(subject, written, written.expression, 0)
    for written in chain(subject.texts(), subject.values()):
        for placeholder in written.placeholders:
            yield from _problems(subject, written, placeholder.expression, placeholder.offset)


def _problems(subject: Subject, written: Written, expression: Expression, offset: int) -> Iterator[Diagnostic]:
    if subject.hurt(written.path):
        return
    if subject.damage:
        damaged = {("slots", str(path[1])) for path in subject.damage if path[:1] == ("slots",) and len(path) > 1}
        if subject.hurt(("slots",)) and (("slots",) in subject.damage or damaged & expression.names()):
            return
    for found in expression.check(subject.names(written.result, written.event))[1]:
        column = offset + found.column
        yield subject.problem_inside("EXP002", written.path, column, found.message, found.fix)
