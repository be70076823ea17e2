"""What a request's headers and query offer as proof of who sent it, and which page made a browser send it."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers

from framework.web.auth import Denied, is_loopback

HOW: Final = "Send `Authorization: Bearer <key>`. Make a key with `convo keys new NAME --scopes join,read`."
_OURS = ("same-origin", "none")
_BROWSERS = frozenset({b"origin", b"sec-fetch-site", b"sec-fetch-mode"})
_PROXIED = frozenset({b"forwarded", b"x-forwarded-for", b"x-real-ip"})


def first(headers: Iterable[tuple[bytes, bytes]], name: bytes, default: bytes = b"") -> bytes:
    """The first header of this name, in small letters, as ASGI has it: `Headers` decodes each one that it passes.

    >>> first([(b"host", b"a"), (b"host", b"b")], b"host"), first([], b"host")
    (b'a', b'')
    """
    for key, value in headers:
        if key == name:
            return value
    return default


def unknown(detail: str, fix: str = HOW) -> Denied:
    """The refusal of somebody whom we don't know."""
    return Denied(401, detail, fix)


def offered(headers: Headers) -> str | Denied:
    """A key or token; empty when there is none, refused when there are two."""
    bearer, plain = headers.getlist("authorization"), headers.getlist("x-api-key")
    if len(bearer) + len(plain) > 1:
        return unknown("more than one key was sent", "Send one, as `Authorization: Bearer <key>`.")
    if plain:
        return plain[0].strip() or unknown("the header `X-API-Key` is empty")
    if not bearer:
        return ""
    scheme, _, text = bearer[0].partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        return unknown("the header `Authorization` is not `Bearer <key>`")
    return text.strip()


def ticket(query: str) -> str:
    """The one ticket in a query; empty when there is none, or two.

    >>> ticket("bot=clinic&ticket=abc"), ticket("ticket=a&ticket=b"), ticket("")
    ('abc', '', '')
    """
    try:
        found = parse_qs(query, max_num_fields=50).get("ticket", [])
    except ValueError:
        return ""
    return found[0] if len(found) == 1 else ""


def cookie(headers: Headers, name: str) -> str:
    """A cookie's value; empty when it isn't there."""
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def strange_page(headers: Headers, origins: frozenset[str] = frozenset()) -> Denied | None:
    """Refuse what a page elsewhere made a browser do, by the browser's own word; pages that were named may."""
    if not any(name in _BROWSERS for name, _ in headers.raw):
        return None
    origin = headers.get("origin")
    if origin is not None and origin in origins:
        return None
    same = origin is None or (origin != "null" and urlsplit(origin).netloc == headers.get("host", ""))
    # A link from elsewhere may open the page: where it leads can't be read by the page that it was on.
    if same and (headers.get("sec-fetch-site", "none") in _OURS or headers.get("sec-fetch-mode") == "navigate"):
        return None
    return Denied(
        403, "another page may not use this gateway", "Open the gateway's own page, or see CONVO_CORS_ORIGINS."
    )


def strange_host(headers: Headers) -> Denied | None:
    """Refuse what wasn't meant for this machine by name, or came through a proxy: it may be from anywhere."""
    if any(name in _PROXIED for name, _ in headers.raw):
        return Denied(403, "without keys, requests that came through a proxy are not served", HOW)
    hosts = headers.getlist("host")
    if len(hosts) == 1 and _is_this_machine(hosts[0]):
        return None
    return Denied(
        403,
        f"without keys this gateway serves its own machine only, not `{', '.join(hosts)[:100]}`",
        "Open it as http://127.0.0.1, or make a key with `convo keys new` to serve others.",
    )


@functools.lru_cache(maxsize=256)
def _is_this_machine(host: str) -> bool:
    return is_loopback(_name(host))


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
