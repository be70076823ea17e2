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

from framework.flows.graph import END, asides
from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.graph import Path
    from framework.flows.subject import Subject

PIPECAT = True
"""It holds for Pipecat's files too."""


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Every target that no node answers to, at the place where it is written."""
    flow = subject.flow
    targets: dict[Path, str] = {edge.path: edge.target for edge in subject.written_edges if edge.target != END}
    targets |= {aside.path: aside.target for aside in asides(flow) if aside.target != END}
    targets |= dict(_unled(subject))
    for path, target in targets.items():
        if target not in flow.nodes and not subject.hurt(path):
            yield _unknown(subject, path, target)


def _unled(subject: Subject) -> Iterator[tuple[Path, str]]:
    """Names of nodes that no way out of a node holds."""
    flow = subject.flow
    yield ("initial_node",), flow.initial_node
    if flow.on_error is not None:
        yield ("on_error",), flow.on_error
    for _, node, path, rungs in subject.ladders:
        for index, rung in enumerate(rungs):
            if rung.goto is not None and node not in subject.heard:
                yield (*path, index, "goto"), rung.goto
    for kind, group in (("interrupts", subject.interrupts()), ("timers", subject.timers())):
        for name, _, found in group:
            for index, node in enumerate(found.nodes or ()):
                yield (kind, name, "nodes", index), node


def _unknown(subject: Subject, path: Path, target: str) -> Diagnostic:
    fix = did_you_mean(target, subject.flow.nodes)
    if "{{" in target:
        fix = "Names of nodes are fixed: use one route with `if` for each."
    return subject.problem("FLW010", path, f"there is no node `{target}`.", fix)
