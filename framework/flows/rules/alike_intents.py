"""FLW047: two intents at one place are so much alike that the router can't tell them apart.

Bad:
    flow: x
    initial_node: a
    nodes:
      a:
        say: How can I help?
        next:
          - {intent: wants an appointment, examples: [I would like to book an appointment], goto: b}
          - {intent: wants to see a doctor, examples: [I want to book an appointment], goto: c}
      b: {say: b, end: true}
      c: {say: c, end: true}

Good:
    flow: x
    initial_node: a
    nodes:
      a:
        say: How can I help?
        next:
          - {intent: wants an appointment, examples: [I would like to book an appointment], goto: b}
          - {intent: wants to see a doctor, examples: [it hurts, is the doctor in], goto: c}
      b: {say: b, end: true}
      c: {say: c, end: true}
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from framework.documents import Severity
from framework.flows.texts import folded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject, Way


ALIKE = 0.92
"""From this likeness on two sentences mean the same to the router; "yes" and "no" have 0.84."""

SHARED = 0.5
"""Which part of the shorter sentence's words both must have before they are compared at all."""


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Intents that a router decides between: those of a node where no model converses."""
    for name, kind in subject.verbs.items():
        if kind == "instruct" or subject.unclear(name):
            continue
        ways = [way for way in subject.ways(name) if way.route.intent is not None and way.route.if_ is None]
        for first, second in combinations(ways, 2):
            if met := _meeting(subject, first, second):
                message = f"the router can't tell this from `{first.route.intent}`: `{met[0]}`, `{met[1]}`."
                fix = "Make one intent of the two, or choose examples that differ."
                path = (*second.path, "intent")
                yield subject.problem("FLW047", path, message, fix, Severity.WARNING)


def _meeting(subject: Subject, first: Way, second: Way) -> tuple[str, str] | None:
    """Two sentences that are too much alike; the very same ones are another rule's."""
    for one in (first.route.intent or "", *first.route.examples):
        for other in (second.route.intent or "", *second.route.examples):
            if _kindred(folded(one), folded(other)) and (subject.likeness(one, other) or 0.0) >= ALIKE:
                return one, other
    return None


def _kindred(one: str, other: str) -> bool:
    words, others = set(one.split()), set(other.split())
    return one != other and len(words & others) >= SHARED * min(len(words), len(others)) > 0
