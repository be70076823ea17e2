"""FLW028: a flow names a personality that is not there.

Bad:
    flow: x
    personality: eva
    initial_node: a
    nodes: {a: {say: hi, end: true}}

Good:
    flow: x
    personality: ava
    initial_node: a
    nodes: {a: {say: hi, end: true}}
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
    """The personalities of the flow and of its nodes, where the project is known."""
    if subject.project is None:
        return
    flow = subject.flow
    named: list[tuple[Path, str | None]] = [(("personality",), flow.personality)]
    named.append((("defaults", "personality"), flow.defaults.personality))
    named += [(("nodes", name, "personality"), node.personality) for name, node in flow.nodes.items()]
    for path, name in named:
        if name is not None and name not in (known := subject.project.names("personalities")):
            fix = did_you_mean(name, known)
            yield subject.problem("FLW028", path, f"there is no personality `{name}`.", fix)
