"""Show sessions as `session:{id}` and `session:{id}:logs`, from the fleet's events, each of them once."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from framework import FleetAccess

from .lease import Lease, LostError
from .roll import OPEN, Roll

POSITION = "bot:legacy:position"
FIELDS = (
    "session_id", "state", "phase", "room", "role", "bot", "flow", "personality", "tenant", "channel", "transport",
    "node", "attempts", "reason",
)  # fmt: skip
TIMES = {"created": "queued_at", "started": "joined_at", "ended": "over_at"}
"""Old name → ours."""
SHOWN = frozenset({
    "attempt", "bot", "by", "call", "channel", "code", "epoch", "final", "flow", "from", "kind", "node", "order",
    "outcome", "participant", "phase", "pool", "priority", "reason", "runner", "slot", "source", "state", "to", "tool",
})  # fmt: skip
"""Data of events that a line may show. What people say, and values, are under other names."""
LONGEST = 200
"""Characters of a value in a line."""
CHUNK = 100
"""Sessions that are written in one step at the beginning; later, as many as one reading of events is about."""
LIVE_S = 24 * 3600.0
"""Without a change for so long a session that lives is shown no more."""


class Mirror:
    """Follows the events; the position is kept beside what was written, so that another gateway goes on from there."""

    def __init__(self, fleet: FleetAccess, lease: Lease, roll: Roll, *, lines: int) -> None:
        self._fleet = fleet
        self._lease = lease
        self._roll = roll
        self._lines = lines

    async def work(self) -> float:
        """Follow as long as this gateway has the lease."""
        term = await self._lease.until_held()
        position = (await self._fleet.redis("GET", POSITION) or b"").decode("ascii", "replace")
        await self._begin()
        async with contextlib.aclosing(self._fleet.events(position)) as batches:
            async for events in batches:
                if not self._lease.holds(term):
                    raise LostError
                if events:
                    await self._follow(events)
        return 0.0

    async def _begin(self) -> None:
        """What is open now, however old its last event is."""
        self._roll.clear()
        found = []
        async with contextlib.aclosing(self._fleet.sessions(states=OPEN)) as sessions:
            async for session in sessions:
                self._roll.take(session)
                found.append(self._entry(session, ()))
        for begin in range(0, len(found), CHUNK):
            await self._write(found[begin : begin + CHUNK], "")

    async def _follow(self, events: Sequence[Mapping[str, Any]]) -> None:
        lines: dict[str, list[str]] = {}
        for event in events:
            if session_id := str(event.get("subject") or ""):
                lines.setdefault(session_id, []).append(line(event))
        found = []
        for session_id, session in zip(lines, await self._sessions(lines), strict=True):
            if session is None:
                self._roll.lose(session_id)
            else:
                self._roll.take(session)
                found.append(self._entry(session, lines[session_id]))
        await self._write(found, events[-1]["cursor"])

    async def _sessions(self, ids: Mapping[str, Any]) -> list[dict[str, Any] | None]:
        return await asyncio.gather(*map(self._fleet.session, ids))

    def _entry(self, session: Mapping[str, Any], lines: Sequence[str]) -> dict[str, Any]:
        kept_s = self._fleet.kept_s(session["state"]) or LIVE_S
        return {
            "id": session["session_id"],
            "fields": [word for pair in fields(session) for word in pair],
            "lines": lines,
            "ttl_ms": int(kept_s * 1000),
        }

    async def _write(self, found: Sequence[Mapping[str, Any]], position: str) -> None:
        await self._lease.script("mirror", [POSITION], position, self._lines, json.dumps(found))


def fields(session: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A session as its hash shows it."""
    yield from ((name, str(session[name])) for name in FIELDS)
    yield from ((old, session[name]) for old, name in TIMES.items())


def line(event: Mapping[str, Any]) -> str:
    """An event as a line of the log, without anybody's words.

    >>> line({"type": "user.said", "time": "1970-01-01T00:00:00Z", "data": {"participant": "user", "text": "My PIN…"}})
    '{"time": "1970-01-01T00:00:00Z", "type": "user.said", "participant": "user"}'
    """
    data = event.get("data")
    shown = (
        {name: value for name, value in data.items() if _may_be_shown(name, value)} if isinstance(data, dict) else {}
    )
    return json.dumps({"time": event.get("time", ""), "type": event.get("type", ""), **shown}, ensure_ascii=False)


def _may_be_shown(name: str, value: Any) -> bool:
    return name in SHOWN and isinstance(value, str | int | float | bool) and len(str(value)) <= LONGEST
