"""Signed notes of who somebody is: tickets for browsers' WebSockets and event streams, and the page's cookie.

A browser can't send a header with those, so one who has shown a key or token gets a ticket for a path, good for a
minute, and puts it in the query; nothing else is ever read from there. It is not used up by being used. A cookie is
the same note for twelve hours. Neither outlives the key: whoever redeems one looks the key up again.

Any gateway reads what another one signed if all have the same `CONVO_SECRET`. Without it the key is drawn at random,
lives as long as the process, and only this process reads what it has signed: right for one gateway, not for two.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from framework.errors import UserError
from framework.web.credentials import Credential
from framework.web.policy import is_sound
from framework.web.ports import RefusedError

TICKET_S = 60
COOKIE_S = 12 * 3600
COOKIE = "convo_session"
_SHORTEST_SECRET = 32
_LONGEST = 4096
_LONGEST_PATH = 512

Purpose = Literal["ticket", "cookie"]


@dataclass(frozen=True)
class Note:
    """What was signed, and by that is to be believed, but for whether the key is still good."""

    credential: Credential
    path: str
    """The path, with all below it, that it opens."""
    until: float

    def opens(self, path: str) -> bool:
        """Whether it is for this path.

        >>> from framework.web.credentials import LOCAL
        >>> [Note(LOCAL, "/ws/events", 0).opens(path) for path in ("/ws/events", "/ws/events/1", "/ws/eventsx")]
        [True, True, False]
        """
        return self.path in ("/", path) or path.startswith(self.path.rstrip("/") + "/")


@dataclass(frozen=True)
class Tickets:
    """Signs notes and reads them; no I/O."""

    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    clock: Callable[[], float] = field(default=time.time, repr=False)

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None) -> Tickets:
        """With the secret that all gateways share, `CONVO_SECRET`; else with one of this process alone."""
        secret = (os.environ if environment is None else environment).get("CONVO_SECRET", "").encode()
        if not secret:
            return cls()
        if len(secret) < _SHORTEST_SECRET:
            raise UserError(
                "the secret is shorter than 32 bytes", where="CONVO_SECRET", fix="Make one: `openssl rand -hex 32`."
            )
        return cls(secret)

    def issue(self, credential: Credential, path: str, seconds: float = TICKET_S) -> str:
        """A ticket for a path and all below it.

        Raises:
            RefusedError: 422, the path is none.
        """
        if len(path) > _LONGEST_PATH or not is_sound(path):
            raise RefusedError("that is no path of this gateway", status=422, fix="Name one like `/ws/events`.")
        return self._signed("ticket", credential, path, seconds)

    def redeem(self, ticket: str, path: str) -> Note | None:
        """What a ticket says, if it is good for this path now."""
        note = self._read("ticket", ticket)
        return note if note and note.opens(path) else None

    def cookie(self, credential: Credential, *, secure: bool) -> str:
        """The value of a `Set-Cookie` header for one who has shown a key or token."""
        value = self._signed("cookie", credential, "/", COOKIE_S)
        return f"{COOKIE}={value}; {_attributes(COOKIE_S, secure=secure)}"

    def no_cookie(self, *, secure: bool) -> str:
        """The value of a `Set-Cookie` header that signs out."""
        return f"{COOKIE}=; {_attributes(0, secure=secure)}"

    def of_cookie(self, value: str) -> Note | None:
        """What a cookie says, if it is good now."""
        return self._read("cookie", value)

    def _signed(self, purpose: Purpose, credential: Credential, path: str, seconds: float) -> str:
        until = min(self.clock() + seconds, credential.expires_at or float("inf"))
        text = json.dumps(_claims(credential, path, until), separators=(",", ":"), ensure_ascii=False)
        body = _encoded(text.encode())
        return f"{body}.{_encoded(self._signature(purpose, body))}"

    def _read(self, purpose: Purpose, text: str) -> Note | None:
        body, dot, signature = text.partition(".")
        if not dot or len(text) > _LONGEST or not text.isascii():
            return None
        expected = _encoded(self._signature(purpose, body))
        if not hmac.compare_digest(signature.encode(), expected.encode()):
            return None
        try:
            note = _note(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))
        except (ValueError, KeyError, TypeError, binascii.Error):  # signed by another version of ours
            return None
        return note if note.until > self.clock() else None

    def _signature(self, purpose: Purpose, body: str) -> bytes:
        """Each purpose has a key of its own, so that a ticket is never taken for a cookie."""
        key = hmac.digest(self.secret, b"convo 1 " + purpose.encode(), hashlib.sha256)
        return hmac.digest(key, body.encode(), hashlib.sha256)


def _attributes(seconds: int, *, secure: bool) -> str:
    return f"Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict" + ("; Secure" if secure else "")


def _claims(credential: Credential, path: str, until: float) -> dict[str, Any]:
    return {
        "id": credential.key_id,
        "name": credential.name,
        "tenant": credential.tenant,
        "scopes": sorted(credential.scopes),
        "kind": credential.kind,
        "path": path,
        "until": round(until, 3),
    }


def _note(claims: dict[str, Any]) -> Note:
    until = float(claims["until"])
    credential = Credential(
        key_id=claims["id"],
        name=claims["name"],
        tenant=claims["tenant"],
        scopes=frozenset(claims["scopes"]),
        kind=claims["kind"],
        expires_at=until,
    )
    return Note(credential, claims["path"], until)


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
