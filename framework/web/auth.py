"""Who may call the runner's doors.

Without a token the runner serves its own machine only: it listens on loopback, and a request must name a loopback
host and come from a page of this runner (so that a web page elsewhere can't reach it by DNS rebinding or by a form).
With `CONVO_RUNNER_TOKEN` every route wants `Authorization: Bearer`. A browser can't send that header for a page or a
WebSocket, so the page's sign-in form trades the token for a cookie: HTTP-only, same-site, signed by a key that lives
as long as this process, good for twelve hours.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import time
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers

COOKIE = "convo_runner"
_COOKIE_S = 12 * 3600


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("[::1]"), is_loopback("example.org")
    (True, True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Denied:
    """Why a request is refused."""

    status: int
    detail: str
    fix: str


@dataclass(frozen=True)
class Guard:
    """Decides about each request from its headers; no I/O."""

    token: str = field(default="", repr=False)
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def denies(self, headers: Headers) -> Denied | None:
        """Why the request may not pass; `None` if it may."""
        if not self.token:
            return _strange_host(headers) or _strange_origin(headers)
        if self._bearer(headers):
            return None
        if self._cookie(headers):
            return _strange_origin(headers)
        return Denied(401, "this runner wants a token", "Send `Authorization: Bearer <CONVO_RUNNER_TOKEN>`.")

    def is_token(self, offered: str) -> bool:
        """Whether this is the token, in constant time."""
        return bool(self.token) and hmac.compare_digest(offered.encode(), self.token.encode())

    def cookie(self, *, secure: bool) -> str:
        """The value of a `Set-Cookie` header for one who has shown the token."""
        until = str(int(time.time()) + _COOKIE_S)
        attributes = f"Path=/; Max-Age={_COOKIE_S}; HttpOnly; SameSite=Strict" + ("; Secure" if secure else "")
        return f"{COOKIE}={until}.{self._sign(until)}; {attributes}"

    def _bearer(self, headers: Headers) -> bool:
        scheme, _, offered = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and self.is_token(offered.strip())

    def _cookie(self, headers: Headers) -> bool:
        try:
            offered = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return False
        until, _, signature = (offered.value if offered else "").partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(until).encode()):
            return False
        return until.isdigit() and int(until) > time.time()

    def _sign(self, text: str) -> str:
        return hmac.new(self._key, text.encode() + self.token.encode(), hashlib.sha256).hexdigest()


def _strange_host(headers: Headers) -> Denied | None:
    host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
    if is_loopback(host):
        return None
    return Denied(
        403,
        f"this runner serves its own machine only, not `{host[:100]}`",
        "Open it as http://127.0.0.1, or set CONVO_RUNNER_TOKEN to serve others.",
    )


def _strange_origin(headers: Headers) -> Denied | None:
    origin = headers.get("origin")
    if origin is None:
        return None
    if urlsplit(origin).netloc == headers.get("host", "") and origin != "null":
        return None
    return Denied(403, f"a page of `{origin[:100]}` may not use this runner", "Open the runner's own page.")
