"""FLW038: a node names a stack that is not there.

Bad:
    flow: x
    initial_node: a
    nodes: {a: {say: hi, stack: oflfine, end: true}}

Good:
    flow: x
    initial_node: a
    nodes: {a: {say: hi, stack: offline, end: true}}
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
    """Stacks of nodes and of `defaults`, where the project is known."""
    if subject.project is None:
        return
    named: list[tuple[Path, str | None]] = [(("defaults", "stack"), subject.flow.defaults.stack)]
    named += [(("nodes", name, "stack"), node.stack) for name, node in subject.flow.nodes.items()]
    for path, name in named:
        if name is not None and name not in (known := subject.project.names("stacks")):
            fix = did_you_mean(name, known)
            yield subject.problem("FLW038", path, f"there is no stack `{name}`.", fix)
