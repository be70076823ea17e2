"""The lists `admin:queue:{room}` there are: those of rooms with a bot are emptied, what lies too long is dropped."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection

from loguru import logger

from framework import FleetAccess, RefusalError

from .lease import Lease

QUEUE = "admin:queue:"
FAILED = "admin:failed"
KEYS_AT_ONCE = 1000
"""Keys of the server that one step looks through for lists of rooms that are spelled in another way."""
MOST = 10_000


class Lists:
    """What is known of the lists; nothing of it is needed after a change of hands."""

    def __init__(self, fleet: FleetAccess, lease: Lease, *, keep_s: float) -> None:
        self._fleet = fleet
        self._lease = lease
        self._keep_s = keep_s
        self._cursor = "0"
        self._seen: dict[str, deque[tuple[float, int]]] = {}
        """List → when it had how many messages that still lie there."""

    async def found(self, rooms: Collection[str]) -> list[tuple[str, str]]:
        """Lists and their rooms, of all rooms that have a bot."""
        found = {f"{QUEUE}{room}": room for room in rooms}
        for key in await self._scan():
            room = self._room(key)
            if room in rooms:
                found[key] = room
                self._seen.pop(key, None)
            else:
                await self._age(key, room)
        return [*found.items()]

    async def _scan(self) -> list[str]:
        cursor, keys = await self._fleet.redis("SCAN", self._cursor, "MATCH", f"{QUEUE}*", "COUNT", KEYS_AT_ONCE)
        self._cursor = str(int(cursor))
        return [key.decode() for key in keys if _is_text(key)]

    def _room(self, key: str) -> str:
        try:
            return self._fleet.room(key.removeprefix(QUEUE))
        except RefusalError:
            return ""

    async def _age(self, key: str, room: str) -> None:
        """Drop what has lain here too long; messages come at the end and nobody else takes them from the front."""
        length, now = int(await self._fleet.redis("LLEN", key)), time.monotonic()
        if len(self._seen) >= MOST:
            self._seen.clear()
        seen = self._seen.setdefault(key, deque())
        if seen and length < seen[-1][1]:
            seen.clear()  # somebody else has taken some
        if not seen or length > seen[-1][1]:
            seen.append((now, length))
        old = 0
        while seen and seen[0][0] < now - self._keep_s:
            old = seen.popleft()[1]
        if not old:
            return
        dropped = await self._lease.script("drop", [key, FAILED], room, old, length)
        logger.bind(messages=dropped, see=FAILED).warning("old messages were dropped: no bot came to their room")
        self._seen[key] = deque((at, count - old) for at, count in seen)


def _is_text(key: bytes) -> bool:
    try:
        key.decode()
    except UnicodeDecodeError:
        return False
    return True
