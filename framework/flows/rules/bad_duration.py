"""FLW025: a text is not a duration.

Bad:
    flow: x
    initial_node: a
    limits: {duration: 15}
    nodes: {a: {say: hi, end: true}}

Good:
    flow: x
    initial_node: a
    limits: {duration: 15m}
    nodes: {a: {say: hi, end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.flows import durations
from framework.flows.model import ActionUse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.graph import Path
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Everything that should be a duration and is none."""
    for path, text in _durations(subject):
        if text is None or subject.hurt(path):
            continue
        try:
            seconds = durations.parse(text)
        except ValueError as wrong:
            yield subject.problem("FLW025", path, str(wrong))
        else:
            if seconds <= 0:
                yield subject.problem("FLW025", path, "a duration must be longer than nothing.")


def _durations(subject: Subject) -> Iterator[tuple[Path, str | None]]:
    flow = subject.flow
    if subject.source.has(("limits", "duration")):
        yield ("limits", "duration"), flow.limits.duration
    if flow.defaults.filler:
        yield ("defaults", "filler", "after"), flow.defaults.filler.after
    for name, node in flow.nodes.items():
        base: Path = ("nodes", name)
        yield (*base, "timeout"), node.timeout
        if node.filler:
            yield (*base, "filler", "after"), node.filler.after
        for when, uses in (("enter", node.actions.enter), ("leave", node.actions.leave)):
            for index, action in enumerate(uses):
                if isinstance(action, ActionUse):
                    yield (*base, "actions", when, index, "timeout"), action.timeout
    for _, path, use in subject.tool_uses():
        yield (*path, "timeout"), use.timeout
        if use.filler:
            yield (*path, "filler", "after"), use.filler.after
