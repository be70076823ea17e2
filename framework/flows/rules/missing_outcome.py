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

from framework.flows.covering import completing, missing_values, remaining

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """For each node the outcomes that remain; `on_error`, where there is one, takes those that are failures."""
    for name, outcomes in completing(subject):
        remain = [o for o in remaining(subject, name, outcomes) if missing_values(subject, name, o) is None]
        if remain:
            yield _problem(subject, name, remain, whole=subject.verbs[name] != "decide")


def _problem(subject: Subject, name: str, remain: list[str], *, whole: bool) -> Diagnostic:
    listed = ", ".join(f"`{outcome}`" for outcome in remain)
    message = f"no route is sure to hold after {listed}." if whole else "no route holds when none of the `if`s does."
    return subject.problem_at_key("FLW015", ("nodes", name), message, "Add `{else: …}` as the last route.")
