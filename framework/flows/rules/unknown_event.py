"""FLW033: a route waits for an event that the flow does not declare.

Bad:
    flow: x
    events: {doctor.available: {doctor: person_name}}
    initial_node: a
    nodes: {a: {wait: for a doctor, next: [{event: doctor.avialable, goto: b}]}, b: {say: b, end: true}}

Good:
    flow: x
    events: {doctor.available: {doctor: person_name}}
    initial_node: a
    nodes: {a: {wait: for a doctor, next: [{event: doctor.available, goto: b}]}, b: {say: b, end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.graph import Path
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Types of events in routes and interrupts."""
    for path, event in _awaited(subject):
        if event in subject.flow.events or subject.hurt(path) or subject.hurt(("events",)):
            continue
        known = subject.flow.events
        fix = did_you_mean(event, known) if known else f"Declare it: `events: {{{event}: {{}}}}`."
        yield subject.problem("FLW033", path, f"the flow declares no event `{event}`.", fix)


def _awaited(subject: Subject) -> Iterator[tuple[Path, str]]:
    for way in subject.all_ways():
        if way.route.event is not None:
            yield (*way.path, "event"), way.route.event
    for _, path, interrupt in subject.interrupts():
        if interrupt.event is not None:
            yield (*path, "event"), interrupt.event
