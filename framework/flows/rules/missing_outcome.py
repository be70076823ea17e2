"""FLW015: a node can end in a way that no route takes.

Bad:
    flow: x
    slots: {size: text}
    initial_node: ask
    nodes: {ask: {collect: size, next: [{outcome: done, end: true}]}}

Good:
    flow: x
    slots: {size: text}
    initial_node: ask
    nodes: {ask: {collect: size, next: [{outcome: done, end: true}, {else: sorry}]}, sorry: {say: sorry, end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.flows.graph import hears, verb
from framework.flows.outcomes import OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """For each node the outcomes that remain; `on_error`, where there is one, takes all but `done`."""
    for name, node in subject.flow.nodes.items():
        kind = verb(node)
        waits = hears(node) and kind != "collect"
        if waits or not isinstance(node.next, list) or node.end not in (None, False):
            continue
        if not subject.after[name] or subject.hurt(("nodes", name)):
            continue
        remain = _remaining(subject, name, OUTCOMES.get(kind, ("done",)))
        if subject.flow.on_error is not None:
            remain = [outcome for outcome in remain if outcome == "done"]
        if remain:
            yield _problem(subject, name, remain, whole=kind in OUTCOMES)


def _remaining(subject: Subject, name: str, outcomes: tuple[str, ...]) -> list[str]:
    remain = list(outcomes)
    for way in subject.ways(name):
        if way.route.if_ is None and way.route.intent is None:
            remain = [o for o in remain if way.route.outcome is not None and o not in way.route.outcome]
    return remain


def _problem(subject: Subject, name: str, remain: list[str], *, whole: bool) -> Diagnostic:
    listed = ", ".join(f"`{outcome}`" for outcome in remain)
    message = f"no route is sure to hold after {listed}." if whole else "no route holds when none of the `if`s does."
    return subject.problem_at_key("FLW015", ("nodes", name), message, "Add `{else: …}` as the last route.")
