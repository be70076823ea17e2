"""What happens, read from the store once per process and handed to all who listen, none of whom can delay another."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from loguru import logger

from framework.control.records import StoredEvent
from framework.control.store import Store
from framework.errors import StoreError
from framework.web.stepping import Unfinished, begin

WAIT_MS = 1000
"""Longest wait for an event; a reader that hears nothing has still made progress."""
GRACE_S = 3.0
"""Beyond that a read has failed."""
STALE_S = 5.0
"""Without progress for so long the feed is not to be trusted."""
AGAIN_S = 0.25
STUCK_S = 60.0
"""Who takes nothing for so long is gone."""
BEHIND = 1024 * 1024
"""Bytes that wait for one listener; one who is further behind is told of a gap."""


Send = Callable[[dict[str, Any]], Coroutine[Any, Any, None]]
"""ASGI's, of one connection."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events one listens to."""

    tenant: str = ""
    """Empty: of all tenants."""
    session: str = ""
    types: tuple[str, ...] = ()
    """Types, or beginnings of them: `session.`. Empty: all."""

    def passes(self, event: Happened) -> bool:
        """Whether the event is among them."""
        return (
            (not self.tenant or self.tenant == event.tenant)
            and (not self.session or self.session == event.session_id)
            and (not self.types or any(_fits(event.type, kind) for kind in self.types))
        )


