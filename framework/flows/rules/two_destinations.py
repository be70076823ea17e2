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
    from framework.flows.graph import Path
    from framework.flows.subject import Subject

DESTINATIONS = ("goto", "else", "end", "subflow")


def check(subject: Subject) -> Iterator[Diagnostic]:
    """The second destination of each route, rung and interrupt, in the order in which they are written."""
    for path, noun in _leading(subject):
        written = [key for key in subject.source.node(path).children if key in DESTINATIONS]
        if len(written) > 1:
            message = f"`{written[1]}` stands beside `{written[0]}`; {noun} has one destination."
            yield subject.problem_at_key("FLW020", (*path, written[1]), message, "Remove one of them.")


def _leading(subject: Subject) -> Iterator[tuple[Path, str]]:
    """The places that may have several destinations."""
    for way in subject.all_ways():
        route = way.route
        if sum(value is not None for value in (route.goto, route.else_, route.end)) > 1:
            yield way.path, "a route"
    for _, _, path, rungs in subject.ladders:
        for index, rung in enumerate(rungs):
            if rung.goto is not None and rung.end is not None:
                yield (*path, index), "a rung"
    for _, path, interrupt in subject.interrupts():
        if sum(value is not None for value in (interrupt.goto, interrupt.end, interrupt.subflow)) > 1:
            yield path, "an interrupt"
