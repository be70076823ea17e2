"""The webhooks of Daily and LiveKit: believed when signed, refused without a secret, each heard once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from loguru import logger
from starlette.responses import JSONResponse, Response

from framework.control.store import Store
from framework.web import openapi
from framework.web.admission import Admission, NotAdmittedError
from framework.web.bodies import read
from framework.web.credentials import DEFAULT_TENANT, Credential
from framework.web.join import answer_of, of_refusal
from framework.web.schemas import JoinRequest
from framework.web.webhooks import WebhookEvent, is_probe, once, verify_daily, verify_livekit

LIMIT = 256 * 1024
_STARTS = ("dialin",)
"""Events of Daily's that want a bot: somebody rings."""


@dataclass(frozen=True, kw_only=True)
class HookSettings:
    """What makes webhooks believable, and which bot a call is for."""

    daily_secret: str = field(default="", repr=False)
    livekit_key: str = ""
    livekit_secret: str = field(default="", repr=False)
    bot: str = ""
    """The bot of a call that names none."""
    tenant: str = DEFAULT_TENANT

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> HookSettings:
        """As the environment has it."""
        return cls(
            daily_secret=environment.get("DAILY_WEBHOOK_SECRET", ""),
            livekit_key=environment.get("LIVEKIT_API_KEY", ""),
            livekit_secret=environment.get("LIVEKIT_API_SECRET", ""),
            bot=environment.get("CONVO_WEBHOOK_BOT", ""),
            tenant=environment.get("CONVO_WEBHOOK_TENANT", DEFAULT_TENANT),
        )


def add(app: FastAPI, store: Store, admission: Admission, settings: HookSettings) -> None:
    """Add the routes."""

    @app.post("/daily/webhook", responses=openapi.PROBLEMS)
    async def daily_webhook(request: Request, bot: str = "") -> Response:
        """Signed by Daily: a phone call starts a session, of the bot in `?bot=`."""
        body = await read(request, LIMIT)
        if settings.daily_secret and is_probe(body):
            return JSONResponse({"status": "ok"})
        event = verify_daily(request.headers, body, settings.daily_secret)
        if event.type not in _STARTS:
            await once(event, store.seen)
            _note(event)
            return JSONResponse({"status": "heard"})
        asked = JoinRequest(
            bot=bot[:200] or settings.bot,
            room=_room(event.payload),
            inputs={},
            config={"call": event.payload},
            idempotency_key=event.key,
        )
        wish = admission.request(asked, _caller(settings))
        try:
            joining = await admission.join(wish)
        except NotAdmittedError as refused:
            return of_refusal(refused)
        return JSONResponse(answer_of(joining, wish), HTTPStatus.ACCEPTED)

    @app.post("/livekit/webhook", responses=openapi.PROBLEMS)
    async def livekit_webhook(request: Request) -> Response:
        """Signed by LiveKit: a room that is finished ends the bots in it."""
        event = verify_livekit(
            request.headers, await read(request, LIMIT), settings.livekit_key, settings.livekit_secret
        )
        await once(event, store.seen)
        _note(event)
        left = await _leave(store, settings.tenant, event) if event.type == "room_finished" else []
        return JSONResponse({"status": "heard", "ending": left})


def _caller(settings: HookSettings) -> Credential:
    return Credential(key_id="webhook", name="a webhook", tenant=settings.tenant, scopes=frozenset({"join"}))


def _room(payload: Mapping[str, Any]) -> str:
    """The room of a call, where the event names one."""
    inner = payload.get("payload")
    for found in (payload, inner if isinstance(inner, dict) else {}):
        for name in ("room_url", "roomUrl", "room"):
            if isinstance(room := found.get(name), str) and len(room) <= 512:  # noqa: PLR2004 - as in JoinRequest
                return room
    return ""


async def _leave(store: Store, tenant: str, event: WebhookEvent) -> list[str]:
    room = event.payload.get("room")
    name = room.get("name") if isinstance(room, dict) else None
    if not isinstance(name, str):
        return []
    there = await store.in_room(tenant, name)
    for session_id in there.values():
        await store.cancel(session_id, "room_finished")
    return sorted(there.values())


def _note(event: WebhookEvent) -> None:
    """What a service said, without what is in it."""
    logger.bind(service=event.service, type=json.dumps(event.type)[:100]).info("a webhook was heard")
