"""FLW023: a node both ends the flow and goes on.

Bad:
    flow: x
    initial_node: a
    nodes: {a: {say: hi, end: true, next: b}, b: {say: b, end: true}}

Good:
    flow: x
    initial_node: a
    nodes: {a: {say: hi, next: b}, b: {say: b, end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """The second of `next` and `end`, in the order in which they are written."""
    for name, node in subject.flow.nodes.items():
        if node.next is None or node.end is None:
            continue
        path = ("nodes", name)
        written = [key for key in subject.source.node(path).children if key in {"next", "end"}]
        if len(written) > 1:
            message = f"`{written[1]}` stands beside `{written[0]}`; a node has one of them."
            yield subject.problem_at_key("FLW023", (*path, written[1]), message, "Remove one of them.")
