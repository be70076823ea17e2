"""Which sessions are open, and in which rooms: read once, then kept up by events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

OPEN = "queued,assigned,claimed,joined"
OVER = frozenset({"ended", "failed"})


class Roll:
    """The open sessions of all tenants.

    >>> roll = Roll()
    >>> roll.take({"session_id": "s1", "tenant": "acme", "room": "lobby", "state": "joined"})
    >>> list(roll.rooms("acme")), list(roll.rooms("other"))
    (['lobby'], [])
    >>> roll.take({"session_id": "s1", "tenant": "acme", "room": "lobby", "state": "ended"})
    >>> list(roll.rooms("acme"))
    []
    """

    def __init__(self) -> None:
        self._open: dict[str, tuple[str, str]] = {}

    def clear(self) -> None:
        """Forget all of them."""
        self._open.clear()

    def take(self, session: Mapping[str, Any]) -> None:
        """Learn how a session is now."""
        if session["state"] in OVER:
            self._open.pop(session["session_id"], None)
        else:
            self._open[session["session_id"]] = session["tenant"], session["room"]

    def lose(self, session_id: str) -> None:
        """A session is no longer known to the store."""
        self._open.pop(session_id, None)

    def rooms(self, tenant: str) -> Iterable[str]:
        """Rooms in which a tenant has bots, or will have."""
        return {room for whose, room in self._open.values() if whose == tenant}
