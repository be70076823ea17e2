"""FLW017: a route has more than one trigger.

Bad:
    flow: x
    slots: {size: text}
    initial_node: a
    nodes:
      a: {collect: size, next: [{outcome: done, intent: is bored, examples: [boring], end: true}, {else: b}]}
      b: {say: b, end: true}

Good:
    flow: x
    slots: {size: text}
    initial_node: a
    nodes:
      a: {collect: size, next: [{intent: is bored, examples: [boring], end: true}, {else: b}]}
      b: {say: b, end: true}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.flows.graph import triggers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject

TRIGGERS = ("outcome", "intent", "keys", "event", "after")


def check(subject: Subject) -> Iterator[Diagnostic]:
    """The second trigger of each route, in the order in which they are written; `keys` may stand beside `intent`."""
    for way in subject.all_ways():
        if triggers(way.route) > 1:
            written = [key for key in subject.source.node(way.path).children if key in TRIGGERS]
            if {"intent", "keys"} <= set(written):
                written.remove("keys")
            message = f"`{written[1]}` stands beside `{written[0]}`; a route has one trigger."
            fix = "Make two routes of it."
            yield subject.problem_at_key("FLW017", (*way.path, written[1]), message, fix)
