"""FLW012: a node does its part, and then nothing follows.

Bad:
    flow: x
    initial_node: greet
    nodes: {greet: {say: hi}}

Good:
    flow: x
    initial_node: greet
    nodes: {greet: {say: hi, end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.documents import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.flows.subject import Subject

PIPECAT = True
"""It holds for Pipecat's files too."""


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Nodes without a way out, and routes that stay where nothing is left to do."""
    severity = Severity.WARNING if subject.flow.pipecat else Severity.ERROR
    for name, node in subject.flow.nodes.items():
        path = ("nodes", name)
        if not subject.after[name]:
            led = any(aside.kind != "limits" for aside in subject.beside.get(name, ()))
            if not led and not node.functions and not subject.flow.global_functions and not subject.hurt(path):
                fix = "Add `next: …`, or `end: true`."
                message = f"nothing follows after the node `{name}`."
                yield subject.problem_at_key("FLW012", path, message, fix, severity)
        elif name not in subject.heard or subject.verbs[name] == "collect":
            yield from _stays(subject, name)


def _stays(subject: Subject, name: str) -> Iterator[Diagnostic]:
    for way in subject.ways(name):
        route = way.route
        leaves = route.destination is not None or route.end not in (None, False)
        waits = route.intent or route.keys or route.event or route.after
        if not leaves and not waits and not subject.hurt(way.path):
            fix = "Add `goto: …` or `end: …`."
            yield subject.problem("FLW012", way.path, "this route leads nowhere, and the node is done.", fix)
