"""FLW020: a route leads to two places.

Bad:
    flow: x
    initial_node: a
    nodes: {a: {say: hi, next: [{goto: b, end: true}]}, b: {say: b, end: true}}

Good:
    flow: x
    initial_node: a
    nodes: {a: {say: hi, next: [{goto: b}]}, b: {say: b, end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject

DESTINATIONS = ("goto", "else", "end")


def check(subject: Subject) -> Iterator[Diagnostic]:
    """The second destination of each route, in the order in which they are written."""
    for way in subject.all_ways():
        written = [key for key in subject.source.node(way.path).children if key in DESTINATIONS]
        if len(written) > 1:
            message = f"`{written[1]}` stands beside `{written[0]}`; a route has one destination."
            yield subject.problem_at_key("FLW020", (*way.path, written[1]), message, "Remove one of them.")
