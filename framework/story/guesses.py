"""Words that may stand for those that a transcript keeps to itself: an answer for each type of slot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from framework.engine.plan import Plan, Way
from framework.story.transcript import Recorded

ANSWERS: dict[str, tuple[str, ...]] = {
    "digits": ("4111111111111111", "0000", "000000", "123456", "12345678"),
    "date": ("1985-03-03", "2030-01-01", "today"),
    "time": ("09:30",),
    "datetime": ("2030-01-01T09:30", "tomorrow at nine"),
    "person_name": ("Ada Lovelace",),
    "integer": ("1", "10", "100"),
    "number": ("1", "10", "100"),
    "boolean": ("yes", "no"),
    "phone": ("+15550100000",),
    "email": ("ada@example.org",),
    "postal_code": ("12345", "SW1A 1AA"),
    "money": ("twenty dollars",),
    "duration": ("two hours",),
    "text": ("something", "something or other"),
}
ANY = ("yes", "no", "mumble mumble", "I'd rather not")
"""What answers any question, or none."""


def utterances(slot: Any) -> Iterator[str]:
    """Answers that a person may have given, the likeliest first.

    Args:
        slot: The slot that was asked for, as the plan has it; None when none was.
    """
    if slot is not None:
        yield from slot.examples
        for length in getattr(slot.options, "length", None) or ():
            yield from ("4111111111111111"[:length], "0" * length, "1" * length)
        values = getattr(slot.options, "values", None)
        if values:
            yield str(next(iter(values)))
        yield from ANSWERS.get(slot.type.name, ())
    yield from ANY


def masked(plan: Plan, slot: Any, after: Sequence[Recorded]) -> Iterator[str]:
    """Words that may stand for masked ones, the likeliest first, going by what came of them.

    Args:
        plan: The session's flow.
        slot: The slot that was asked for; None when none was.
        after: The events that came next.
    """
    meant = after[0].data.get("intent") if after and after[0].type == "intent.heard" else None
    for way in _ways(plan) if meant is not None else ():
        if meant in (way.name, way.intent):
            yield from (*way.examples, *([way.intent] if way.intent else []))
    yield from utterances(slot)


def _ways(plan: Plan) -> Iterator[Way]:
    """Every intent of a flow and of those it runs, those of its interrupts included."""
    for one in plan.flows.values():
        for node in one.nodes.values():
            yield from node.intents
        yield from (interrupt.way for interrupt in one.interrupts)
