"""Turn what somebody asks for into a session of the store, or say why there is none."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from framework import failpoints
from framework.control.records import Joining, Request
from framework.control.settings import pool_name
from framework.control.store import Store
from framework.errors import StoreError
from framework.sessions.spec import Room
from framework.web.catalog import Catalog
from framework.web.credentials import Credential
from framework.web.metrics import Metrics
from framework.web.ports import RefusedError
from framework.web.rooms import check_room_here
from framework.web.schemas import KEY, JoinRequest
from framework.web.starting import Wanted, session_of

if TYPE_CHECKING:
    from framework.project import Project

FULL_S = 5
"""When those should ask again for whom there was no place."""
_KEY = re.compile(KEY)
_REFUSALS: Mapping[str, tuple[HTTPStatus, str, str]] = {
    "mismatch": (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "this idempotency key was used for another request",
        "Take a new key, or send the same request again.",
    ),
    "busy": (
        HTTPStatus.CONFLICT,
        "this room has a bot of this role",
        "Let it leave first, or give another `role`.",
    ),
    "taken": (HTTPStatus.CONFLICT, "this session id is another request's", "Send the request again."),
    "full": (HTTPStatus.TOO_MANY_REQUESTS, "too many sessions wait", "Wait as long as `Retry-After` says."),
    "tenant_full": (
        HTTPStatus.TOO_MANY_REQUESTS,
        "the tenant has as many sessions as it may have",
        "Wait until some have ended, or raise its limits under `tenants` in convo.yaml.",
    ),
    "bot_full": (
        HTTPStatus.TOO_MANY_REQUESTS,
        "the bot has as many sessions as it may have",
        "Wait until some have ended, or raise its `max_sessions` in convo.yaml.",
    ),
    "expired": (HTTPStatus.GONE, "it is past `not_after`", "Send a later `not_after`."),
}


class NotAdmittedError(RefusedError):
    """A request from which no new session has come; names the session that stands in the way."""

    def __init__(self, joining: Joining) -> None:
        status, message, fix = _REFUSALS[joining.outcome]
        wait = FULL_S if status == HTTPStatus.TOO_MANY_REQUESTS else 0
        super().__init__(message, status=status, fix=fix, retry_after_s=wait)
        self.outcome = joining.outcome
        self.session_id = joining.session_id if joining.outcome in ("busy", "mismatch") else ""


@dataclass(frozen=True, kw_only=True)
class Admission:
    """Lets sessions in."""

    store: Store
    catalog: Catalog
    build: str = "any"
    """Which build of the runners takes them."""
    stack: str = ""
    """Used in place of each bot's own."""
    test_profile: bool = False
    rooms: Mapping[str, str] = field(default_factory=dict)
    """What the environment says of rooms."""
    metrics: Metrics = field(default_factory=Metrics)

    def request(self, asked: JoinRequest, credential: Credential, key: str = "") -> Request:
        """What the store is asked for by `POST /join`.

        Args:
            asked: The request.
            credential: Who sends it.
            key: The header `Idempotency-Key`.

        Raises:
            FrameworkError: A name in it that nothing answers to, or a room that can't be.
        """
        key = _one(asked.idempotency_key, key, "idempotency_key", "Idempotency-Key")
        room = _one(asked.room, asked.room_url, "room", "room_url")
        room = self.room(room) if room else ""
        wanted = _wanted(asked, credential.tenant_for(asked.tenant), room)
        return self.wish(wanted, asked, room=room, key=key, priority=asked.priority)

    def wish(self, wanted: Wanted, asked: BaseModel, *, room: str = "", key: str = "", priority: int = 5) -> Request:
        """What the store is asked for, by whichever route.

        Args:
            wanted: What was asked for.
            asked: The same as it was said: with a key, it has to be said again in the same way.
            room: Where it is; empty for a session of its own.
            key: Of idempotency.
            priority: 0 is served first.
        """
        if not _KEY.fullmatch(key):
            raise RefusedError("an idempotency key has at most 200 visible characters", status=422)
        project = self.catalog.project
        spec = session_of(wanted, project, stack=self.stack, test_profile=self.test_profile)
        return Request(
            spec=spec,
            room=room or spec.session_id,
            priority=priority,
            idempotency_key=key,
            fingerprint=fingerprint(asked) if key else "",
            not_after_ms=int(wanted.not_after * 1000) if wanted.not_after is not None else 0,
            **_limits(project, spec.bot, wanted.tenant, self.build),
        )

    def room(self, text: str) -> str:
        """The one name of a room. Raises `RefusedError` for one that can't be."""
        return check_room_here(text, self.rooms)

    async def join(self, request: Request) -> Joining:
        """Admit a session; a duplicate is answered by what has become of the first one.

        Raises:
            NotAdmittedError: There is no place for it.
            StoreError: The store is away.
        """
        failpoints.reach("gateway.join")
        began = time.perf_counter()
        try:
            joining = await self.store.join(request)
        except StoreError:
            self.metrics.joined("away", request.spec.tenant)
            raise
        failpoints.reach("gateway.joined")
        self.metrics.stored(time.perf_counter() - began)
        self.metrics.joined(joining.outcome, request.spec.tenant)
        if joining.outcome in _REFUSALS:
            raise NotAdmittedError(joining)
        return joining


def is_new(joining: Joining, request: Request) -> bool:
    """Whether the session came from this request; its answer may have been lost on the way and asked for again."""
    return joining.outcome != "duplicate" or joining.session_id == request.spec.session_id


def fingerprint(asked: BaseModel) -> str:
    """What tells a request from others: SHA-256 of all that it says, however it was written.

    >>> a, b = JoinRequest(bot="x", room="y"), JoinRequest.model_validate_json('{"room": "y", "bot": "x"}')
    >>> fingerprint(a) == fingerprint(b), fingerprint(a) == fingerprint(JoinRequest(bot="x"))
    (True, False)
    """
    said = asked.model_dump(mode="json", exclude_defaults=True, exclude={"idempotency_key"})
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _wanted(asked: JoinRequest, tenant: str, room: str) -> Wanted:
    not_after = asked.not_after.timestamp() if isinstance(asked.not_after, datetime) else asked.not_after
    return Wanted(
        bot=asked.bot,
        flow=asked.flow,
        personality=_one(asked.personality, asked.personalityId, "personality", "personalityId"),
        stack=asked.stack,
        channel=asked.channel,
        transport=asked.transport,
        inputs=asked.inputs,
        config=asked.config,
        identity=asked.identity,
        tenant=tenant,
        room=Room(url=room if "://" in room else "", token=asked.token, role=asked.role),
        not_after=not_after,
    )


def _limits(project: Project, name: str, tenant: str, build: str) -> dict[str, Any]:
    """What the project says of the bot and of the tenant."""
    bot = project.bots[name] if name else None
    theirs = project.tenants.get(tenant)
    isolation = tenant if theirs and theirs.isolation == "own" else "shared"
    return {
        "pool": pool_name(f"{isolation}.{bot.class_ if bot else 'default'}", build),
        "on_lost": bot.on_lost if bot else "fail",
        "bot_live": (bot.max_sessions if bot else 0) or 0,
        "tenant_live": (theirs.max_sessions if theirs else 0) or 0,
        "tenant_queued": (theirs.max_queued if theirs else 0) or 0,
    }


def _one(first: str, second: str, name: str, older: str) -> str:
    """One value that may be said in two ways."""
    if first and second and first != second:
        raise RefusedError(f"`{name}` and `{older}` differ", status=422, fix=f"Send `{name}` only.")
    return first or second
