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
    from framework.flows.model import Node
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
    limits = subject.flow.limits
    for key, limit in (("duration", limits.duration), ("silence", limits.silence)):
        if subject.source.has(("limits", key)):
            yield ("limits", key), limit
    for _, _, path, rungs in subject.ladders:
        for index, rung in enumerate(rungs):
            yield (*path, index, "after"), rung.after
    for _, path, timer in subject.timers():
        yield (*path, "after"), timer.after
        yield (*path, "every"), timer.every
    for _, path, filler in subject.fillers():
        yield (*path, "after"), filler.after
    yield from (((*path, "timeout"), use.timeout) for _, path, use in subject.tool_uses())
    yield from (((*way.path, "after"), way.route.after) for way in subject.all_ways() if way.route.after is not None)
    for name, node in subject.flow.nodes.items():
        yield from _of_node(("nodes", name), node)


def _of_node(base: Path, node: Node) -> Iterator[tuple[Path, str | None]]:
    if node.timeout is not None:
        yield (*base, "timeout"), node.timeout
    for when, uses in (("enter", node.actions.enter), ("leave", node.actions.leave)):
        for index, action in enumerate(uses):
            if isinstance(action, ActionUse):
                yield (*base, "actions", when, index, "timeout"), action.timeout
