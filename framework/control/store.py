"""The scripts as Python methods, over a Redis server or the embedded one; nobody else changes a session.

Every method raises `StoreError` when the store is away, full, read-only or loading: then nothing is known to have
changed, and the same call may be made again, since every script answers a repetition by what is so already.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic_core import to_json

from framework.control.connection import Connection
from framework.control.reading import claimed, command, event, order, runner, session
from framework.control.records import (
    STATES,
    Answer,
    Command,
    Joining,
    Limits,
    Renewal,
    Reported,
    Request,
    Runner,
    SessionRecord,
    State,
    StoredEvent,
    StoredOrder,
    Swept,
)

PAGE = 200
"""Sessions that are read at once while a list is filtered."""


class Store:
    """One environment's sessions, runners, orders and events."""

    def __init__(
        self,
        connection: Connection,
        *,
        environment: str = "dev",
        limits: Limits | None = None,
        now_ms: Callable[[], int] | None = None,
    ) -> None:
        self._connection = connection
        self._prefix = f"{{convo:{environment}}}:"
        self.environment = environment
        self.limits = limits or Limits()
        self._now_ms = now_ms
        self._written_limits = self._write_limits()

    @property
    def server(self) -> Connection:
        """Where it is: for those who keep something of their own there, under keys of their own."""
        return self._connection

    # --- The eleven moves -----------------------------------------------------------------------------------------

    async def join(self, request: Request) -> Joining:
        """Admit a session, queue it, and give it to a free runner if there is one."""
        outcome, session_id, *rest = await self._run(
            "join", to_json(self._wish(request)).decode(), request.spec.model_dump_json(exclude_defaults=True)
        )
        state, position = (_text(rest[0]), int(rest[1])) if rest else ("", 0)
        return Joining(outcome=_text(outcome), session_id=_text(session_id), state=state, position=position)  # type: ignore[arg-type]

    async def dispatch(self, queue: str, pool: str = "", most: int = 100) -> int:
        """Give what waits in one pool's queue to free runners of it, or of another pool; how many sessions it gave."""
        return int(await self._run("dispatch", queue, pool or queue, most))

    async def register(self, runner: Runner) -> None:
        """Make a runner known, under an id that no other process ever has."""
        about = {
            "capacity": runner.capacity,
            "pool": runner.pool,
            "address": runner.address,
            "launch": runner.launch,
            "name": runner.name,
            "build": runner.build,
            "draining": runner.draining,
        }
        await self._run("register", runner.runner_id, json.dumps(about))

    async def claim(self, session_id: str, epoch: int, runner_id: str) -> tuple[Answer, Request | None]:
        """Take an assigned session; `ok` and `again` come with what to run."""
        answer, *found = await self._run("claim", session_id, epoch, runner_id)
        return _text(answer), claimed(found, epoch) if found else None  # type: ignore[return-value]

    async def joined(self, session_id: str, epoch: int, runner_id: str) -> Answer:
        """Say that the bot is in its room."""
        return _text(await self._run("joined", session_id, epoch, runner_id))  # type: ignore[return-value]

    async def renew(self, runner_id: str, report: Iterable[Reported]) -> Renewal:
        """Report all that a runner has, and learn what it should have."""
        rows = [[one.session_id, str(one.epoch), one.phase, one.node] for one in report]
        known, fenced, missing, stop, start, orders = await self._run("renew", runner_id, json.dumps(rows))
        return Renewal(
            known=bool(known),
            fenced=_texts(fenced),
            missing=_texts(missing),
            stop=_pairs(stop),
            start={sid: int(epoch) for sid, epoch in _pairs(start).items()},
            orders=_texts(orders),
        )

    async def adopt(
        self, runner_id: str, request: Request, epoch: int, *, joined: bool, joined_at_ms: int = 0
    ) -> Answer:
        """Tell the store of a session that the runner has and the store has forgotten."""
        wish = self._wish(request) | {
            "epoch": str(epoch),
            "state": "joined" if joined else "claimed",
            "joined_at": joined_at_ms,
        }
        spec = request.spec.model_dump_json(exclude_defaults=True)
        return _text(await self._run("adopt", runner_id, to_json(wish).decode(), spec))  # type: ignore[return-value]

    async def done(
        self, session_id: str, epoch: int, runner_id: str, outcome: str, reason: str, message: str = ""
    ) -> Answer:
        """Say how a session ended: `ended`, `failed`, or `refused` when it could not even begin (another may try)."""
        return _text(await self._run("done", session_id, epoch, runner_id, outcome, reason, message))  # type: ignore[return-value]

    async def sweep(self, most: int = 200) -> Swept:
        """Move what is past its deadline."""
        quiet, dead, requeued, failed = await self._run("sweep", self._connection.run_id, most)
        return Swept(quarantine_ms=int(quiet), runners=_texts(dead), requeued=_texts(requeued), failed=_texts(failed))

    async def drain(self, runner_id: str, *, if_idle: bool = False) -> int:
        """Give a runner nothing more; how many sessions it still has, -1 if nobody knows it.

        Args:
            runner_id: Which one.
            if_idle: Leave it alone if it has a session by now.
        """
        return int(await self._run("drain", runner_id, *(["1"] if if_idle else [])))

    async def cancel(self, session_id: str, reason: str = "left") -> str:
        """End a session: `ended` at once, `stopping`, `over` already, or `unknown`."""
        return _text(await self._run("cancel", session_id, reason))

    # --- Orders, events, launches -----------------------------------------------------------------------------------

    async def order(self, session_id: str, order_id: str, kind: str, body: str, *, by: str) -> tuple[str, str, str]:
        """Store an order: (`accepted`, `again`, `taken`, `over`, `full` or `unknown`, its status, why)."""
        answer, *rest = await self._run("order", session_id, order_id, kind, by, body)
        status, why = (_text(rest[0]), _text(rest[1])) if rest else ("", "")
        return _text(answer), status, why

    async def obeyed(
        self, session_id: str, epoch: int, runner_id: str, order_id: str, status: str, why: str, *, final: bool
    ) -> str:
        """Say what has become of an order: `ok`, `again`, `fenced` or `unknown`."""
        final_flag = "1" if final else "0"
        return _text(await self._run("obeyed", session_id, epoch, runner_id, order_id, status, why, final_flag))

    async def emit(self, session_id: str, epoch: int, runner_id: str, events: Sequence[str]) -> Answer:
        """Append a session's events, each CloudEvents JSON, to its own stream and to that of all."""
        return _text(await self._run("emit", session_id, epoch, runner_id, *events))  # type: ignore[return-value]

    async def keep(self, session_id: str, epoch: int, runner_id: str, checkpoint: str) -> Answer:
        """Keep a session's checkpoint instead of the last, until it is over; an empty one forgets it."""
        return _text(await self._run("keep", session_id, epoch, runner_id, checkpoint))  # type: ignore[return-value]

    async def launch(self, pool: str, want: int, patience_ms: int, ids: Sequence[str]) -> list[str]:
        """Reserve launches, so that `want` of them are under way; which of the ids are now to be started."""
        return list(_texts(await self._run("launch", pool, want, patience_ms, *ids)))

    async def launches(self) -> dict[str, tuple[str, int]]:
        """Launch id → (pool, when in ms) of those whose runner has not registered yet."""
        found = await self._do("HGETALL", self._key("launches"))
        read = {_text(key): json.loads(value) for key, value in found.items()}
        return {key: (value["pool"], int(value["at"])) for key, value in read.items()}

    async def unlaunch(self, launch_id: str, why: str = "") -> bool:
        """Forget a launch that came to nothing; with a reason, the first to do so tells it as `launch.failed`."""
        return bool(await self._run("unlaunch", launch_id, why))

    # --- Reading ----------------------------------------------------------------------------------------------------

    async def session(self, session_id: str) -> SessionRecord | None:
        """One session, with its place in the queue."""
        found = (await self._sessions([session_id]))[0]
        if found is None or found.state != "queued":
            return found
        return replace(found, position=int(await self._run("position", session_id)))

    async def sessions(
        self,
        *,
        tenant: str = "",
        states: Sequence[State] = STATES,
        keep: Callable[[SessionRecord], bool] | None = None,
        limit: int = 100,
        after: str = "",
    ) -> tuple[list[SessionRecord], str]:
        """Sessions, newest change first, and where the next page begins (empty at the end).

        Args:
            tenant: Only this tenant's; empty for all.
            states: Only these, one state after another in this order.
            keep: Which of them.
            limit: How many at most.
            after: Where the page before ended.
        """
        found: list[SessionRecord] = []
        at, offset = _cursor(after)
        for index in range(at, len(states)):
            key = self._key("idx", states[index], *([tenant] if tenant else []))
            while ids := await self._do("ZREVRANGE", key, offset, offset + PAGE - 1):
                for record in await self._sessions([_text(sid) for sid in ids]):
                    offset += 1
                    if record is None or (keep and not keep(record)):
                        continue
                    found.append(record)
                    if len(found) == limit:
                        return found, f"{index}:{offset}"
            offset = 0
        return found, ""

    async def in_room(self, tenant: str, room: str) -> dict[str, str]:
        """Role → session of those in a room now."""
        found = await self._do("HGETALL", self._key("room", tenant, room))
        return {_text(role): _text(sid) for role, sid in found.items()}

    async def runner(self, runner_id: str) -> Runner | None:
        """One runner."""
        found = await self._do("HGETALL", self._key("r", runner_id))
        if not found:
            return None
        owned = await self._do("SCARD", self._key("own", runner_id))
        alive = await self._do("ZSCORE", self._key("alive"), runner_id)
        return runner(runner_id, found, owned=int(owned), alive=int(float(alive or 0)))

    async def runners(self) -> list[Runner]:
        """All runners that are alive."""
        alive = await self._do("ZRANGE", self._key("alive"), 0, -1, "WITHSCORES")
        until = _pairs(alive)
        rows = await self._connection.many(
            [words for rid in until for words in (("HGETALL", self._key("r", rid)), ("SCARD", self._key("own", rid)))]
        )
        found = zip(until.items(), rows[::2], rows[1::2], strict=True)
        return [runner(rid, row, owned=int(owned), alive=int(float(at))) for (rid, at), row, owned in found if row]

    async def owned(self, runner_id: str) -> list[str]:
        """The sessions that a runner has, or is to have."""
        return [_text(sid) for sid in await self._do("SMEMBERS", self._key("own", runner_id))]

    async def waiting(self) -> dict[str, dict[str, int]]:
        """Pool → tenant → how many wait."""
        depths: dict[str, dict[str, int]] = {}
        for name in await self._do("SMEMBERS", self._key("pools")):
            pool = _text(name)
            depths[pool] = {}
            for member in await self._do("ZRANGE", self._key("turn", pool), 0, -1):
                priority, _, tenant = _text(member).partition("|")
                waiting = int(await self._do("ZCARD", self._key("q", pool, priority, tenant)))
                depths[pool][tenant] = depths[pool].get(tenant, 0) + waiting
        return depths

    async def counts(self) -> dict[str, int]:
        """What has been counted since the store began: `joined:<pool>`, `ended`, `failed:<reason>` and so on."""
        return {_text(name): int(value) for name, value in (await self._do("HGETALL", self._key("count"))).items()}

    async def by_state(self, tenant: str = "") -> dict[str, int]:
        """State → how many sessions."""
        of = [tenant] if tenant else []
        found = await self._connection.many([("ZCARD", self._key("idx", state, *of)) for state in STATES])
        return {state: int(number) for state, number in zip(STATES, found, strict=True)}

    async def tenants(self) -> list[str]:
        """Everyone who has ever asked for a session."""
        return sorted(_texts(await self._do("SMEMBERS", self._key("tenants"))))

    async def stored_order(self, order_id: str) -> StoredOrder | None:
        """One order and what has become of it."""
        found = await self._do("HGETALL", self._key("o", order_id))
        return order(order_id, found) if found else None

    async def open_orders(self, session_id: str) -> list[StoredOrder]:
        """Orders of a session that have no final status yet, in the order in which they came."""
        ids = _texts(await self._do("ZRANGE", self._key("open", session_id), 0, -1))
        rows = await self._connection.many([("HGETALL", self._key("o", one)) for one in ids])
        return [order(one, row) for one, row in zip(ids, rows, strict=True) if row]

    # --- Streams ----------------------------------------------------------------------------------------------------

    async def commands(self, runner_id: str, after: str, wait_ms: int) -> list[Command]:
        """What was sent to a runner after this id; waits for the first one at most `wait_ms`."""
        entries = await self._tail(self._key("cmd", runner_id), after, wait_ms)
        return [command(entry_id, fields) for entry_id, fields in entries]

    async def events(self, after: str, wait_ms: int, session_id: str = "") -> list[StoredEvent]:
        """Events after this id (`$`: from now on), of one session or of all; waits at most `wait_ms`."""
        entries = await self._tail(self._key("ev", *([session_id] if session_id else [])), after, wait_ms)
        return [event(entry_id, fields) for entry_id, fields in entries]

    async def past_events(
        self, after: str, until: str = "+", limit: int = 500, session_id: str = ""
    ) -> list[StoredEvent]:
        """Events after one id up to another, without waiting."""
        key = self._key("ev", *([session_id] if session_id else []))
        entries = await self._do("XRANGE", key, f"({after}", until, "COUNT", limit)
        return [event(entry_id, fields) for entry_id, fields in entries]

    async def last_event(self) -> str:
        """The id of the newest event, `0-0` if there is none."""
        entries = await self._do("XREVRANGE", self._key("ev"), "+", "-", "COUNT", 1)
        return _text(entries[0][0]) if entries else "0-0"

    async def audit(self, *, limit: int = 100) -> list[dict[str, str]]:
        """The newest records of who ordered what, newest first; never what was said."""
        entries = await self._do("XREVRANGE", self._key("audit"), "+", "-", "COUNT", limit)
        return [{"id": _text(at), **{_text(k): _text(v) for k, v in fields.items()}} for at, fields in entries]

    # --- Keys and webhooks ------------------------------------------------------------------------------------------

    async def keys(self) -> dict[str, str]:
        """Key id → record, as JSON, of all API keys; the secret itself is nowhere."""
        return {_text(name): _text(value) for name, value in (await self._do("HGETALL", self._key("keys"))).items()}

    async def put_key(self, key_id: str, record: str) -> None:
        """Keep an API key's record."""
        await self._do("HSET", self._key("keys"), key_id, record)

    async def seen(self, what: str, ttl_s: float) -> bool:
        """Whether this was seen before, within that time; it is, from now on."""
        return not await self._do("SET", self._key("seen", what), "1", "NX", "PX", int(ttl_s * 1000))

    # --- Health -----------------------------------------------------------------------------------------------------

    async def ping(self) -> None:
        """Ask for a sign of life."""
        await self._do("PING")

    async def close(self) -> None:
        """Disconnect."""
        await self._connection.close()

    # --- Inside -----------------------------------------------------------------------------------------------------

    def _key(self, *parts: str) -> str:
        return self._prefix + ":".join(parts)

    def _write_limits(self) -> str:
        return json.dumps({**self.limits.model_dump(), "env": self.environment})

    async def _run(self, script: str, *arguments: str | int) -> Any:
        limits = self._written_limits
        if self._now_ms is not None:
            limits = json.dumps({**json.loads(limits), "now": self._now_ms()})
        return await self._connection.run(script, self._prefix, limits, *arguments)

    async def _do(self, *words: str | int) -> Any:
        return await self._connection.do(*words)

    async def _tail(self, key: str, after: str, wait_ms: int) -> list[tuple[Any, Mapping[Any, Any]]]:
        return await self._connection.tail(key, after, wait_ms)

    async def _sessions(self, ids: Sequence[str]) -> list[SessionRecord | None]:
        rows = await self._connection.many([("HGETALL", self._key("s", sid)) for sid in ids])
        return [session(sid, row) if row else None for sid, row in zip(ids, rows, strict=True)]

    def _wish(self, request: Request) -> dict[str, Any]:
        spec = request.spec
        return {
            "session": spec.session_id,
            "tenant": spec.tenant,
            "room": request.room,
            "role": spec.room.role,
            "bot": spec.bot,
            "pool": request.pool,
            "priority": str(request.priority),
            "key": request.idempotency_key,
            "fingerprint": request.fingerprint,
            "not_after": request.not_after_ms,
            "on_lost": request.on_lost,
            "tenant_live": request.tenant_live,
            "tenant_queued": request.tenant_queued,
            "bot_live": request.bot_live,
        }


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _texts(values: Iterable[bytes | str]) -> tuple[str, ...]:
    return tuple(_text(value) for value in values)


def _pairs(values: Sequence[Any]) -> dict[str, str]:
    """A flat list of names and values; Redis 7 also answers pairs of them."""
    flat = [part for value in values for part in (value if isinstance(value, list | tuple) else (value,))]
    return {_text(name): _text(value) for name, value in zip(flat[::2], flat[1::2], strict=True)}


def _cursor(after: str) -> tuple[int, int]:
    """Where a page begins; a cursor that nobody gave out begins at the beginning."""
    index, _, offset = after.partition(":")
    return (int(index), int(offset)) if index.isdecimal() and offset.isdecimal() else (0, 0)
