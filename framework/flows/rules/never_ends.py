"""FLW031: from this node on there is no way to an end or to a person.

Bad:
    flow: x
    initial_node: a
    nodes:
      a: {instruct: Ask., next: [{intent: wants pizza, goto: b}]}
      b: {instruct: Bake., next: [{intent: wants more, goto: a}]}

Good:
    flow: x
    initial_node: a
    nodes:
      a: {instruct: Ask., next: [{intent: wants pizza, goto: b}]}
      b: {instruct: Bake., next: [{intent: wants more, goto: a}, {intent: is done, end: true}]}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.documents import Diagnostic, Severity
from framework.flows.graph import END, circles, reachable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.flows.subject import Subject

PIPECAT = True
"""It holds for Pipecat's files too."""


def check(subject: Subject) -> Iterator[Diagnostic]:
    """The first node of every circle that can't be left; a session there ends by its limits only."""
    nodes = subject.flow.nodes
    beside = subject.beside
    after = {name: [e.target for e in (*w, *beside.get(name, ()))] for name, w in subject.after.items()}
    before: dict[str, list[str]] = {name: [] for name in [*nodes, END]}
    for name, targets in after.items():
        for target in targets:
            before.setdefault(target, []).append(name)
    unknown = {target for targets in after.values() for target in targets if target not in nodes}
    hurt = [name for name in nodes if subject.hurt(("nodes", name)) or not after[name]]
    people = [name for name, kind in subject.verbs.items() if kind == "transfer"]
    ending = reachable([END, *unknown, *hurt, *people], before)
    stuck = {name: [t for t in after[name] if t in nodes] for name in nodes if name not in ending}
    if not stuck:
        return
    running = set().union(*subject.unsettled)
    for circle in circles(stuck):
        if circle & running:
            continue
        first = next(name for name in nodes if name in circle)
        message = f"from `{first}` on, nothing leads to an end or to a person: the session lasts until its limits."
        fix = "Add a route with `end` somewhere."
        yield subject.problem_at_key("FLW031", ("nodes", first), message, fix, Severity.WARNING)
