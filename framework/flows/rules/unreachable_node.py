"""FLW011: no path from the beginning leads to this node.

Bad:
    flow: x
    initial_node: greet
    nodes: {greet: {say: hi, end: true}, pizza: {say: take it, end: true}}

Good:
    flow: x
    initial_node: greet
    nodes: {greet: {say: hi, next: pizza}, pizza: {say: take it, end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from framework.documents import Diagnostic, Severity
from framework.flows.graph import circles, reachable
from framework.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.flows.subject import Subject

PIPECAT = True
"""It holds for Pipecat's files too."""


def check(subject: Subject) -> Iterator[Diagnostic]:
    """The first nodes of everything that is cut off; what only they lead to is not named as well."""
    nodes = subject.flow.nodes
    after = subject.targets
    named = [n for n in _named(subject) if n in nodes]
    seen = subject.reached | reachable(named, after) if named else subject.reached
    if not seen or any(subject.lost(name) for name in seen):
        return  # what is cut off may well be what the broken way was meant for
    cut = {name: [t for t in after[name] if t not in seen] for name in nodes if name not in seen}
    led_to = {target for name, targets in cut.items() for target in targets if target != name}
    heads = [name for name in cut if name not in led_to]
    covered = reachable(heads, cut)
    heads += [next(n for n in cut if n in circle) for circle in circles(cut) if not circle & covered]
    severity = Severity.WARNING if subject.flow.pipecat else Severity.ERROR
    for name in heads:
        fix = "Lead a route to it, remove it, or write `entry: operator` if only orders reach it."
        yield subject.problem_at_key("FLW011", ("nodes", name), f"nothing leads to the node `{name}`.", fix, severity)


def _named(subject: Subject) -> list[str]:
    """Every node that is named in a part of the file that could not be read as it is."""
    nodes = subject.flow.nodes
    named = [text for path in subject.damage for text in _texts(subject.source.node(path).value)]
    return [text if text in nodes else nearest(text, nodes) or text for text in named]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
