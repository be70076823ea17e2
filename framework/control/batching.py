"""Send the commands of many tasks over one connection, as many at once as have gathered, and hand out the replies.

A pool gives each command a connection and a write of its own; most of what a command costs is that. Here commands that
come while others are under way leave in one write, and replies come in the order of the commands. The connection is
redis-py's, with its TLS, passwords, Sentinels and timeouts.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import BusyLoadingError, RedisError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

_pack: Callable[[tuple[Any, ...]], bytes] | None
try:
    from hiredis import pack_command as _pack
except ModuleNotFoundError:  # redis-py without its parser in C
    _pack = None

MOST = 1000
"""Commands in one write."""

HELD_S = 0.05
"""A timer that fires later than this tells of a process that was held up: its replies may lie unread."""

Reply = asyncio.Future[Any]


class Batcher:
    """Any number of tasks' commands; each has a deadline, and may be cancelled without harm to the others."""

    def __init__(self, connect: Callable[[], AbstractConnection], deadline_s: float) -> None:
        self._make = connect
        self._deadline_s = deadline_s
        self._line: _Line | None = None
        self._opening: asyncio.Task[_Line] | None = None
        self._closed = False

    async def run(self, *words: str | bytes | float) -> Any:
        """One command. Where the connection breaks it is sent once more: our commands may be repeated.

        Raises:
            RedisError: What the server answers, or that it doesn't in time.
        """
        until = asyncio.get_running_loop().time() + self._deadline_s
        try:
            return await (await self._open(until)).send(words, until)
        except BusyLoadingError:
            raise
        except RedisConnectionError:
            pass  # tried again outside of this block, so that the second failure keeps its own cause
        return await (await self._open(until)).send(words, until)

    async def close(self) -> None:
        """Disconnect for good; what is under way fails."""
        self._closed = True
        if self._opening:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        if self._line:
            await self._line.close()
        self._line = self._opening = None

    async def _open(self, until: float) -> _Line:
        if self._closed:
            raise RedisConnectionError("the connection is closed")
        if self._line and self._line.sound:
            return self._line
        if self._opening is None or self._opening.done():
            self._opening = asyncio.create_task(self._connect(), name="store: connect")
            self._opening.add_done_callback(_noticed)
        try:
            async with asyncio.timeout_at(until):
                # Others wait for it, too: one who is cancelled must not cancel it.
                return await asyncio.shield(self._opening)
        except TimeoutError:
            raise RedisTimeoutError("no connection in time") from None

    async def _connect(self) -> _Line:
        connection = self._make()
        try:
            async with asyncio.timeout(self._deadline_s):
                await connection.connect()  # type: ignore[no-untyped-call]
        except BaseException:
            await _hang_up(connection)  # what is half open would stay so
            raise
        if self._line:
            await self._line.close()
        self._line = _Line(connection)
        return self._line


async def _hang_up(connection: AbstractConnection) -> None:
    with contextlib.suppress(RedisError, OSError):
        await connection.disconnect(nowait=True)


def _noticed(opening: asyncio.Task[_Line]) -> None:
    """A failure to connect is nobody's when all who asked have gone."""
    if not opening.cancelled():
        opening.exception()


class _Line:
    """One connection as long as it holds."""

    def __init__(self, connection: AbstractConnection) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._unsent: list[tuple[bytes, Reply, float]] = []
        self._under_way: deque[tuple[Reply, float]] = deque()
        self._something = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self.sound = True
        self._tasks = [
            asyncio.create_task(self._until_broken(work), name=f"store: {work.__name__}")
            for work in (self._write, self._read)
        ]

    async def send(self, words: tuple[Any, ...], until: float) -> Any:
        """One command, and its reply."""
        if not self.sound:
            raise RedisConnectionError("the connection is closed")
        reply: Reply = self._loop.create_future()
        self._unsent.append((self._packed(words), reply, until))
        self._something.set()
        if self._timer is None:
            self._timer = self._loop.call_at(until, self._check)
        return await reply

    async def close(self) -> None:
        """Disconnect."""
        self._break(RedisConnectionError("the connection is closed"))
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await _hang_up(self._connection)

    def _packed(self, words: tuple[Any, ...]) -> bytes:
        if _pack is not None:
            return _pack(words)
        return b"".join(self._connection.pack_command(*words))

    async def _write(self) -> None:
        while True:
            await self._something.wait()
            now, self._unsent = self._unsent[:MOST], self._unsent[MOST:]
            if not self._unsent:
                self._something.clear()
            self._under_way.extend((reply, until) for _, reply, until in now)
            await self._connection.send_packed_command([packed for packed, _, _ in now], check_health=False)

    async def _read(self) -> None:
        """Also while nothing is under way, so that a closed connection is noticed before the next command."""
        read = self._connection.read_response
        while True:
            try:
                found, failure = await read(timeout=math.inf, disconnect_on_error=False), None
            except (ResponseError, BusyLoadingError) as error:
                found, failure = None, error
            reply, _ = self._under_way.popleft()
            if reply.done():
                continue  # whoever asked has gone
            if failure is None:
                reply.set_result(found)
            else:
                reply.set_exception(failure)

    async def _until_broken(self, work: Callable[[], Any]) -> None:
        try:
            await work()
        except (RedisError, OSError, IndexError) as error:
            broken = error if isinstance(error, RedisConnectionError) else RedisConnectionError(str(error))
            self._break(broken)

    def _check(self, *, held: bool = False) -> None:
        """Whether the oldest command is past its deadline; then nothing behind it can be trusted to come."""
        self._timer = None
        oldest = self._under_way[0][1] if self._under_way else self._unsent[0][2] if self._unsent else None
        if oldest is None:
            return
        late_s = self._loop.time() - oldest
        if late_s < 0:
            self._timer = self._loop.call_at(oldest, self._check)
        elif late_s > HELD_S and not held:
            # Long enough to read what is there.
            self._timer = self._loop.call_later(HELD_S, partial(self._check, held=True))
        else:
            self._break(RedisTimeoutError("no answer in time"))

    def _break(self, why: RedisError) -> None:
        """Fail what is under way; the next command gets a new connection."""
        self.sound = False
        if self._timer:
            self._timer.cancel()
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()
        unsent, self._unsent = self._unsent, []
        under_way, self._under_way = self._under_way, deque()
        for reply in [*(reply for reply, _ in under_way), *(reply for _, reply, _ in unsent)]:
            if not reply.done():
                reply.set_exception(why)
