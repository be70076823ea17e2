"""FLW037: a person is handed to somebody whom `convo.yaml` does not name.

Bad:
    flow: x
    initial_node: a
    nodes: {a: {transfer: frontdsek, next: b}, b: {say: b, end: true}}

Good:
    flow: x
    initial_node: a
    nodes: {a: {transfer: frontdesk, next: b}, b: {say: b, end: true}}
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
    """Targets of `transfer`, where there is a project."""
    if subject.project is None or subject.project.source is None:
        return
    known = subject.project.transfers
    for name, node in subject.flow.nodes.items():
        path: Path = ("nodes", name, "transfer")
        if node.transfer is not None and node.transfer not in known and not subject.hurt(path):
            fix = did_you_mean(node.transfer, known) if known else "Name whom there is under `transfers`."
            message = f"`convo.yaml` has no transfer `{node.transfer}`."
            yield subject.problem("FLW037", path, message, fix)
