"""FLW046: an intent has no examples, where only examples tell what a person means.

Bad:
    flow: x
    initial_node: a
    nodes:
      a: {say: Shall we go on?, next: [{intent: agrees, goto: b}, {intent: refuses, examples: ["no"], goto: b}]}
      b: {say: b, end: true}

Good:
    flow: x
    initial_node: a
    nodes:
      a:
        say: Shall we go on?
        next: [{intent: agrees, examples: ["yes"], goto: b}, {intent: refuses, examples: ["no"], goto: b}]
      b: {say: b, end: true}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.documents import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.model import Interrupt, Route
    from framework.flows.subject import Subject


FIX = "Add a few sentences that people say, in every language of the flow."


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Intents outside `instruct`, where the model would read their words."""
    for name, kind in subject.verbs.items():
        if kind == "instruct" or subject.unclear(name):
            continue
        for way in subject.ways(name):
            if _guessed(way.route) and not subject.hurt(way.path):
                message = f"`{way.route.intent}` has no examples, so the router has little to go by."
                yield subject.problem("FLW046", (*way.path, "intent"), message, FIX, Severity.WARNING)
    for _, path, interrupt in subject.interrupts():
        if _guessed(interrupt) and not subject.hurt(path):
            message = f"`{interrupt.intent}` has no examples, so the router has little to go by."
            yield subject.problem("FLW046", (*path, "intent"), message, FIX, Severity.WARNING)


def _guessed(found: Route | Interrupt) -> bool:
    return found.intent is not None and not found.examples and found.keys is None
