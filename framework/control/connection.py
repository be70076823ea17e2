"""Talk to Redis, or to the embedded store: the only module that imports `redis`.

Every call has a deadline. A connection that was cut is made again once per call; scripts answer a repetition by what is
so already, so nothing happens twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import ipaddress
import re
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Any, Self, cast
from urllib.parse import parse_qs, urlsplit

import redis.asyncio as aioredis
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import ConstantBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import (
    TimeoutError as RedisTimeoutError,
)

from framework.control import scripts
from framework.control.batching import Batcher
from framework.errors import StoreError, UserError

CALL_S = 2.0
"""Longest wait for an answer, beyond what a blocking read asks for."""
WAIT_S = 5.0
"""Longest wait that a blocking read may ask for."""
CONNECTIONS = 64
QUIET_S = 5.0
"""Without a message for so long, a subscription asks for a sign of life."""

_SIGNS: tuple[tuple[type[Exception] | tuple[str, ...], str, str, bool], ...] = (
    (BusyLoadingError, "the store is loading its data", "Wait a moment.", True),
    (OutOfMemoryError, "the store's memory is full", "Give Redis more memory; see its `maxmemory`.", False),
    (ReadOnlyError, "the store is read-only: this is a replica", "Name the primary, or use Sentinel.", False),
    (("MISCONF",), "the store can't write to its disk and refuses changes", "See Redis' log.", True),
    (AuthenticationError, "the store refuses this password", "Check the user and password in REDIS_URL.", False),
    (("NOREPLICAS",), "the store has too few replicas and refuses changes", "Bring its replicas back.", False),
    (("NOAUTH", "WRONGPASS", "NOPERM"), "the store refuses this user", "Check REDIS_URL and the user's rights.", False),
    (RedisTimeoutError, "the store does not answer", "", False),
)
"""What Redis says; what we say; what helps; whether nobody can change the store while it lasts."""


class Connection:
    """One client of the store, for any number of tasks at once."""

    def __init__(
        self,
        client: aioredis.Redis,
        *,
        blocking: aioredis.Redis | None = None,
        batcher: Batcher | None = None,
        run_id: str = "",
        near: bool = False,
    ) -> None:
        self._client = client
        self._near = near
        """Nothing lies between it and the server: where nothing listens, nobody else is served either."""
        self._batcher = batcher
        self._blocking = blocking or client
        self._waiting = asyncio.Semaphore(CONNECTIONS)
        self._sources = {name: scripts.source(name) for name in (*scripts.MOVES, *scripts.NOTES)}
        self._digests = {
            name: hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest() for name, text in self._sources.items()
        }
        self.run_id = run_id
        """Of a store that can't be asked: this process's; empty for a server, whose scripts ask it."""

    @classmethod
    def to(cls, url: str) -> Self:
        """To a server: `redis://`, `rediss://`, `unix://`, or `redis+sentinel://host:port,host:port/service[/db]`."""
        try:
            client = _client(url, CALL_S)
            batcher = Batcher(client.connection_pool.make_connection, CALL_S)
            return cls(client, blocking=_client(url, None), batcher=batcher, near=_is_near(url))
        except ValueError as error:
            raise UserError(f"REDIS_URL is no address of Redis: {error}", fix="Set redis://HOST:6379/0.") from None

    @classmethod
    def embedded(cls) -> Self:
        """To a store inside this process, which ends with it."""
        from fakeredis import FakeAsyncRedis, FakeServer  # noqa: PLC0415 - only one machine needs it

        client = FakeAsyncRedis(server=FakeServer(version=(7,)))
        return cls(client, run_id=uuid.uuid4().hex)

    async def run(self, script: str, prefix: str, *arguments: str | int) -> Any:
        """Run a script of ours on the keys of a prefix."""
        try:
            return await self._send("EVALSHA", self._digests[script], 1, prefix, *arguments)
        except NoScriptError:
            return await self.do("EVAL", self._sources[script], 1, prefix, *arguments)
        except (RedisError, OSError) as error:
            raise self._failed(error) from error

    async def do(self, *words: str | int) -> Any:
        """One command."""
        try:
            return await self._send(*words)
        except (RedisError, OSError) as error:
            raise self._failed(error) from error

    async def many(self, commands: Sequence[Sequence[str | int]]) -> list[Any]:
        """Several commands in one go; not as one transaction."""
        if not commands:
            return []
        if self._batcher:
            return await asyncio.gather(*(self.do(*words) for words in commands))
        try:
            async with _heeding(), self._client.pipeline(transaction=False) as pipeline:
                for words in commands:
                    pipeline.execute_command(*words)
                return await pipeline.execute()
        except (RedisError, OSError) as error:
            raise self._failed(error) from error

    async def tail(self, key: str, after: str, wait_ms: int) -> list[tuple[Any, Mapping[Any, Any]]]:
        """Entries of a stream after an id; waits for the first one, `WAIT_S` at most.

        Each waiting read has a connection to itself. When all are taken, the wait is for one of them: nothing is heard.
        """
        until = asyncio.get_running_loop().time() + min(wait_ms / 1000, WAIT_S)
        try:
            async with asyncio.timeout_at(until if self._waiting.locked() else None):
                await self._waiting.acquire()
        except TimeoutError:
            return []
        try:
            found = await self._read(key, after, until - asyncio.get_running_loop().time())
        finally:
            self._waiting.release()
        streams = found.values() if isinstance(found, dict) else [entries for _, entries in found or []]
        return [cast("tuple[Any, Mapping[Any, Any]]", entry) for entries in streams for entry in entries]

    async def _read(self, key: str, after: str, wait_s: float) -> Any:
        try:
            async with asyncio.timeout(max(0, wait_s) + CALL_S), _heeding():
                return await self._blocking.xread({key: after}, count=500, block=max(0, int(wait_s * 1000)) or None)
        except TimeoutError as error:
            raise self._failed(RedisTimeoutError("no answer in time")) from error
        except (RedisError, OSError) as error:
            raise self._failed(error) from error

    async def hear(self, pattern: str) -> AsyncGenerator[tuple[bytes, bytes], None]:
        """Channel and message of what is published on channels of a pattern, until the connection breaks.

        It is never made again in silence: what was published meanwhile would be missing, and nobody would know.
        """
        line = self._blocking.connection_pool.make_connection()  # type: ignore[no-untyped-call]
        try:
            async with _heeding():
                await line.connect()
                await line.send_command("PSUBSCRIBE", pattern, check_health=False)
            asked = False
            while True:
                async with _heeding():
                    found = await line.read_response(timeout=QUIET_S, disconnect_on_error=False, push_request=True)
                if found is None and asked:
                    raise RedisTimeoutError("no sign of life")
                if asked := found is None:
                    await line.send_command("PING", check_health=False)
                elif found[0] == b"pmessage":
                    yield found[2], found[3]
        except (RedisError, OSError) as error:
            raise self._failed(error) from error
        finally:
            await line.disconnect(nowait=True)

    async def close(self) -> None:
        """Disconnect."""
        if self._batcher:
            await self._batcher.close()
        await self._client.aclose()
        if self._blocking is not self._client:
            await self._blocking.aclose()

    def _failed(self, error: Exception) -> StoreError:
        return _store_error(error, near=self._near)

    async def _send(self, *words: str | int) -> Any:
        if self._batcher:
            reply = await self._batcher.run(*words)
            shape = self._client.response_callbacks.get(str(words[0]))
            return shape(reply) if shape else reply
        async with _heeding():
            return await self._client.execute_command(*words)  # type: ignore[no-untyped-call]


@contextlib.asynccontextmanager
async def _heeding() -> AsyncIterator[None]:
    """Be cancelled when told to: redis-py and fakeredis lose a cancellation that comes together with a reply."""
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    try:
        yield
    finally:
        if task and task.cancelling() > before:
            raise asyncio.CancelledError


def _client(url: str, timeout_s: float | None) -> aioredis.Redis:
    options: dict[str, Any] = {
        "socket_timeout": timeout_s or WAIT_S + CALL_S,
        "socket_connect_timeout": CALL_S,
        "health_check_interval": 15,
        "retry": Retry(ConstantBackoff(0.05), 1),
        "max_connections": CONNECTIONS,
    }
    if urlsplit(url).scheme != "unix":
        options["socket_keepalive"] = True
    if urlsplit(url).scheme.endswith("+sentinel"):
        return _of_sentinel(url, options)
    pool = aioredis.BlockingConnectionPool.from_url(url, timeout=CALL_S, **options)
    return aioredis.Redis(connection_pool=pool)


def _of_sentinel(url: str, options: dict[str, Any]) -> aioredis.Redis:
    """`redis+sentinel://[user:password@]host:port[,host:port]/service[/db][?sentinel_password=…]`."""
    parts = urlsplit(url)
    credentials, _, hosts = parts.netloc.rpartition("@")
    service, _, db = parts.path.strip("/").partition("/")
    if not service:
        raise ValueError("a Sentinel address names the service: redis+sentinel://HOST:26379/mymaster")
    user, _, password = credentials.partition(":")
    addresses = [(host, int(port or 26379)) for host, _, port in (one.partition(":") for one in hosts.split(","))]
    asked = parse_qs(parts.query)
    sentinel = Sentinel(  # type: ignore[no-untyped-call]
        addresses,
        sentinel_kwargs={
            "password": asked.get("sentinel_password", [None])[0],
            "socket_timeout": CALL_S,
            "socket_connect_timeout": CALL_S,
        },
        ssl=parts.scheme.startswith("rediss"),
        **options,
    )
    master = sentinel.master_for(service, username=user or None, password=password or None, db=int(db or 0))
    return cast("aioredis.Redis", master)


def _is_near(url: str) -> bool:
    """Whether the server is on this machine.

    >>> _is_near("redis://:secret@127.0.0.1:6379/0"), _is_near("unix:///run/redis.sock"), _is_near("redis://store:6379")
    (True, True, False)
    """
    parts = urlsplit(url)
    if parts.scheme == "unix" or parts.hostname == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return not parts.scheme.endswith("+sentinel") and ipaddress.ip_address(parts.hostname or "").is_loopback
    return False


def _store_error(error: Exception, *, near: bool) -> StoreError:
    """What went wrong, in a sentence, and whether anybody can change the store meanwhile.

    Elsewhere a connection may be refused to us alone: by a firewall, or by what stands in front of the server.
    """
    for sign, message, fix, frozen in _SIGNS:
        if _code(error) in sign if isinstance(sign, tuple) else isinstance(error, sign):
            return StoreError(message, fix=fix, frozen=frozen)
    if isinstance(error, ResponseError):
        return StoreError(f"the store refused a command: {str(error)[:200]}")
    return StoreError(
        "the store can't be reached", fix="Is Redis running, and REDIS_URL right?", frozen=near and _refused(error)
    )


def _code(error: Exception) -> str:
    """Redis' word for an error; up to version 6.2 a script's error hides it in a sentence.

    >>> _code(ResponseError("MISCONF Redis is configured to …"))
    'MISCONF'
    >>> _code(ResponseError("Error running script (call to f_12): @user_script:7: -OOM command not allowed …"))
    'OOM'
    """
    found = re.search(r"(?:^-?|[\s@:]-)([A-Z]{3,})\b", str(error))
    return found[1] if found else ""


def _refused(error: BaseException | None) -> bool:
    """Whether nothing listens where the store should be: on none of the addresses that its name has."""
    while error is not None:
        numbers = re.findall(r"\[Errno (\d+)\]", str(error)) if isinstance(error, OSError) else []
        if isinstance(error, ConnectionRefusedError) or {*numbers} == {str(errno.ECONNREFUSED)}:
            return True
        error = error.__cause__ or error.__context__
    return False
