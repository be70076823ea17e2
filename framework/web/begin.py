"""`POST /start` in Pipecat's shape, and `WS /ws-client`: join, wait until a runner has the session, say where to go."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, WebSocket
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError

from framework.control.records import SessionRecord
from framework.errors import FrameworkError, StoreError
from framework.sessions.spec import SessionSpec
from framework.web import join, openapi
from framework.web.admission import Admission, NotAdmittedError
from framework.web.credentials import Credential
from framework.web.edge import credential_of
from framework.web.feed import Feed
from framework.web.limits import read_json
from framework.web.ports import RefusedError
from framework.web.relay import Relay
from framework.web.schemas import StartAnswer, StartRequest
from framework.web.starting import answer, wanted_of

START_S = 20.0
"""Longest wait for a runner."""
LOOK_S = 0.5
"""How often the store is asked while no event has come."""
_REFUSED = 4403
_AWAY = 4503


@dataclass(frozen=True)
class Beginning:
    """Starts sessions for clients that want to talk at once."""

    admission: Admission
    feed: Feed
    within_s: float = START_S

    async def start(self, asked: StartRequest, credential: Credential, key: str = "") -> SessionSpec:
        """A session that a runner has; when it takes too long, there is none.

        Raises:
            FrameworkError: There is none, and why.
        """
        wanted = replace(wanted_of(asked), tenant=credential.tenant_for())
        wish = self.admission.wish(wanted, asked, key=key)
        joining = await self.admission.join(wish)
        session_id = joining.session_id
        try:
            await self._begun(session_id)
        except BaseException:
            # Nobody will come for it: neither one who was told that it failed, nor one who has gone away.
            if session_id == wish.spec.session_id:
                await self._give_up(session_id)
            raise
        return wish.spec.model_copy(update={"session_id": session_id})

    async def _begun(self, session_id: str) -> None:
        with self.feed.watch(session_id) as changed, contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.within_s):
                while True:
                    changed.clear()
                    if _has_begun(await self.admission.store.session(session_id)):
                        return
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(LOOK_S):
                            await changed.wait()
        raise RefusedError(
            "no runner was free in time",
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            retry_after_s=5,
            fix="Try again; or POST /join, which waits in the queue.",
        )

    async def _give_up(self, session_id: str) -> None:
        with contextlib.suppress(StoreError):  # then nobody comes in `client_s`, and its runner ends it
            await asyncio.shield(self.admission.store.cancel(session_id, "not_started"))


def add(app: FastAPI, beginning: Beginning, relay: Relay) -> None:
    """Add the routes."""

    @app.post(
        "/start",
        response_model=StartAnswer,
        response_model_exclude_none=True,
        responses=openapi.PROBLEMS,
        openapi_extra=openapi.body("StartRequest", required=False),
    )
    async def start(request: Request) -> Response:
        """Start a session in the shape of Pipecat's clients, and answer when one can connect to it."""
        asked = StartRequest.model_validate(await read_json(request))
        key = request.headers.get("idempotency-key", "")
        try:
            spec = await beginning.start(asked, credential_of(request), key)
        except NotAdmittedError as refused:
            return join.of_refusal(refused)
        where = answer(spec, asked, urlsplit(str(request.url)))
        return JSONResponse(where.model_dump(exclude_none=True))

    @app.websocket("/ws-client")
    async def new_session_socket(client: WebSocket) -> None:
        """A session of the default bot, or of `?bot=`, on this WebSocket."""
        try:
            spec = await beginning.start(_of_query(client), credential_of(client))
        except (FrameworkError, ValidationError) as error:
            away = getattr(error, "status", 503 if isinstance(error, StoreError) else 422) in (429, 503)
            await client.close(_AWAY if away else _REFUSED, getattr(error, "message", str(error))[:120])
            return
        await relay.websocket(client, spec.session_id, "ws-client")


def _of_query(client: WebSocket) -> StartRequest:
    body: dict[str, Any] = {
        name: client.query_params[name] for name in ("bot", "channel") if name in client.query_params
    }
    return StartRequest.model_validate({"transport": "websocket", "body": {"channel": "voice", **body}})


def _has_begun(record: SessionRecord | None) -> bool:
    """Whether one can connect to it.

    Raises:
        RefusedError: It is over before it began.
    """
    if record is None:
        raise RefusedError("the session is not known any more", status=HTTPStatus.GONE, fix="Start another one.")
    if record.state == "ended":
        raise RefusedError(
            f"the session is over: {record.reason}", status=HTTPStatus.GONE, fix="Start another one, with another key."
        )
    if record.state == "failed":
        raise RefusedError(
            f"the session could not begin: {record.message or record.reason}",
            status=HTTPStatus.BAD_GATEWAY,
            fix="See the runner's log.",
        )
    return record.state == "joined"
