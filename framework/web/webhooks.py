"""Believe a webhook only when its signature says who sent it, and only once.

Daily: "Webhooks" in its REST API reference, and "Pinless dial-in" among its guides: base64 of HMAC-SHA256, under the
base64-decoded secret, over the timestamp, a full stop and the body; the same for both, under other header names. The
guides write the timestamp in seconds, phone calls were seen to bring milliseconds: both are read.
LiveKit: "Webhooks & events" of its server documentation, and `WebhookReceiver` of its Python API: the header
`Authorization` is a JSON Web Token, HS256 under the API secret, whose claim `sha256` is base64 of the body's SHA-256.

Without a secret every webhook is refused. Before it makes a webhook, Daily sends a body that says nothing (`is_probe`)
and wants it answered: do so once a secret is configured, which one chooses and hands to Daily.

Both services send an event again when they hear no answer. Whoever acts on one takes its `key` as idempotency key of
what it starts, or asks `once` first.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal

import jwt

from framework.web.limits import json_object
from framework.web.ports import RefusedError

STALE_S = 300
"""Oldest webhook that is believed; as far from the future."""
REMEMBER_S = 3600
"""How long an event is remembered: longer than its signature is believed, and than a sender repeats it quickly."""

_DAILY = (("x-webhook-signature", "x-webhook-timestamp"), ("x-pinless-signature", "x-pinless-timestamp"))
_MILLISECONDS = 10**11
_SHORTEST_SECRET = 16
_SHORT = 64

Seen = Callable[[str, float], Awaitable[bool]]
"""Whether this was here before, remembering it for so many seconds: `Store.seen`."""


@dataclass(frozen=True, kw_only=True)
class WebhookEvent:
    """What a service says has happened; its signature is right."""

    service: Literal["daily", "livekit"]
    id: str
    """The service's own id of the event, or of the call; else the digest of what was signed."""
    type: str
    """Such as `participant.joined` or `room_finished`; `dialin` for a phone call that waits."""
    sent_at: float
    payload: dict[str, Any] = field(repr=False)
    """The whole body."""

    @property
    def key(self) -> str:
        """What it is remembered by; also fit as the idempotency key of what it starts."""
        return f"webhook:{self.service}:{hashlib.sha256(self.id.encode(errors='replace')).hexdigest()[:32]}"


def verify_daily(headers: Mapping[str, str], body: bytes, secret: str, now: float | None = None) -> WebhookEvent:
    """A webhook of Daily's, or the announcement of a phone call.

    Args:
        headers: Of the request, names in small letters or a case-insensitive mapping.
        body: As it came, byte by byte.
        secret: The `hmac` that Daily gave, in base64.
        now: Seconds since the epoch.

    Raises:
        RefusedError: 403 without a secret, 401 without a right and fresh signature, 400 when the body is no JSON.
    """
    key = _daily_key(secret)
    signature, stamp = next(
        ((headers[one], headers[two]) for one, two in _DAILY if one in headers and two in headers), ("", "")
    )
    expected = base64.b64encode(hmac.digest(key, stamp.encode() + b"." + body, hashlib.sha256))
    if not hmac.compare_digest(signature.encode(), expected):
        raise _unsigned()
    sent = _stamp(stamp)
    _check_age(sent, now)
    payload = json_object(body)
    inner = payload.get("payload")
    call = payload.get("callId") or (inner.get("callId") if isinstance(inner, dict) else None)
    kind = payload.get("type") or ("dialin" if call else "")
    return WebhookEvent(
        service="daily",
        id=str(payload.get("id") or call or hashlib.sha256(expected).hexdigest()),
        type=str(kind),
        sent_at=sent,
        payload=payload,
    )


def is_probe(body: bytes) -> bool:
    """Whether this is what Daily sends, unsigned, to see that somebody is there: it is answered 200, and means nothing.

    >>> is_probe(b'{"test": "test"}'), is_probe(b'{"test": "test", "type": "dialin"}')
    (True, False)
    """
    return len(body) < _SHORT and json_object(body) in ({"test": "test"}, {"test": True})


def verify_livekit(
    headers: Mapping[str, str], body: bytes, api_key: str, api_secret: str, now: float | None = None
) -> WebhookEvent:
    """A webhook of LiveKit's.

    Args:
        headers: Of the request, names in small letters or a case-insensitive mapping.
        body: As it came, byte by byte.
        api_key: The key that LiveKit signs with: the token's issuer.
        api_secret: Its secret.
        now: Seconds since the epoch.

    Raises:
        RefusedError: As `verify_daily` does.
    """
    if not api_key or not api_secret:
        raise _no_secret("LIVEKIT_API_KEY and LIVEKIT_API_SECRET")
    claims = _livekit_claims(headers.get("authorization", ""), api_key, api_secret)
    digest = base64.b64encode(hashlib.sha256(body).digest())
    if not hmac.compare_digest(str(claims.get("sha256", "")).encode(errors="replace"), digest):
        raise _unsigned()
    payload = json_object(body)
    created = _number(payload.get("createdAt"))
    present = time.time() if now is None else now
    # A token without a time would be good for ever: then the event's own time decides.
    sent = _number(claims.get("nbf")) or _number(claims.get("iat")) or created
    if not present < _number(claims.get("exp")) + STALE_S:
        raise _stale()
    _check_age(sent, present)
    return WebhookEvent(
        service="livekit",
        id=str(payload.get("id") or digest.decode()),
        type=str(payload.get("event", "")),
        sent_at=sent,
        payload=payload,
    )


async def once(event: WebhookEvent, seen: Seen) -> None:
    """Refuse an event that was here before.

    Raises:
        RefusedError: 409.
    """
    if await seen(event.key, REMEMBER_S):
        raise RefusedError("this webhook was here before", status=HTTPStatus.CONFLICT, fix="Nothing: it was heard.")


def _daily_key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) < _SHORTEST_SECRET:
        raise _no_secret("DAILY_WEBHOOK_SECRET (the `hmac` that Daily gave, in base64)")
    return key


def _livekit_claims(header: str, api_key: str, api_secret: str) -> dict[str, Any]:
    token = header.removeprefix("Bearer ").strip()
    options: Any = {"require": ["exp", "iss"], "verify_exp": False, "verify_nbf": False, "verify_iat": False}
    try:
        return jwt.decode(token, api_secret.encode(), algorithms=["HS256"], issuer=api_key, options=options)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise _unsigned() from None


def _stamp(text: str) -> float:
    if not (text.isascii() and text.isdigit() and len(text) <= 15):  # noqa: PLR2004 - milliseconds for 30,000 years
        raise _unsigned()
    value = int(text)
    return value / 1000 if value >= _MILLISECONDS else float(value)


def _number(value: Any) -> float:
    """A time; protobuf's JSON writes 64-bit ones as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 15:  # noqa: PLR2004 - as above
        value = int(value)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def _check_age(sent: float, now: float | None) -> None:
    if not abs((time.time() if now is None else now) - sent) <= STALE_S:
        raise _stale()


def _no_secret(names: str) -> RefusedError:
    return RefusedError(
        "webhooks of this service are refused: its secret is not configured here",
        status=HTTPStatus.FORBIDDEN,
        fix=f"Set {names}.",
    )


def _unsigned() -> RefusedError:
    return RefusedError(
        "this webhook is not signed with our secret", status=HTTPStatus.UNAUTHORIZED, fix="Check the secret."
    )


def _stale() -> RefusedError:
    return RefusedError("this webhook is too old", status=HTTPStatus.UNAUTHORIZED, fix="Check both clocks.")
