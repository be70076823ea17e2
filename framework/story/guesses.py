"""Words that may stand for those that a transcript keeps to itself: an answer for each type of slot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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
        length = getattr(slot.options, "length", None)
        if isinstance(length, int):
            yield from ("4111111111111111"[:length], "0" * length, "1" * length)
        values = getattr(slot.options, "values", None)
        if values:
            yield str(next(iter(values)))
        yield from ANSWERS.get(slot.type.name, ())
    yield from ANY