@dataclass(frozen=True, slots=True)
class Happened:
    """An event, written once for all who get it."""

    id: str
    tenant: str
    session_id: str
    type: str
    text: str
    sse: bytes

    @classmethod
    def of(cls, event: StoredEvent) -> Happened:
        """As the store has it."""
        try:
            kind = str(json.loads(event.text).get("type", ""))
        except (ValueError, AttributeError):
            kind = ""
        # A line break would begin a field of its own in an event stream.
        text = " ".join(event.text.splitlines())
        return cls(
            id=event.id,
            tenant=event.tenant,
            session_id=event.session_id,
            type=kind,
            text=text,
            sse=f"id: {event.id}\ndata: {text}\n\n".encode(),
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """Events that one listener, or all with the same filter, get at once."""

    events: Sequence[Happened]
    sse: bytes
    message: dict[str, Any]
    """The same as ASGI sends it."""

    @property
    def last(self) -> str:
        """The id of the newest."""
        return self.events[-1].id

    @classmethod
    def of(cls, events: Sequence[Happened]) -> Batch:
        """Joined."""
        sse = b"".join([event.sse for event in events])
        return cls(events, sse, {"type": "http.response.body", "body": sse, "more_body": True})


class Audience:
    """All who listen with the same filter: what they get is the same, and made once.

    Those who are idle have nothing waiting, and what comes is sent at once by the feed itself: waking a task for each
    of them costs more than sending does, and so does looking at each of them. One whose connection takes no more gets
    its own pace, and nobody waits for it.
    """

    def __init__(self, wanted: Filter) -> None:
        self.idle: dict[Listener, Send] = {}
        self.busy: set[Listener] = set()
        self.last = "0-0"
        """The newest that the idle ones have been sent."""
        self._filter = wanted

    def __len__(self) -> int:
        return len(self.idle) + len(self.busy)

    def wake(self) -> None:
        """Let all look up, though nothing has come."""
        for listener in (*self.idle, *self.busy):
            listener.wake()

    def give(self, events: Sequence[Happened]) -> int:
        """Let all have what is for them; answers for how many a gap has begun."""
        events = [event for event in events if self._filter.passes(event)]
        if not events:
            return 0
        batch, first = Batch.of(events), order_of(events[0].id)
        gaps = 0
        for listener in self.busy:
            if listener.after < first:
                gaps += listener.give(batch)
            elif newer := [event for event in events if order_of(event.id) > listener.after]:
                gaps += listener.give(Batch.of(newer))
        self._send(batch)
        return gaps

    def _send(self, batch: Batch) -> None:
        self.last = batch.last
        held: list[tuple[int, Unfinished | Exception]] = []
        for number, send in enumerate(self.idle.values()):
            try:
                outcome: Unfinished | Exception | None = begin(send(batch.message))
            except Exception as error:  # noqa: BLE001 - its own business, not the feed's: raised again in its task
                outcome = error
            if outcome is not None:
                held.append((number, outcome))
        listeners = [*self.idle] if held else []
        for number, why in held:
            listeners[number].hold(why)


class Listener:
    """One who listens: what waits for it, up to a limit."""

    def __init__(self, audience: Audience, after: str, send: Send | None = None) -> None:
        self.after = order_of(after)
        self.lost_after = ""
        """Where the gap begins, when it was too far behind; empty while it is not."""
        self._audience = audience
        self._last = after
        self._send = send
        self._unfinished: Unfinished | None = None
        self._failure: Exception | None = None
        self._waiting: deque[Batch] = deque()
        self._bytes = 0
        self._woken = asyncio.Event()
        audience.busy.add(self)

    def give(self, batch: Batch) -> bool:
        """Let it have a batch, or note a gap; answers whether one has begun."""
        gap = False
        if self._bytes + len(batch.sse) > BEHIND:
            gap = not self.lost_after
            self.lost_after = self.lost_after or self._last
            self._waiting.clear()
            self._bytes = 0
        else:
            self._waiting.append(batch)
            self._bytes += len(batch.sse)
        self._woken.set()
        return gap

    def hold(self, outcome: Unfinished | Exception) -> None:
        """Have it finish itself what was begun to be sent to it, or failed."""
        self._rouse()
        if isinstance(outcome, Exception):
            self._failure = outcome
        else:
            self._unfinished = outcome
        self._woken.set()

    async def next(self, within_s: float) -> Batch | None:
        """The next batch that was not sent at once, `None` after that time; look at `lost_after` first."""
        if not self._waiting and not self.lost_after:
            self._woken.clear()
            self._rest()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(within_s):
                    await self._woken.wait()
            self._rouse()
        if self._failure:
            raise self._failure
        if self._unfinished:
            unfinished, self._unfinished = self._unfinished, None
            async with asyncio.timeout(STUCK_S):
                await unfinished
        if not self._waiting:
            return None
        batch = self._waiting.popleft()
        self._bytes -= len(batch.sse)
        self._last = batch.last
        return batch

    def _rest(self) -> None:
        """Be sent what comes, as long as the connection takes it."""
        if self._send:
            self._audience.busy.discard(self)
            self._audience.idle[self] = self._send

    def _rouse(self) -> None:
        """Take what comes from `next`."""
        if self._audience.idle.pop(self, None):
            self._audience.busy.add(self)
            self._last = max(self._last, self._audience.last, key=order_of)

    def wake(self) -> None:
        """Look up, though nothing has come."""
        self._woken.set()

    def close(self) -> None:
        """Listen no more, and let go of what was begun."""
        self._audience.idle.pop(self, None)
        self._audience.busy.discard(self)
        if self._unfinished:
            self._unfinished.close()

    def found(self) -> str:
        """Where the gap begins, told once."""
        lost, self.lost_after = self.lost_after, ""
        return lost


class Feed:
    """The one reader of the store's events in this process."""

    def __init__(self, store: Store, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.position = ""
        """The id of the last event read; empty before the store was first reached."""
        self.lost = 0
        """Listeners that were told of a gap."""
        self.closed = False
        self._store = store
        self._clock = clock
        self._progress = float("-inf")
        self._audiences: dict[Filter, Audience] = {}
        self._watched: dict[str, set[asyncio.Event]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._audiences.values()))

    def close(self) -> None:
        """Let all listeners go: the gateway leaves."""
        self.closed = True
        for audience in self._audiences.values():
            audience.wake()

    @property
    def alive(self) -> bool:
        """Whether it makes progress."""
        return self._clock() - self._progress < STALE_S

    @contextlib.contextmanager
    def listen(self, wanted: Filter, after: str, send: Send | None = None) -> Iterator[Listener]:
        """Hear what comes after this id; what came before `position` is not told again.

        Args:
            wanted: What to hear.
            after: The last event one has.
            send: Sends what has come, as event streams have it; called as long as one keeps up.
        """
        ahead = order_of(after) > order_of(self.position)  # it has what the feed is yet to read
        audience = self._audiences.setdefault(wanted, Audience(wanted))
        listener = Listener(audience, after, None if ahead else send)
        try:
            yield listener
        finally:
            listener.close()
            if not len(audience):
                self._audiences.pop(wanted, None)

    @contextlib.contextmanager
    def watch(self, session_id: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever something happens to a session."""
        changed = asyncio.Event()
        self._watched.setdefault(session_id, set()).add(changed)
        try:
            yield changed
        finally:
            watching = self._watched[session_id]
            watching.discard(changed)
            if not watching:
                del self._watched[session_id]

    async def run(self) -> None:
        """Read on and on; an outage of the store is waited for."""
        away = False
        while True:
            try:
                await self._read()
            except (StoreError, TimeoutError):
                if not away:
                    logger.warning("events can't be read: the store is away")
                away = True
                await asyncio.sleep(AGAIN_S)
            else:
                if away:
                    logger.info("events are read again")
                away = False

    async def _read(self) -> None:
        async with asyncio.timeout(WAIT_MS / 1000 + GRACE_S):
            if not self.position:
                self.position = await self._store.last_event()
                self._progress = self._clock()
            events = await self._store.events(self.position, WAIT_MS)
        self._progress = self._clock()
        if events:
            self.position = events[-1].id
            for event in events:
                for changed in self._watched.get(event.session_id, ()):
                    changed.set()
            if self._audiences:
                told = [Happened.of(event) for event in events]
                self.lost += sum(audience.give(told) for audience in self._audiences.values())


def order_of(event_id: str) -> tuple[int, int]:
    """What ids of events are sorted by.

    >>> order_of("12-3") < order_of("12-10") < order_of("13")
    True
    """
    at, _, number = event_id.partition("-")
    return int(at or 0), int(number or 0)


def _fits(kind: str, wanted: str) -> bool:
    return kind.startswith(wanted) if wanted.endswith(".") else kind == wanted
