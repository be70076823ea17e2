"""Pass a session's signalling and WebSocket on to the runner that has it. Where that is, only the store says."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote, urlencode, urlsplit

import aiohttp
from fastapi import FastAPI, WebSocket
from starlette.requests import Request
from starlette.responses import Response

from framework.control.records import OVER, SessionRecord
from framework.control.store import Store
from framework.errors import FrameworkError, StoreError
from framework.web.bodies import FORWARD_LIMIT, read
from framework.web.credentials import Credential
from framework.web.edge import credential_of
from framework.web.forward import MESSAGE_LIMIT, Receive, bridge, passed_on
from framework.web.ports import RefusedError, UnknownSessionError
from framework.web.sessions import visible

METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]
FRESH_S = 2.0
"""How long it is believed where a session is; while the store is away, as long as that lasts."""
KNOWN = 10_000
ANSWER_S = 30.0
CONNECT_S = 5.0
ANSWER_LIMIT = 8 * 1024 * 1024
_OURS = frozenset({"origin", "referer", "x-api-key", "last-event-id", "sec-fetch-site", "sec-fetch-mode"})
"""Headers that were for the gateway, beside those that belong to one hop."""
_NOT_FOUND, _AWAY, _BROKEN = 4404, 4503, 1011


@dataclass(frozen=True, slots=True)
class Place:
    """Where a session is."""

    tenant: str
    address: str
    """Base URL of its runner's private door."""
    seen_at: float


class Relay:
    """Knows where sessions are, and talks to their runners."""

    def __init__(self, store: Store, *, token: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._token = token
        self._clock = clock
        self._places: OrderedDict[str, Place] = OrderedDict()
        self._client: aiohttp.ClientSession | None = None

    async def run(self) -> None:
        """Keep connections to runners, until cancelled."""
        timeout = aiohttp.ClientTimeout(total=ANSWER_S, connect=CONNECT_S)
        connector = aiohttp.TCPConnector(limit=0, limit_per_host=0, ttl_dns_cache=10)
        async with aiohttp.ClientSession(
            connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
        ) as self._client:
            await asyncio.Event().wait()

    async def http(self, request: Request, session_id: str, path: str) -> Response:
        """One request, one answer."""
        body = await read(request, FORWARD_LIMIT)
        place = await self._place(session_id, credential_of(request))
        url = _url(place.address, session_id, path, request)
        try:
            async with self._http.request(
                request.method, url, data=body, headers=self._headers(request), allow_redirects=False
            ) as answer:
                return Response(await _content(answer), answer.status, passed_on(answer.headers.items()))
        except (aiohttp.ClientError, OSError, TimeoutError):
            self._places.pop(session_id, None)
            raise RefusedError(
                "the session's runner doesn't answer",
                status=HTTPStatus.BAD_GATEWAY,
                fix=f"Try again; see GET /sessions/{session_id} for what became of it.",
            ) from None

    async def websocket(self, client: WebSocket, session_id: str, path: str, receive: Receive | None = None) -> None:
        """Both directions until either side closes; the close code travels on."""
        try:
            place = await self._place(session_id, credential_of(client))
        except FrameworkError as error:
            code = _AWAY if getattr(error, "status", 503) == HTTPStatus.SERVICE_UNAVAILABLE else _NOT_FOUND
            await client.close(code, error.message[:120])
            return
        url = _url(place.address, session_id, path, client)
        try:
            async with self._http.ws_connect(
                url, headers=self._headers(client, socket=True), max_msg_size=16 * MESSAGE_LIMIT, heartbeat=10.0
            ) as runner:
                if receive is None:
                    await client.accept()
                await bridge(client, runner, lambda _: None, receive or client.receive)
        except (aiohttp.ClientError, OSError, TimeoutError):
            self._places.pop(session_id, None)
            with contextlib.suppress(RuntimeError):
                await client.close(_BROKEN, "the session's runner doesn't answer")

    @property
    def _http(self) -> aiohttp.ClientSession:
        if self._client is None or self._client.closed:
            raise RefusedError("the gateway is leaving", status=HTTPStatus.SERVICE_UNAVAILABLE, retry_after_s=1)
        return self._client

    def _headers(self, request: Request | WebSocket, *, socket: bool = False) -> dict[str, str]:
        kept = {} if socket else passed_on(request.headers.items())
        kept = {name: value for name, value in kept.items() if name.lower() not in _OURS}
        return kept | ({"Authorization": f"Bearer {self._token}"} if self._token else {})

    async def _place(self, session_id: str, credential: Credential) -> Place:
        """Where a session is, as far as the credential may know.

        Raises:
            RefusedError: 404; 410 when it is over; 503 while no runner has it.
        """
        known = self._places.get(session_id)
        if known and self._clock() - known.seen_at < FRESH_S:
            return _seen_by(known, session_id, credential)
        try:
            place = await self._look(session_id, credential)
        except StoreError:
            if known is None:
                raise
            return _seen_by(known, session_id, credential)
        self._places[session_id] = place
        self._places.move_to_end(session_id)
        if len(self._places) > KNOWN:
            self._places.popitem(last=False)
        return place

    async def _look(self, session_id: str, credential: Credential) -> Place:
        record = await visible(self._store, session_id, credential)
        check_held(record)
        runner = await self._store.runner(record.runner)
        if runner is None or urlsplit(runner.address).scheme not in ("http", "https"):
            raise _nowhere("its runner can't be reached from here")
        return Place(record.tenant, runner.address.rstrip("/"), self._clock())


def add(app: FastAPI, relay: Relay) -> None:
    """Add the routes; last of all, for they take whatever is left below a session."""

    @app.api_route("/sessions/{session_id}/{path:path}", methods=METHODS, include_in_schema=False)
    async def signalling(session_id: str, path: str, request: Request) -> Response:
        """Whatever the session's transport answers, such as `POST|PATCH api/offer`."""
        return await relay.http(request, session_id, path)

    @app.websocket("/sessions/{session_id}/{path:path}")
    async def session_socket(client: WebSocket, session_id: str, path: str) -> None:
        """The WebSocket of a session."""
        await relay.websocket(client, session_id, path)


def check_held(record: SessionRecord) -> None:
    """Say why nobody can talk to a session now.

    Raises:
        RefusedError: 410 when it is over; 503 while no runner has it.
    """
    if record.state in OVER:
        raise RefusedError(
            f"the session is over: {record.reason or record.state}",
            status=HTTPStatus.GONE,
            fix="Start another session.",
        )
    if record.state not in ("claimed", "joined"):
        raise _nowhere("it waits for one" if record.state == "queued" else "one is about to begin it")


def _nowhere(why: str) -> RefusedError:
    return RefusedError(
        f"the session has no runner now: {why}",
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        retry_after_s=1,
        fix="Try again in a moment.",
    )


def _seen_by(place: Place, session_id: str, credential: Credential) -> Place:
    if not credential.sees(place.tenant):
        raise UnknownSessionError(session_id)
    return place


def _url(address: str, session_id: str, path: str, request: Request | WebSocket) -> str:
    """The same path at the runner; a ticket in the query was for us."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "ticket"]
    return f"{address}/sessions/{session_id}/{quote(path)}" + (f"?{urlencode(kept)}" if kept else "")


async def _content(answer: aiohttp.ClientResponse) -> bytes:
    """The whole answer, unless it is too long."""
    found = bytearray()
    async for piece in answer.content.iter_any():
        found += piece
        if len(found) > ANSWER_LIMIT:
            raise RefusedError("the runner's answer is too long", status=HTTPStatus.BAD_GATEWAY)
    return bytes(found)
