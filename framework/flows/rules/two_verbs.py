"""FLW022: a node has more than one verb.

Bad:
    flow: x
    slots: {size: text}
    initial_node: a
    nodes: {a: {collect: size, instruct: Ask for the size., next: [{intent: is done, end: true}]}}

Good:
    flow: x
    initial_node: a
    nodes: {a: {instruct: Ask for the size., next: [{intent: is done, end: true}]}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject

VERBS = ("instruct", "task_messages", "collect", "run", "subflow", "transfer", "wait")


def check(subject: Subject) -> Iterator[Diagnostic]:
    """The second verb of each node, in the order in which they are written."""
    for name, node in subject.flow.nodes.items():
        given = (node.instruct, node.task_messages, node.collect, node.run, node.subflow, node.transfer, node.wait)
        if sum(value is not None for value in given) < 2:  # noqa: PLR2004 - one is right
            continue
        path = ("nodes", name)
        written = [key for key in subject.source.node(path).children if key in VERBS]
        if len(written) > 1:
            message = f"`{written[1]}` stands beside `{written[0]}`; a node does one thing."
            fix = "Make two nodes of it, joined by `next`."
            yield subject.problem_at_key("FLW022", (*path, written[1]), message, fix)
