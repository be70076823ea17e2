"""Sessions of the whole fleet: list them, look at one, let one leave."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated

from fastapi import FastAPI, Query, Request

from framework import failpoints
from framework.control.records import STATES, SessionRecord, State
from framework.control.store import Store
from framework.sessions.events import iso
from framework.sessions.spec import SessionSpec
from framework.suggest import did_you_mean
from framework.web import openapi
from framework.web.credentials import EVERY_TENANT, Credential
from framework.web.edge import credential_of
from framework.web.limits import read_json
from framework.web.ports import RefusedError, UnknownSessionError
from framework.web.schemas import LeaveRequest, Leaving, SessionShown, SessionsShown

PAGE = 100
LARGEST_PAGE = 500

Text = Annotated[str, Query(max_length=512)]


def add(app: FastAPI, store: Store) -> None:
    """Add the routes."""

    @app.get("/sessions", response_model=SessionsShown, responses=openapi.PROBLEMS)
    async def sessions(
        request: Request,
        state: Text = "",
        room: Text = "",
        bot: Text = "",
        role: Text = "",
        tenant: Text = "",
        limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = PAGE,
        after: Text = "",
    ) -> SessionsShown:
        """Sessions, newest change first. `state` may name several, with commas between them."""
        states = states_of(state)
        wanted = {"room": room, "bot": bot, "role": role}
        found, more = await store.sessions(
            tenant=tenant_seen(credential_of(request), tenant),
            states=states,
            keep=_keeps({name: value for name, value in wanted.items() if value}),
            limit=limit,
            after=after,
        )
        return SessionsShown(sessions=[shown(record) for record in found], next=more)

    @app.get("/sessions/{session_id}", response_model=SessionShown, responses=openapi.PROBLEMS)
    async def session(session_id: str, request: Request) -> SessionShown:
        """One session."""
        return shown(await visible(store, session_id, credential_of(request)))

    @app.post(
        "/sessions/{session_id}/leave",
        status_code=HTTPStatus.ACCEPTED,
        response_model=Leaving,
        responses=openapi.PROBLEMS,
        openapi_extra=openapi.body("LeaveRequest", required=False),
    )
    async def leave(session_id: str, request: Request) -> Leaving:
        """End a session. One that waits ends at once, one that talks is told to."""
        asked = LeaveRequest.model_validate(await read_json(request))
        await visible(store, session_id, credential_of(request))
        failpoints.reach("gateway.cancel")
        done = await store.cancel(session_id, asked.reason)
        failpoints.reach("gateway.cancelled")
        if done == "unknown":
            raise UnknownSessionError(session_id)
        return Leaving(session_id=session_id, status="ending" if done == "stopping" else "ended")


async def visible(store: Store, session_id: str, credential: Credential) -> SessionRecord:
    """A session, unless there is none, or it is another tenant's: one can't tell which.

    Raises:
        UnknownSessionError: 404.
    """
    record = await store.session(session_id) if len(session_id) <= _ID_LENGTH else None
    if record is None or not credential.sees(record.tenant):
        raise UnknownSessionError(session_id)
    return record


_ID_LENGTH = 64


def tenant_seen(credential: Credential, asked: str) -> str:
    """The one tenant whose things are shown; empty: all of them.

    Raises:
        RefusedError: Another's is asked for.
    """
    if credential.tenant == EVERY_TENANT and not asked:
        return ""
    return credential.tenant_for(asked)


def states_of(text: str) -> tuple[State, ...]:
    """The states that a filter names; all of them when it names none."""
    names = [name for name in text.split(",") if name]
    for name in names:
        if name not in STATES:
            raise RefusedError(
                f"there is no state `{name[:50]}`",
                status=HTTPStatus.UNPROCESSABLE_ENTITY,
                fix=did_you_mean(name, STATES),
            )
    return tuple(state for state in STATES if state in names) or STATES


def shown(record: SessionRecord) -> SessionShown:
    """What may be seen of a session."""
    spec = record.spec or SessionSpec(session_id=record.session_id)
    return SessionShown(
        session_id=record.session_id,
        pid=record.session_id,
        tenant=record.tenant,
        room=record.room,
        role=record.role,
        bot=record.bot,
        flow=spec.flow,
        personality=spec.personality,
        channel=spec.channel,
        transport=spec.transport,
        state=record.state,
        phase=record.phase,
        node=record.node,
        position=record.position,
        priority=record.priority,
        attempts=record.attempts,
        reason=record.reason,
        message=record.message,
        queued_at=when(record.queued_at),
        assigned_at=when(record.assigned_at),
        claimed_at=when(record.claimed_at),
        joined_at=when(record.joined_at),
        over_at=when(record.over_at),
        not_after=when(record.not_after),
    )


def when(milliseconds: int) -> str:
    """A time of the store's as ISO 8601; empty where there is none, or none that can be written."""
    try:
        return iso(milliseconds / 1000) if milliseconds else ""
    except (ValueError, OverflowError, OSError):
        return ""


def _keeps(wanted: dict[str, str]) -> Callable[[SessionRecord], bool] | None:
    if not wanted:
        return None
    return lambda record: all(getattr(record, name) == value for name, value in wanted.items())
