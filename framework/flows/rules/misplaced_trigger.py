"""FLW018: a route waits for something that can't happen at its node.

Bad:
    flow: x
    initial_node: a
    nodes: {a: {next: [{intent: wants pizza, goto: b}, {else: b}]}, b: {say: b, end: true}}

Good:
    flow: x
    initial_node: a
    nodes: {a: {say: Pizza?, next: [{intent: wants pizza, goto: b}, {else: b}]}, b: {say: b, end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.flows.graph import verb
from framework.flows.outcomes import OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject, Way

INTENT_FIX = "The person is heard at `instruct`, `collect` and `say` only."


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Intents where nobody listens, outcomes where nothing ends, bare routes where the model converses."""
    for name, node in subject.flow.nodes.items():
        kind = verb(node)
        if subject.unclear(name):
            continue
        for way in subject.ways(name):
            yield from _at_node(subject, way, kind)
        if kind == "instruct" and node.end is not None:
            message = "an `instruct` node is never done by itself, so `end` would never come."
            yield subject.problem_at_key(
                "FLW018", ("nodes", name, "end"), message, "Write a route with `intent` or `if`."
            )
    for _, path, use in subject.tool_uses():
        for index, route in enumerate(use.next):
            if route.intent is not None:
                message = "a tool's routes have `outcome` and `if` only."
                yield subject.problem_at_key("FLW018", (*path, "next", index, "intent"), message)


def _at_node(subject: Subject, way: Way, kind: str) -> Iterator[Diagnostic]:
    route = way.route
    if route.intent is not None and kind in {"run", "decide"}:
        yield subject.problem_at_key("FLW018", (*way.path, "intent"), f"nobody is heard at {_node(kind)}.", INTENT_FIX)
    elif route.outcome is not None and kind not in OUTCOMES:
        message = f"{_node(kind)} has no outcomes."
        yield subject.problem_at_key("FLW018", (*way.path, "outcome"), message, "Use `if`, `intent` or no trigger.")
    elif kind == "instruct" and _always(way) and not subject.hurt(way.path):
        message = "at an `instruct` node a route needs `intent` or `if`: the node is never done by itself."
        yield subject.problem("FLW018", way.path, message, "Say what leads away: `{intent: …, goto: …}`.")


def _always(way: Way) -> bool:
    route = way.route
    return route.intent is None and route.outcome is None and route.if_ is None


def _node(kind: str) -> str:
    return "a node that only decides" if kind == "decide" else f"a node with `{kind}`"
