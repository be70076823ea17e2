"""What Redis answers, made into records: bytes in, `framework.control.records` out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from framework.control.records import OVER, Command, Request, Runner, SessionRecord, StoredEvent, StoredOrder
from framework.sessions.spec import SessionSpec

Row = Mapping[Any, Any]


def texts(row: Row) -> dict[str, str]:
    """Names and values as text.

    >>> texts({b"state": b"queued"})
    {'state': 'queued'}
    """
    return {_text(name): _text(value) for name, value in row.items()}


def session(session_id: str, row: Row) -> SessionRecord:
    """One session."""
    found = texts(row)
    return SessionRecord(
        session_id=session_id,
        tenant=found["tenant"],
        room=found["room"],
        role=found["role"],
        bot=found["bot"],
        pool=found["pool"],
        state=found["state"],  # type: ignore[arg-type]  # the scripts write no other words
        epoch=int(found["epoch"]),
        runner=found["runner"],
        attempts=int(found["attempts"]),
        priority=int(found["priority"]),
        reason=found.get("stop", "") if found["state"] not in OVER else found.get("reason", ""),
        message=found.get("message", ""),
        phase=found.get("phase", ""),
        node=found.get("node", ""),
        **{name: int(found.get(name) or 0) for name in _TIMES},
        spec=SessionSpec.model_validate_json(found["spec"]),
    )


_TIMES = ("queued_at", "assigned_at", "claimed_at", "joined_at", "over_at", "not_after")


def runner(runner_id: str, row: Row, *, owned: int, alive: int) -> Runner:
    """One runner."""
    found = texts(row)
    return Runner(
        runner_id=runner_id,
        capacity=int(found["capacity"]),
        pool=found["pool"],
        address=found["address"],
        launch=found["launch"],
        name=found["name"],
        build=found["build"],
        owned=owned,
        draining=found["draining"] == "1",
        dead=found["dead"] == "1",
        registered_at=int(found["registered_at"]),
        alive_until=alive,
    )


def order(order_id: str, row: Row) -> StoredOrder:
    """One order."""
    found = texts(row)
    return StoredOrder(
        order_id=order_id,
        session_id=found["session"],
        tenant=found["tenant"],
        kind=found["kind"],
        status=found["status"],  # type: ignore[arg-type]  # the scripts write no other words
        why=found["why"],
        final=found["final"] == "1",
        accepted_at=int(found["accepted_at"]),
        changed_at=int(found["changed_at"]),
        by=found["by"],
        order=json.loads(found["order"]),
    )


def claimed(found: Sequence[Any], epoch: int) -> Request:
    """What a runner has claimed, with the epoch under which it has it."""
    spec, room, pool, priority, on_lost, not_after, fingerprint, checkpoint = map(_text, found)
    return Request(
        spec=SessionSpec.model_validate_json(spec).model_copy(update={"epoch": epoch}),
        room=room,
        pool=pool,
        priority=int(priority),
        on_lost=on_lost,  # type: ignore[arg-type]  # the scripts write no other words
        not_after_ms=int(not_after),
        fingerprint=fingerprint,
        checkpoint=checkpoint,
    )


def command(entry_id: Any, row: Row) -> Command:
    """One hint to a runner."""
    found = texts(row)
    return Command(
        id=_text(entry_id),
        op=found["op"],  # type: ignore[arg-type]  # the scripts write no other words
        session_id=found["session"],
        epoch=int(found["epoch"]),
        reason=found["reason"],
    )


def event(entry_id: Any, row: Row) -> StoredEvent:
    """One event."""
    found = texts(row)
    return StoredEvent(id=_text(entry_id), tenant=found["tenant"], session_id=found["session"], text=found["event"])


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
