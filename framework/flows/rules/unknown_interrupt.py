"""FLW034: an interrupt is named that there is not.

Bad:
    flow: x
    interrupts: {hours: {intent: asks for opening hours, examples: [when are you open], say: At eight.}}
    initial_node: a
    nodes: {a: {instruct: Help., interrupts: [huors], next: [{intent: is done, end: true}]}}

Good:
    flow: x
    interrupts: {hours: {intent: asks for opening hours, examples: [when are you open], say: At eight.}}
    initial_node: a
    nodes: {a: {instruct: Help., interrupts: [hours], next: [{intent: is done, end: true}]}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from framework.flows.outcomes import INTERRUPTS
from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.graph import Path
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Names in `interrupts` of nodes and of `defaults`, and those that are switched off."""
    flow = subject.flow
    known = [*flow.interrupts, *(name for name in INTERRUPTS if name not in flow.interrupts)]
    for path, name, is_key in _named(subject):
        if name not in known and not subject.hurt(path):
            place = subject.problem_at_key if is_key else subject.problem
            yield place("FLW034", path, f"there is no interrupt `{name}`.", did_you_mean(name, known))
    for name, interrupt in flow.interrupts.items():
        if interrupt is False and name not in INTERRUPTS:
            message = f"`{name}` is not built in, so it can't be switched off."
            yield subject.problem_at_key("FLW034", ("interrupts", name), message, did_you_mean(name, INTERRUPTS))


def _named(subject: Subject) -> Iterator[tuple[Path, str, bool]]:
    flow = subject.flow
    lists: list[tuple[Path, Any]] = [(("defaults", "interrupts"), flow.defaults.interrupts)]
    lists += [(("nodes", name, "interrupts"), node.interrupts) for name, node in flow.nodes.items() if node.interrupts]
    for base, names in lists:
        for index, name in enumerate(names or ()):
            yield (*base, index), name, False
