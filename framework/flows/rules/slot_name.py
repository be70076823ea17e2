"""SLT001: a slot's name is not one that expressions can read.

Bad:
    flow: x
    slots: {Size-1: text}
    initial_node: a
    nodes: {a: {collect: Size-1, next: b}, b: {say: b, end: true}}

Good:
    flow: x
    slots: {size_1: text}
    initial_node: a
    nodes: {a: {collect: size_1, next: b}, b: {say: b, end: true}}
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject

FORM = re.compile(r"[a-z_][a-z0-9_]*")


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Names of slots: lower-case letters, digits and `_`."""
    for name in subject.flow.slots:
        if not FORM.fullmatch(name):
            fix = "Use lower-case letters, digits and `_`; don't begin with a digit."
            yield subject.problem_at_key("SLT001", ("slots", name), f"`{name}` can't name a slot.", fix)
