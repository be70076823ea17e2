"""FLW035: a flow is run that the project does not have.

Bad:
    flow: x
    initial_node: a
    nodes: {a: {subflow: idnetify, with: {reason: billing}, next: b}, b: {say: b, end: true}}

Good:
    flow: x
    initial_node: a
    nodes: {a: {subflow: identify, with: {reason: billing}, next: b}, b: {say: b, end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.graph import Path
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Flows in `subflow`, where the project is known."""
    if subject.project is None:
        return
    for path, name in _run(subject):
        known = [subject.flow.flow, *subject.project.names("flows")]
        if name not in known and not subject.hurt(path):
            yield subject.problem("FLW035", path, f"there is no flow `{name}`.", did_you_mean(name, known))


def _run(subject: Subject) -> Iterator[tuple[Path, str]]:
    for name, node in subject.flow.nodes.items():
        if node.subflow is not None:
            yield ("nodes", name, "subflow"), node.subflow
    for _, path, interrupt in subject.interrupts():
        if interrupt.subflow is not None:
            yield (*path, "subflow"), interrupt.subflow
