"""EXP001: a text is not an expression, or a placeholder holds none.

Bad:
    flow: x
    slots: {size: integer}
    inputs: [size]
    initial_node: a
    nodes: {a: {next: [{if: slots.size = 3, goto: b}, {else: b}]}, b: {say: b, end: true}}

Good:
    flow: x
    slots: {size: integer}
    inputs: [size]
    initial_node: a
    nodes: {a: {next: [{if: slots.size == 3, goto: b}, {else: b}]}, b: {say: b, end: true}}
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """What can't be read, at its column."""
    for written in chain(subject.expressions(), subject.texts(), subject.values()):
        for wrong in written.wrong:
            if not subject.hurt(written.path):
                yield subject.problem_inside("EXP001", written.path, wrong.column, wrong.message, wrong.fix)
