"""FLW043: a name is not one that can be referred to.

Bad:
    flow: x
    timers: {Wrap-up: {after: 8m, say: Let us come to an end.}}
    initial_node: a
    nodes: {a: {instruct: Help., next: [{intent: is done, end: true}]}}

Good:
    flow: x
    timers: {wrap_up: {after: 8m, say: Let us come to an end.}}
    initial_node: a
    nodes: {a: {instruct: Help., next: [{intent: is done, end: true}]}}
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.graph import Path
    from framework.flows.subject import Subject


NAME = re.compile(r"[a-z_][a-z0-9_]*")


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Names of timers, interrupts and fields of events; nodes only need one."""
    flow = subject.flow
    named: list[Path] = [
        *(("interrupts", name) for name in flow.interrupts),
        *(("timers", name) for name in flow.timers),
    ]
    named += [("events", event, field) for event, fields in flow.events.items() for field in fields]
    for path in named:
        if not NAME.fullmatch(str(path[-1])):
            fix = "Use lower-case letters, digits and `_`; don't begin with a digit."
            yield subject.problem_at_key("FLW043", path, f"`{path[-1]}` can't be a name here.", fix)
    for name in flow.nodes:
        if not str(name).strip():
            yield subject.problem_at_key("FLW043", ("nodes", name), "a node needs a name.", "Give it one.")
