"""Orders for live sessions: find out whom they are for, store each once, say what has become of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request

from framework import failpoints
from framework.control.records import StoredOrder
from framework.control.store import Store
from framework.sessions.orders import ORDER, AnyOrder, Instruct
from framework.web import openapi
from framework.web.credentials import Credential
from framework.web.edge import credential_of
from framework.web.limits import read_json
from framework.web.ports import RefusedError, UnknownSessionError
from framework.web.rooms import check_room_here
from framework.web.schemas import AdminRequest, OrderShown, OrdersShown
from framework.web.sessions import visible, when

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_REFUSALS: dict[str, tuple[HTTPStatus, str, str]] = {
    "over": (HTTPStatus.CONFLICT, "the session is over", "See GET /sessions for those that are not."),
    "unknown": (HTTPStatus.NOT_FOUND, "there is no such session", "See GET /sessions for those that are."),
    "taken": (HTTPStatus.CONFLICT, "this order id is another order's", "Take a new one, or leave it out."),
    "full": (
        HTTPStatus.TOO_MANY_REQUESTS,
        "the session has a hundred orders to carry out",
        "Wait until some are done: see GET /admin/{order_id}.",
    ),
}


@dataclass(frozen=True)
class Target:
    """A session that an order is for."""

    session_id: str
    role: str


def add(app: FastAPI, store: Store, room: Callable[[str], str] = check_room_here) -> None:
    """Add the routes; `room` gives rooms their one name."""

    @app.post(
        "/admin",
        status_code=HTTPStatus.ACCEPTED,
        response_model=OrdersShown,
        responses=openapi.PROBLEMS,
        openapi_extra=openapi.body("AdminRequest"),
    )
    async def admin(request: Request) -> OrdersShown:
        """Order the bots in a room, or one session, to say, instruct, goto, set, end and so on."""
        asked = AdminRequest.model_validate(await read_json(request))
        credential = credential_of(request)
        order = order_of(asked)
        targets = await targets_of(asked, store, credential, room)
        return OrdersShown(orders=await give(store, order, targets, by=credential.name))

    @app.get("/admin/{order_id}", response_model=OrderShown, responses=openapi.PROBLEMS)
    async def order_status(order_id: str, request: Request) -> OrderShown:
        """What has become of an order: accepted, applied, spoken, or refused and why."""
        found = await store.stored_order(order_id) if _ID.fullmatch(order_id) else None
        if found is None or not credential_of(request).sees(found.tenant):
            raise RefusedError("there is no such order", status=HTTPStatus.NOT_FOUND, fix="Check its id.")
        return _shown(found)

    @app.post(
        "/sessions/{session_id}/orders",
        status_code=HTTPStatus.ACCEPTED,
        response_model=OrderShown,
        response_model_exclude_defaults=True,
        responses=openapi.PROBLEMS,
        openapi_extra=openapi.body("Order"),
    )
    async def session_order(session_id: str, request: Request) -> OrderShown:
        """Order one session; the body is the order."""
        credential = credential_of(request)
        order = ORDER.validate_python(await read_json(request))
        record = await visible(store, session_id, credential)
        return (await give(store, order, [Target(session_id, record.role)], by=credential.name))[0]


def order_of(asked: AdminRequest) -> AnyOrder:
    """The order in a request; the older form is an instruction."""
    if (asked.order is None) == (not asked.message):
        raise RefusedError(
            "send one of `order` and `message`",
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            fix='Such as {"room": "lobby", "order": {"kind": "say", "text": "One moment."}}.',
        )
    order = asked.order or Instruct(text=asked.message)
    changes: dict[str, Any] = {}
    if asked.mode is not None:
        changes["mode"] = asked.mode
    if asked.order_id:
        changes["order_id"] = asked.order_id
    return order.model_copy(update=changes)


async def targets_of(
    asked: AdminRequest, store: Store, credential: Credential, name: Callable[[str], str] = check_room_here
) -> list[Target]:
    """The sessions that an order is for.

    Raises:
        RefusedError: 404, when there are none, or they are another tenant's.
    """
    session_id, room = asked.session_id or asked.pid, asked.room or asked.room_url
    if bool(session_id) == bool(room):
        raise RefusedError(
            "send one of `room` and `session_id`", status=HTTPStatus.UNPROCESSABLE_ENTITY, fix="Say whom it is for."
        )
    if session_id:
        record = await visible(store, session_id, credential)
        if asked.role and asked.role != record.role:
            raise UnknownSessionError(session_id)
        return [Target(session_id, record.role)]
    there = await store.in_room(credential.tenant_for(asked.tenant), name(room))
    found = [Target(sid, role) for role, sid in sorted(there.items()) if not asked.role or asked.role == role]
    if not found:
        raise RefusedError(
            "there is no bot in this room",
            status=HTTPStatus.NOT_FOUND,
            fix="See GET /sessions for the rooms of those that are.",
        )
    return found


async def give(store: Store, order: AnyOrder, targets: Sequence[Target], *, by: str) -> list[OrderShown]:
    """Store an order for each session.

    Raises:
        RefusedError: No session takes it.
    """
    shown: list[OrderShown] = []
    refusal = ""
    for target in targets:
        one = order.model_copy(update={"order_id": _id(order.order_id, target, alone=len(targets) == 1)})
        failpoints.reach("gateway.order")
        answer, status, why = await store.order(target.session_id, one.order_id, one.kind, one.model_dump_json(), by=by)
        failpoints.reach("gateway.ordered")
        if answer in _REFUSALS:
            refusal = refusal or answer
            status, why = "refused", _REFUSALS[answer][1]
        shown.append(
            OrderShown.model_validate(
                {"order_id": one.order_id, "session_id": target.session_id, "status": status, "why": why}
            )
        )
    if refusal and all(one.status == "refused" for one in shown):
        code, detail, fix = _REFUSALS[refusal]
        raise RefusedError(detail, status=code, fix=fix, retry_after_s=1 if refusal == "full" else 0)
    return shown


def _id(given: str, target: Target, *, alone: bool) -> str:
    """Ids are of one order for one session: of several, each has the role behind it."""
    if alone:
        return given
    whole = f"{given}-{target.role}"
    return whole if _ID.fullmatch(whole) else hashlib.sha256(whole.encode()).hexdigest()


def _shown(found: StoredOrder) -> OrderShown:
    return OrderShown(
        order_id=found.order_id,
        session_id=found.session_id,
        status=found.status,
        why=found.why,
        kind=found.kind,
        final=found.final,
        accepted_at=when(found.accepted_at),
        changed_at=when(found.changed_at),
        by=found.by,
    )
