"""FLW045: two intents at one place have the same words, so one of them is never meant.

Bad:
    flow: x
    initial_node: a
    nodes:
      a:
        say: Shall we go on?
        next:
          - {intent: agrees, examples: ["yes", go on], goto: b}
          - {intent: refuses, examples: ["no", Go on!], goto: c}
      b: {say: b, end: true}
      c: {say: c, end: true}

Good:
    flow: x
    initial_node: a
    nodes:
      a:
        say: Shall we go on?
        next:
          - {intent: agrees, examples: ["yes", go on], goto: b}
          - {intent: refuses, examples: ["no", stop], goto: c}
      b: {say: b, end: true}
      c: {say: c, end: true}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.documents import Severity
from framework.flows.texts import folded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.graph import Path
    from framework.flows.subject import Subject, Way


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Examples that two intents of one node share, capitals and punctuation aside."""
    for name in subject.flow.nodes:
        ways = [way for way in subject.ways(name) if way.route.intent is not None]
        if len(ways) > 1:
            yield from _shared(subject, ways)
    named = [(path, interrupt.examples) for _, path, interrupt in subject.interrupts() if interrupt.nodes is None]
    yield from _meeting(subject, named)


def _shared(subject: Subject, ways: list[Way]) -> Iterator[Diagnostic]:
    different = [way for way in ways if way.route.if_ is None]
    yield from _meeting(subject, [(way.path, way.route.examples) for way in different])


def _meeting(subject: Subject, intents: list[tuple[Path, list[str]]]) -> Iterator[Diagnostic]:
    first: dict[str, Path] = {}
    for path, examples in intents:
        for index, example in enumerate(examples):
            words, place = folded(example), (*path, "examples", index)
            other = first.setdefault(words, place)
            if words and other[:-1] != place[:-1] and not subject.hurt(place):
                line = subject.source.locate(other).line
                message = f"these words already mean the intent on line {line}, which comes first."
                yield subject.problem("FLW045", place, message, "Keep them at one of the two.", Severity.WARNING)
