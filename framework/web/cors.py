"""Which pages elsewhere may use this door from a browser: none, unless they are named."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from framework.errors import UserError

VARIABLE = "CONVO_CORS_ORIGINS"
ANY: Final = "*"
_ORIGIN = re.compile(r"https?://(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.ASCII)
_METHODS = "GET, POST, PATCH, PUT, DELETE"
_HEADERS = "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-API-Key"
_SHOWN = "Location, Retry-After"
_MAX_AGE_S = 600


def origins_from(environment: Mapping[str, str] | None = None) -> frozenset[str]:
    """The pages that `CONVO_CORS_ORIGINS` names.

    >>> sorted(origins_from({"CONVO_CORS_ORIGINS": "https://app.example.org, http://localhost:3000"}))
    ['http://localhost:3000', 'https://app.example.org']
    """
    given = os.environ if environment is None else environment
    origins = frozenset(filter(None, (part.strip() for part in given.get(VARIABLE, "").split(","))))
    for origin in sorted(origins):
        if origin == ANY:
            if given.get("CONVO_PROFILE") != "test":
                raise UserError(
                    "`*` would let every page in the world use this door",
                    where=VARIABLE,
                    fix="Name each page's origin.",
                )
        elif not _ORIGIN.fullmatch(origin):
            raise UserError(
                f"`{origin[:100]}` is no origin",
                where=VARIABLE,
                fix="Write scheme, host in small letters and port, nothing behind them: `https://app.example.org`.",
            )
    return origins


class Cors:
    """ASGI middleware: answer a browser's question about a page, and say in answers which page may read them.

    The answers never allow credentials that a browser sends by itself: pages elsewhere send a key or a token in a
    header, and the sign-in cookie is for our own page.
    """

    def __init__(self, app: ASGIApp, origins: frozenset[str] = frozenset()) -> None:
        self._app, self._origins = app, origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add what the page's browser needs, if the page is named."""
        origin = Headers(scope=scope).get("origin") if self._origins and scope["type"] == "http" else None
        if origin is None:
            await self._app(scope, receive, send)
        elif not self._may(origin):
            await self._app(scope, receive, _varied(send))
        elif scope["method"] == "OPTIONS" and "access-control-request-method" in Headers(scope=scope):
            await Response(status_code=204, headers=_preflight(origin))(scope, receive, send)
        else:
            await self._app(scope, receive, _allowing(send, origin))

    def _may(self, origin: str) -> bool:
        return origin in self._origins or (ANY in self._origins and origin != "null")


def _preflight(origin: str) -> dict[str, str]:
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": _METHODS,
        "Access-Control-Allow-Headers": _HEADERS,
        "Access-Control-Max-Age": str(_MAX_AGE_S),
        "Vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    }


def _allowing(send: Send, origin: str) -> Send:
    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Expose-Headers"] = _SHOWN
            headers.add_vary_header("Origin")
        await send(message)

    return answer


def _varied(send: Send) -> Send:
    """Keep a cache from giving one page's answer to another."""

    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).add_vary_header("Origin")
        await send(message)

    return answer
