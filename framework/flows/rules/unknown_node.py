"""FLW010: a way leads to a node that is not in the file.

Bad:
    flow: x
    initial_node: greet
    nodes: {greet: {say: hi, next: goodby}, goodbye: {say: bye, end: true}}

Good:
    flow: x
    initial_node: greet
    nodes: {greet: {say: hi, next: goodbye}, goodbye: {say: bye, end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.flows.graph import END, Path, edges
from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject

PIPECAT = True
"""It holds for Pipecat's files too."""


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Every target that no node answers to, at the place where it is written."""
    flow = subject.flow
    targets: list[tuple[Path, str]] = [(edge.path, edge.target) for edge in edges(flow) if edge.target != END]
    targets.append((("initial_node",), flow.initial_node))
    targets += [(("on_error",), flow.on_error)] if flow.on_error is not None else []
    targets += [(("limits", "goto"), flow.limits.goto)] if flow.limits.goto is not None else []
    for path, target in dict(targets).items():
        if target not in flow.nodes and not subject.hurt(path):
            yield _unknown(subject, path, target)


def _unknown(subject: Subject, path: Path, target: str) -> Diagnostic:
    fix = did_you_mean(target, subject.flow.nodes)
    if "{{" in target:
        fix = "Names of nodes are fixed: use one route with `if` for each."
    return subject.problem("FLW010", path, f"there is no node `{target}`.", fix)
