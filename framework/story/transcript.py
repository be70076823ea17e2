"""A recorded conversation: its events in order, whose it was, and when each of them was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from framework.errors import UserError


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event of a transcript."""

    number: int
    """Its place among the events of its conversation, from 0."""
    type: str
    at: float
    """Seconds since the epoch."""
    flow: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Transcript:
    """The events of one conversation."""

    session: str
    flow: str
    hash: str
    channel: str
    personality: str | None
    events: tuple[Recorded, ...]
    others: int = 0
    """How many events of other conversations stood between."""
    complete: bool = field(default=False)
    """Whether it goes to the end of the session."""

    @property
    def slots(self) -> dict[str, Any]:
        """What the starter gave."""
        given: dict[str, Any] = {}
        for event in self.events[1:]:
            if event.type != "slot.set" or event.data.get("source") != "start":
                break
            given[str(event.data.get("slot"))] = event.data.get("value")
        return given

    def of(self, kind: str) -> list[Recorded]:
        """All events of a type."""
        return [event for event in self.events if event.type == kind]


def transcript(events: Iterable[Mapping[str, Any]], session: str = "") -> Transcript:
    """The conversation in a list of events: the one named, else the first.

    Raises:
        UserError: The events hold no conversation from its beginning.
    """
    all_events = list(events)
    begins = [event for event in all_events if event.get("type") == "session.started"]
    begin = next((event for event in begins if not session or _whose(event) == session), None)
    if begin is None:
        missing = f"of the session `{session}`" if session else "in it"
        raise UserError(
            f"the transcript can't be followed: there is no `session.started` {missing}",
            fix="Give all that `convo chat --json` or `convo call --json` printed, from its first line on.",
        )
    own = [event for event in all_events if _whose(event) == _whose(begin)]
    own = own[own.index(begin) :]
    data = _data(begin)
    found = tuple(_recorded(number, event) for number, event in enumerate(own))
    return Transcript(
        session=_whose(begin),
        flow=str(begin.get("flow") or data.get("flow") or ""),
        hash=str(data.get("hash") or ""),
        channel=str(data.get("channel") or "text"),
        personality=data.get("personality"),
        events=found,
        others=len(all_events) - len(own),
        complete=any(event.type == "session.ended" for event in found),
    )


def _whose(event: Mapping[str, Any]) -> str:
    """The session of an event; a CloudEvent calls it the subject."""
    return str(event.get("session") or event.get("subject") or "")


def _data(event: Mapping[str, Any]) -> dict[str, Any]:
    data = event.get("data")
    return dict(data) if isinstance(data, Mapping) else {}


def _recorded(number: int, event: Mapping[str, Any]) -> Recorded:
    data = _data(event)
    flow = event.get("flow") or (data.pop("flow", "") if "specversion" in event else "")
    return Recorded(number, str(event["type"]), _moment(event.get("time")), str(flow or ""), data)


def _moment(time: Any) -> float:
    try:
        return datetime.fromisoformat(str(time)).timestamp()
    except ValueError:
        return 0.0
