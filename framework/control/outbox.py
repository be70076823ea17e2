"""What a runner has to tell the store about one session: in order, repeated until it is heard, in bounded memory."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import deque
from collections.abc import Awaitable, Callable

from loguru import logger

from framework.errors import StoreError

EVENTS = 2_000
"""Events kept while the store is away; after that the oldest give way."""
BATCH = 100
RETRY_S = (0.05, 0.2, 0.5, 1.0)

Send = Callable[[], Awaitable[str]]
"""Tells the store one thing; its answer is `fenced` when it is no longer this runner's to tell."""


class Outbox:
    """The messages of one session. `close` ends it when all is said, or when nothing may be said any more."""

    def __init__(self, emit: Callable[[list[str]], Awaitable[str]], fenced: Callable[[], None], *, name: str) -> None:
        self._emit = emit
        self._fenced = fenced
        self._waiting: deque[Send | str] = deque()
        self._events = 0
        self._saying = False
        self._more = asyncio.Event()
        self._closing = False
        self.dropped = 0
        """Events that gave way while the store was away."""
        self._task = asyncio.create_task(self._work(), name=f"{name}: outbox")

    @property
    def empty(self) -> bool:
        """Whether all has been said."""
        return not self._waiting and not self._saying

    def tell(self, send: Send) -> None:
        """Tell the store this, after all that came before."""
        self._waiting.append(send)
        self._more.set()

    def event(self, text: str) -> None:
        """Append an event to the session's stream; neighbours go together."""
        if self._events >= EVENTS:
            self._waiting.remove(next(waiting for waiting in self._waiting if isinstance(waiting, str)))
            self._events -= 1
            self.dropped += 1
        self._waiting.append(text)
        self._events += 1
        self._more.set()

    async def close(self, patience_s: float) -> None:
        """Say what is left, within a time; then nothing more is said."""
        self.finish()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._task), patience_s)
        self.stop()
        await asyncio.gather(self._task, return_exceptions=True)

    def finish(self) -> None:
        """End by itself once all is said."""
        self._closing = True
        self._more.set()

    def stop(self) -> None:
        """Say nothing more."""
        self._task.cancel()

    async def _work(self) -> None:
        while True:
            while not self._waiting:
                if self._closing:
                    return
                self._more.clear()
                await self._more.wait()
            self._saying = True
            answer = await _heard(self._take())
            self._saying = False
            if answer == "fenced":
                self._waiting.clear()
                self._fenced()
                return

    def _take(self) -> Send:
        """The first message, or all events that stand at the front."""
        first = self._waiting.popleft()
        if not isinstance(first, str):
            return first
        batch = [first]
        while self._waiting and isinstance(self._waiting[0], str) and len(batch) < BATCH:
            batch.append(self._waiting.popleft())  # type: ignore[arg-type]  # it is one, as was just seen
        self._events -= len(batch)
        return lambda: self._emit(batch)


async def _heard(send: Send) -> str:
    """Repeat until the store has answered."""
    for attempt in itertools.count():
        try:
            return await send()
        except StoreError as error:
            if attempt == 0:
                logger.bind(problem=error.message).warning("the store does not listen; what it misses is kept")
            await asyncio.sleep(RETRY_S[min(attempt, len(RETRY_S) - 1)])
    raise AssertionError("unreachable")
