"""Sign a browser in at the gateway: trade a key for a cookie, and what one has shown for a ticket.

Wire it with `signin.add(app, gatekeeper)`, and give `signin.form` to `Guarded` as its `page`.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any, Final
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, RedirectResponse, Response

from framework.web import problems
from framework.web.auth import Denied
from framework.web.bodies import read
from framework.web.edge import credential_of
from framework.web.gatekeeper import Gatekeeper
from framework.web.headers import strange_page
from framework.web.limits import read_json
from framework.web.tickets import TICKET_S

_LONGEST = 4096
_STYLE: Final = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:24rem;margin:15vh auto;padding:0 1rem}"
    "label,input,button{display:block;width:100%;box-sizing:border-box;font:inherit;margin:.25rem 0 1rem;padding:.5rem}"
    "label{padding:0;margin:0}"
)
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "WWW-Authenticate": "Bearer",
    "X-Content-Type-Options": "nosniff",
}
_FORM: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Convo: sign in</title>
<style>{style}</style>
</head>
<body>
<h1>Convo</h1>
<p>This gateway wants a key, as <code>convo keys new</code> makes them.</p>
{wrong}<form method="post" action="/login">
<label for="token">Key</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button type="submit">Sign in</button>
</form>
</body>
</html>
"""


class TicketRequest(BaseModel):
    """What a ticket is wanted for."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(examples=["/ws/events"], max_length=512)
    """The path that it opens, with all below it."""


def form(headers: Headers) -> Response | None:
    """The form, for a browser that opens the page; everyone else gets a problem."""
    return _form("") if "text/html" in headers.get("accept", "") else None


def add(app: FastAPI, gatekeeper: Gatekeeper) -> None:
    """Add the routes."""

    @app.post("/login", include_in_schema=False)
    async def login(request: Request) -> Response:
        """Trade a key or token for a cookie."""
        if strange := strange_page(request.headers):
            return problems.problem(strange.status, strange.detail, fix=strange.fix)
        fields = parse_qs((await read(request, _LONGEST)).decode(errors="replace"), max_num_fields=10)
        credential = await gatekeeper.recognise(fields.get("token", [""])[0].strip())
        if isinstance(credential, Denied):
            return _form(credential.detail)
        answer = RedirectResponse("/", 303)
        answer.headers["Set-Cookie"] = gatekeeper.tickets.cookie(credential, secure=request.url.scheme == "https")
        return answer

    @app.post("/logout", include_in_schema=False)
    async def logout(request: Request) -> Response:
        """Forget the cookie. Whoever has copied it has it until it ends, or the key is revoked."""
        answer = RedirectResponse("/", 303)
        answer.headers["Set-Cookie"] = gatekeeper.tickets.no_cookie(secure=request.url.scheme == "https")
        return answer

    @app.post("/tickets")
    async def tickets(request: Request) -> dict[str, Any]:
        """Get a ticket: `?ticket=…` opens one path for a minute, where a browser can't send a header."""
        asked = TicketRequest.model_validate(await read_json(request, _LONGEST))
        ticket = gatekeeper.tickets.issue(credential_of(request), asked.path)
        return {"ticket": ticket, "path": asked.path, "expires_in": TICKET_S}


def _form(wrong: str) -> HTMLResponse:
    said = f'<p role="alert">{wrong[:1].upper()}{wrong[1:]}.</p>\n' if wrong else ""
    return HTMLResponse(_FORM.format(style=_STYLE, wrong=said), 401, _HEADERS)
