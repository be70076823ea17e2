"""The lease: of all gateways with this bridge, one acts at a time. Scripts check it, so a late one changes nothing."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from loguru import logger

from framework import FleetAccess, StoreError

from .scripts import source

KEY = "bot:legacy:lease"
NUMBER = "bot:legacy:number"
"""Counts what was taken from lists: part of every stamp."""
PAUSE_S = 0.5
"""Between attempts while the store is away."""


class LostError(Exception):
    """Another gateway has the lease."""


class Lease:
    """One gateway's part in the lease."""

    def __init__(self, fleet: FleetAccess, lease_s: float) -> None:
        self._fleet = fleet
        self._lease_s = lease_s
        self._me = uuid.uuid4().hex
        self._held = asyncio.Event()
        self._until = 0.0
        self.term = 0
        """How often it was gained: what was remembered in an earlier term may be wrong by now."""

    async def run(self) -> None:
        """Try to have it, until cancelled; then give it back."""
        try:
            while not cancelled():
                await self._try()
                await asyncio.sleep(self._lease_s / 6)
        finally:
            with contextlib.suppress(StoreError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._fleet.redis("EVAL", source("release"), 1, KEY, self._me)

    async def until_held(self) -> int:
        """Wait for it; the number of the term."""
        while not self._held.is_set() or time.monotonic() > self._until:
            self._held.clear()
            await self._held.wait()
        return self.term

    def holds(self, term: int) -> bool:
        """Whether it still has it, and had it all the time since that term began."""
        return self.term == term and self._held.is_set() and time.monotonic() < self._until

    async def script(self, name: str, keys: list[str], *arguments: str | int) -> Any:
        """Run a script that changes nothing unless this gateway has the lease.

        Raises:
            LostError: It has not.
        """
        answer = await self._fleet.redis("EVAL", source(name), len(keys) + 1, KEY, *keys, self._me, *arguments)
        if answer is None:
            self._held.clear()
            raise LostError
        return answer

    async def _try(self) -> None:
        asked = time.monotonic()
        try:
            mine = await self._fleet.redis("EVAL", source("hold"), 1, KEY, self._me, int(self._lease_s * 1000))
        except StoreError:
            return
        if not mine:
            self._held.clear()
            return
        if not self._held.is_set() or asked > self._until:
            self.term += 1
            logger.info("this gateway serves the old names")
        self._until = asked + self._lease_s
        self._held.set()


def cancelled() -> bool:
    """Whether this task was told to end, even if whom it waited for has kept that to itself."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def while_held(lease: Lease, what: str, work: Callable[[], Awaitable[float]]) -> None:
    """Do a piece of work again and again while this gateway has the lease; it answers how long to pause."""
    away = ""
    while not cancelled():
        await lease.until_held()
        pause = 0.0
        try:
            pause = await work()
        except LostError:
            logger.info("another gateway serves the old names now")
        except StoreError as error:
            if error.message != away:
                logger.bind(work=what, problem=error.message).warning("the old names can't be served now")
            away, pause = error.message, PAUSE_S
        else:
            away = ""
        await asyncio.sleep(pause)
