"""Messages of `admin:bot:{room}` and `admin:queue:{room}` become orders: each one, by whichever way it came."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from loguru import logger

from framework import FleetAccess, RefusalError, StoreError

from .lease import NUMBER, Lease, cancelled
from .lists import FAILED, Lists
from .messages import read_message
from .scripts import source

CHANNEL = "admin:bot:"
PROCESSING = "admin:processing"
BY = "legacy"
"""Who the audit says gave the orders."""

PACE_S = 0.25
AGAIN_S = 0.5
"""Between attempts for a room that has no bot."""
CHUNK = 500
"""Lists that are looked at in one call."""
STORE_S, STORE_AGAIN_S = 5.0, 0.1
"""How long, and how often, it is tried to store a message that was heard."""
NOT_FOUND, CONFLICT, TOO_MANY = 404, 409, 429
CONFLICTS = 3
"""Attempts at a session that is just ending; then the order is another's."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message to be carried out."""

    stamp: str
    at: float
    """When it came, in seconds since the epoch."""
    room: str
    raw: bytes

    @classmethod
    def of(cls, entry: bytes) -> Message:
        """As it lies in the list.

        >>> Message.of(b"s1 1500 5 lobbyHello")
        Message(stamp='s1', at=1.5, room='lobby', raw=b'Hello')
        """
        stamp, at, length, rest = entry.split(b" ", 3)
        room, raw = rest[: int(length)], rest[int(length) :]
        return cls(stamp=stamp.decode(), at=int(at) / 1000, room=room.decode("utf-8", "replace"), raw=raw)


class Orders:
    """Gathers messages and hands them to the fleet, in each room in the order in which they came."""

    def __init__(
        self, fleet: FleetAccess, lease: Lease, *, tenant: str, keep_s: float, rooms: Callable[[], Iterable[str]]
    ) -> None:
        self._fleet = fleet
        self._lease = lease
        self._tenant = tenant
        self._keep_s = keep_s
        self._rooms = rooms
        self._lists = Lists(fleet, lease, keep_s=keep_s)
        self._came = asyncio.Event()
        self._not_before: dict[str, float] = {}
        self._conflicts: dict[str, int] = {}

    # --- Hearing: every gateway does, and the scripts see to it that it counts once -----------------------------------

    async def hear(self) -> None:
        """Store what is published, until cancelled."""
        away = False
        while not cancelled():
            try:
                await self._hear()
            except StoreError as error:
                if not away:
                    logger.bind(problem=error.message).warning("old messages can't be heard now")
                away = True
                await asyncio.sleep(AGAIN_S)
            else:
                away = False

    async def _hear(self) -> None:
        seconds, micros = await self._fleet.redis("TIME")
        since = int(seconds) * 1000 + int(micros) // 1000
        way = f"heard:{uuid.uuid4().hex}"
        async with contextlib.aclosing(self._fleet.hear(f"{CHANNEL}*")) as heard:
            async for channel, raw in heard:
                await self._store(channel.removeprefix(CHANNEL.encode()), raw, way, since)

    async def _store(self, spelled: bytes, raw: bytes, way: str, since: int) -> None:
        try:
            room, text = self._fleet.room(spelled.decode()), raw.decode()
        except (RefusalError, UnicodeDecodeError):
            logger.warning("what was published is no text, or for no room")
            return
        words = ("EVAL", source("heard"), 2, PROCESSING, FAILED, room, text, way, since, uuid.uuid4().hex)
        try:
            async with asyncio.timeout(STORE_S):
                while not await self._said(*words):  # noqa: ASYNC110 - the store is elsewhere
                    await asyncio.sleep(STORE_AGAIN_S)
        except TimeoutError:
            logger.warning("what was published could not be stored")
        else:
            self._came.set()

    async def _said(self, *words: str | int) -> bool:
        try:
            await self._fleet.redis(*words)
        except StoreError:
            return False
        return True

    # --- Acting: the one that has the lease --------------------------------------------------------------------------

    async def work(self) -> float:
        """One step; it takes its own pause."""
        await self._gather()
        entries = await self._fleet.redis("LRANGE", PROCESSING, 0, -1)
        waiting: set[str] = set()
        for message in map(Message.of, entries):
            if message.room in waiting or not await self._carry_out(message):
                waiting.add(message.room)
        self._came.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PACE_S):
                await self._came.wait()
        return 0.0

    async def _gather(self) -> None:
        found = await self._lists.found({*self._rooms()})
        for begin in range(0, len(found), CHUNK):
            words = [word for pair in found[begin : begin + CHUNK] for word in pair]
            await self._lease.script("gather", [PROCESSING, FAILED, NUMBER], uuid.uuid4().hex[:24], *words)

    async def _carry_out(self, message: Message) -> bool:
        """Whether the next message of the room may follow."""
        now = time.time()
        if self._not_before.get(message.room, 0.0) > now:
            return False
        reason = ""
        try:
            body = {**read_message(message.raw), "room": message.room, "order_id": message.stamp}
            orders = await self._fleet.admin(body, tenant=self._tenant, by=BY)
            for order in orders:
                logger.bind(order=order["order_id"], session=order["session_id"]).info("an old message is an order")
        except RefusalError as refusal:
            if self._may_yet(refusal, message, now):
                self._not_before[message.room] = now + AGAIN_S
                return False
            logger.bind(status=refusal.status, see=FAILED).warning("an old message was refused")
            reason = f"{refusal.status}: {refusal.message}"
        await self._lease.script("done", [PROCESSING, FAILED], message.stamp, reason, _what(message) if reason else "")
        self._not_before.pop(message.room, None)
        self._conflicts.pop(message.stamp, None)
        return True

    def _may_yet(self, refusal: RefusalError, message: Message, now: float) -> bool:
        """Whether it is worth another attempt: a bot may come, or come back, or have done some of its orders."""
        if now - message.at > self._keep_s:
            return False
        if refusal.status == CONFLICT:
            self._conflicts[message.stamp] = self._conflicts.get(message.stamp, 0) + 1
            return self._conflicts[message.stamp] < CONFLICTS
        return refusal.status in (NOT_FOUND, TOO_MANY)


def _what(message: Message) -> str:
    return json.dumps({"room": message.room, "message": message.raw.decode("utf-8", "replace")})
