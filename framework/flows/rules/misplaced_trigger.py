"""FLW018: a route waits for something that can't happen at its node.

Bad:
    flow: x
    initial_node: a
    nodes: {a: {next: [{intent: wants pizza, examples: [pizza], goto: b}, {else: b}]}, b: {say: b, end: true}}

Good:
    flow: x
    initial_node: a
    nodes: {a: {say: Pizza?, next: [{intent: agrees, examples: ["yes"], goto: b}, {else: b}]}, b: {say: b, end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.flows.graph import ends
from framework.flows.outcomes import OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.model import Route
    from framework.flows.subject import Subject, Way

INTENT_FIX = "That is so at `instruct`, `collect`, `wait` and `say` only."

DEAF = {"run", "decide", "subflow", "transfer"}
"""Verbs at which nobody is heard and no time passes that a route could count."""


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Intents where nobody listens, outcomes where nothing ends, bare routes where the model converses."""
    for name, node in subject.flow.nodes.items():
        kind = subject.verbs[name]
        if subject.unclear(name):
            continue
        for way in subject.ways(name):
            yield from _at_node(subject, way, kind)
        if kind in LASTING and ends(node.end):
            message = f"{_node(kind)} is never done by itself, so `end` would never come."
            yield subject.problem_at_key(
                "FLW018", ("nodes", name, "end"), message, f"Write a route with {LASTING[kind]}."
            )
    for _, path, use in subject.tool_uses():
        for index, route in enumerate(use.next):
            if key := _waits(route):
                message = "a tool's routes have `outcome` and `if` only."
                yield subject.problem_at_key("FLW018", (*path, "next", index, key), message)


LASTING = {"instruct": "`intent` or `if`", "wait": "`event` or `after`"}
"""Verbs that are never done by themselves → what leads away from them."""


def _at_node(subject: Subject, way: Way, kind: str) -> Iterator[Diagnostic]:
    route = way.route
    key = _waits(route)
    if key and kind in DEAF:
        what = "nobody is heard" if key in {"intent", "keys"} else "nothing is waited for"
        yield subject.problem_at_key("FLW018", (*way.path, key), f"{what} at {_node(kind)}.", INTENT_FIX)
    elif route.outcome is not None and kind not in OUTCOMES and kind != "subflow":
        message = f"{_node(kind)} has no outcomes."
        yield subject.problem_at_key("FLW018", (*way.path, "outcome"), message, "Use `if`, `intent` or no trigger.")
    elif kind in LASTING and not key and _always(route) and not subject.hurt(way.path):
        message = f"at {_node(kind)} a route needs {LASTING[kind]}: the node is never done by itself."
        yield subject.problem("FLW018", way.path, message, "Say what leads away.")


def _always(route: Route) -> bool:
    return route.outcome is None and route.if_ is None


def _waits(route: Route) -> str:
    """The key of a trigger that only comes while the node lasts, if the route has one."""
    if route.intent is not None:
        return "intent"
    values = (("keys", route.keys), ("event", route.event), ("after", route.after))
    return next((key for key, value in values if value is not None), "")


def _node(kind: str) -> str:
    return "a node that only decides" if kind == "decide" else f"a node with `{kind}`"
