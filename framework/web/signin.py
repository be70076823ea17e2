"""Let a browser in: the form that takes a key, the cookie that remembers it, tickets for streams and WebSockets."""

from __future__ import annotations

import base64
import hashlib
from http import HTTPStatus
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, RedirectResponse, Response

from framework.web import openapi
from framework.web.auth import Denied
from framework.web.bodies import read
from framework.web.edge import credential_of
from framework.web.gatekeeper import Gatekeeper
from framework.web.limits import read_json
from framework.web.tickets import TICKET_S

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:24rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}"
    "input,button{font:inherit;width:100%;padding:.5rem;margin:.25rem 0;box-sizing:border-box}"
)
_FORM = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Convo: sign in</title><style>{style}</style></head>
<body><main><h1>Convo</h1>
<p>This gateway wants a key. Make one with <code>convo keys new</code>.</p>{wrong}
<form method="post" action="/login"><label for="token">Key</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button type="submit">Sign in</button></form></main></body></html>
"""
_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_DIGEST}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "WWW-Authenticate": "Bearer",
}


class TicketRequest(BaseModel):
    """`POST /tickets`."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(max_length=1024)
    """Which path, with all below it, the ticket opens; such as `/ws/events`."""


class Ticket(BaseModel):
    """What a browser puts into the query as `ticket`."""

    ticket: str
    expires_in: int


def add(app: FastAPI, gatekeeper: Gatekeeper) -> None:
    """Add the routes."""

    @app.post("/login", include_in_schema=False)
    async def login(request: Request) -> Response:
        """Trade a key for a cookie, so that a browser can use the page."""
        form = parse_qs((await read(request, 4096)).decode(errors="replace"))
        found = await gatekeeper.recognise(form.get("token", [""])[0].strip())
        if isinstance(found, Denied):
            return _sign_in(wrong=found.detail)
        answer = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        answer.headers["Set-Cookie"] = gatekeeper.tickets.cookie(found, secure=request.url.scheme == "https")
        return answer

    @app.post("/logout", include_in_schema=False)
    async def logout(request: Request) -> Response:
        """Forget the cookie."""
        answer = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        answer.headers["Set-Cookie"] = gatekeeper.tickets.no_cookie(secure=request.url.scheme == "https")
        return answer

    @app.post(
        "/tickets",
        response_model=Ticket,
        responses=openapi.PROBLEMS,
        openapi_extra=openapi.inline(TicketRequest),
    )
    async def tickets(request: Request) -> Response:
        """A ticket for a stream or a WebSocket: a browser can't send headers with those."""
        asked = TicketRequest.model_validate(await read_json(request, 4096))
        ticket = gatekeeper.tickets.issue(credential_of(request), asked.path)
        return JSONResponse({"ticket": ticket, "expires_in": TICKET_S}, headers={"Cache-Control": "no-store"})


def form_for(headers: Headers) -> Response | None:
    """The form, for a browser that opens the page."""
    return _sign_in() if "text/html" in headers.get("accept", "") else None


def _sign_in(*, wrong: str = "") -> Response:
    said = f'<p role="alert">That can\'t be used: {wrong}.</p>' if wrong else ""
    text = _FORM.format(style=_STYLE, wrong=said)
    return Response(text, HTTPStatus.UNAUTHORIZED, _HEADERS, "text/html; charset=utf-8")
