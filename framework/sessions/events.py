"""What happened, as one JSON object a line: the events that every door shows alike.

The types and their data are the language reference's (`docs/reference/events.md`).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

PRIVATE = frozenset({"text", "generated", "spoken", "value", "arguments", "result", "outputs"})
"""Data fields that hold a caller's words or values: never in a log line at the default level."""


def iso(at: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC, to the millisecond.

    >>> iso(0.5)
    '1970-01-01T00:00:00.500Z'
    """
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact in the past tense."""

    type: str
    session: str
    flow: str
    time: str
    data: dict[str, Any]
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def as_json(self) -> dict[str, Any]:
        """The event as the object that is printed, streamed and stored."""
        return {
            "id": self.id,
            "type": self.type,
            "time": self.time,
            "session": self.session,
            "flow": self.flow,
            "data": self.data,
        }
