"""Keep the records of keys at hand, so that a request needs no look into the store, and an outage locks nobody out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from http import HTTPStatus

from loguru import logger

from framework.errors import FrameworkError
from framework.web.apikeys import KeyRecord
from framework.web.keyring import Keyring
from framework.web.ports import RefusedError

FRESH_S = 5.0
"""How long a revoked key may go on: records are read again after that."""
LAST_KNOWN_S = 60.0
"""How long the last known records count while the keyring can't be read."""
AGAIN_S = 1.0
"""Least time between two reads, however many unknown keys are offered."""
READ_S = 2.0
"""Longest read; then it has failed."""


class KeyCache:
    """The records of a keyring, as they were a few seconds ago."""

    def __init__(self, keyring: Keyring, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._keyring = keyring
        self._clock = clock
        self._records: dict[str, KeyRecord] = {}
        self._read_at = float("-inf")
        self._tried_at = float("-inf")
        self._reading = asyncio.Lock()

    async def find(self, key_id: str) -> KeyRecord | None:
        """The record of a key; one that isn't known may have been made a moment ago, so it is looked for again.

        Raises:
            RefusedError: 503, when nothing is known, or what is known is too old.
        """
        await self._refresh(FRESH_S)
        if key_id not in self._records:
            await self._refresh(AGAIN_S)
        return self._records.get(key_id)

    async def any(self) -> bool:
        """Whether there are keys at all, revoked ones too. Raises as `find` does."""
        await self._refresh(FRESH_S)
        return bool(self._records)

    async def _refresh(self, oldest_s: float) -> None:
        if not self._due(oldest_s):
            return
        async with self._reading:
            await self._read()
        if self._clock() - self._read_at > LAST_KNOWN_S:
            raise RefusedError(
                "keys can't be checked now",
                status=HTTPStatus.SERVICE_UNAVAILABLE,
                retry_after_s=2,
                fix="Try again. If it lasts: see whether the store, or the file of keys, can be read.",
            )

    def _due(self, oldest_s: float) -> bool:
        now = self._clock()
        if now - self._read_at > LAST_KNOWN_S:
            return True  # to be read, or refused: `_read` keeps to its own pace
        return now - self._read_at >= oldest_s and now - self._tried_at >= AGAIN_S

    async def _read(self) -> None:
        """Read, unless somebody has just done so, or tried."""
        now = self._clock()
        if now - self._tried_at < AGAIN_S:
            return
        self._tried_at = now
        try:
            async with asyncio.timeout(READ_S):
                records = await self._keyring.all()
        except (FrameworkError, TimeoutError) as error:
            # The text of an error may name the store's address, with its password.
            logger.bind(problem=type(error).__name__).warning("keys can't be read; the last known ones count")
            return
        self._records = {record.key_id: record for record in records}
        self._read_at = self._clock()
