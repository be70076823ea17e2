"""FLW040: a timer has no time, or two, or nothing to do.

Bad:
    flow: x
    timers: {hint: {say: You can ask for the menu.}}
    initial_node: a
    nodes: {a: {instruct: Help., next: [{intent: is done, end: true}]}}

Good:
    flow: x
    timers: {hint: {after: 20s, say: You can ask for the menu.}}
    initial_node: a
    nodes: {a: {instruct: Help., next: [{intent: is done, end: true}]}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject


EFFECTS = ("say", "instruct", "goto", "emit")


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Timers without `after` and `every`, or with both, and those without an effect."""
    for name, path, timer in subject.timers():
        if subject.hurt(path):
            continue
        if timer.after is None and timer.every is None:
            message = f"the timer `{name}` has no time."
            yield subject.problem_at_key("FLW040", path, message, "Add `after: 5m` or `every: 5m`.")
        elif timer.after is not None and timer.every is not None:
            written = [key for key in subject.source.node(path).children if key in {"after", "every"}]
            message = f"`{written[1]}` stands beside `{written[0]}`; a timer has one of them."
            yield subject.problem_at_key("FLW040", (*path, written[1]), message, "Make two timers of it.")
        if all(getattr(timer, key) is None for key in EFFECTS):
            message = f"the timer `{name}` does nothing."
            yield subject.problem_at_key("FLW040", path, message, "Add `say`, `instruct`, `goto` or `emit`.")
