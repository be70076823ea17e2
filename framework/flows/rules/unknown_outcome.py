"""FLW019: a node never ends with this outcome.

Bad:
    flow: x
    slots: {size: text}
    initial_node: a
    nodes: {a: {collect: size, next: [{outcome: exausted, goto: b}, {else: b}]}, b: {say: b, end: true}}

Good:
    flow: x
    slots: {size: text}
    initial_node: a
    nodes: {a: {collect: size, next: [{outcome: exhausted, goto: b}, {else: b}]}, b: {say: b, end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.flows.outcomes import OUTCOMES
from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Outcomes that the verb or the tool does not know."""
    for way in subject.all_ways():
        if way.route.outcome is None:
            continue
        kind = "run" if way.tool else subject.verbs[way.node]
        known = OUTCOMES["run"] if way.tool else subject.outcomes(way.node)
        for index, outcome in enumerate(way.route.outcome):
            if known and outcome not in known and not (way.node and subject.unclear(way.node)):
                fix = did_you_mean(outcome, known)
                what = f"the flow `{subject.flow.nodes[way.node].subflow}`" if kind == "subflow" else f"`{kind}`"
                path = (*way.path, "outcome", index)
                yield subject.problem("FLW019", path, f"{what} has no outcome `{outcome}`.", fix)
