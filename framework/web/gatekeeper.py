"""Tell who a request comes from: by key, token, ticket or cookie; or, on a machine without keys, by being on it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from starlette.datastructures import Headers

from framework.errors import StoreError, UserError
from framework.web.apikeys import PREFIX, KeyText
from framework.web.auth import Denied, is_loopback
from framework.web.cache import KeyCache
from framework.web.credentials import LOCAL, Credential
from framework.web.headers import cookie, offered, strange_host, strange_page, ticket, unknown
from framework.web.keyring import Keyring
from framework.web.tickets import COOKIE, Note, Tickets
from framework.web.tokens import TokenError, Tokens, TokenSettings


class Gatekeeper:
    """Decides about requests from their headers; looks at nothing but the keyring."""

    def __init__(
        self,
        keyring: Keyring,
        *,
        tokens: Tokens | None = None,
        tickets: Tickets | None = None,
        origins: frozenset[str] = frozenset(),
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Put one together.

        Args:
            keyring: Where keys are.
            tokens: Whose JSON Web Tokens count; nobody's, if not given.
            tickets: Signs tickets and cookies.
            origins: Pages elsewhere that may use this door, as CORS has them.
            now: The time, for what expires.
            clock: A clock that doesn't jump, for what is cached.
        """
        self.tickets = tickets or Tickets(clock=now)
        self._keys = KeyCache(keyring, clock=clock)
        self._tokens = tokens or Tokens()
        self._origins = origins
        self._now = now
        self._closed = self._tokens.configured

    @classmethod
    def read(
        cls, keyring: Keyring, environment: Mapping[str, str] | None = None, *, origins: frozenset[str] = frozenset()
    ) -> Gatekeeper:
        """With what the environment says of tokens and tickets."""
        given = os.environ if environment is None else environment
        return cls(keyring, tokens=Tokens(TokenSettings.read(given)), tickets=Tickets.read(given), origins=origins)

    async def is_open(self) -> bool:
        """Whether everyone on this machine may do everything: no key has ever been seen, and no tokens are accepted.

        It doesn't open again when keys vanish: whoever can remove a file must not gain by it.
        """
        self._closed = self._closed or await self._keys.any()
        return not self._closed

    async def authenticate(
        self, headers: Headers, *, path: str = "/", query: str = "", ticketed: bool = False
    ) -> Credential | Denied:
        """Who this is, or why nobody.

        Args:
            headers: Of the request.
            path: Of the request; a ticket is for one.
            query: Of the request, undecoded.
            ticketed: Whether a ticket in the query counts: for what a browser can't give headers.

        Raises:
            RefusedError: 503, while keys can't be checked.
        """
        if await self.is_open():
            return strange_host(headers) or strange_page(headers, self._origins) or LOCAL
        shown = offered(headers)
        if isinstance(shown, Denied):
            return shown
        if shown:
            return await self.recognise(shown)
        if ticketed and (signed := ticket(query)):
            note = self.tickets.redeem(signed, path)
            return (
                await self._still_good(note)
                if note
                else unknown("this ticket is not good, or no more", "Get a new one.")
            )
        if value := cookie(headers, COOKIE):
            return await self._by_cookie(value, headers)
        return unknown("a key is needed here")

    async def recognise(self, text: str) -> Credential | Denied:
        """Who has this key or token: for a sign-in form, whose field it is."""
        if not text.startswith(PREFIX):
            return self._by_token(text)
        key = KeyText.parse(text)
        record = await self._keys.find(key.key_id) if key else None
        if key is None or record is None or not record.fits(key.secret):
            return unknown("this key is not known")
        if problem := record.problem(self._now()):
            return unknown(problem)
        return record.credential()

    async def still(self, credential: Credential) -> bool:
        """Whether one who was let in, and has stayed, may stay on: nothing was revoked, nothing has expired."""
        if credential.kind == "local":
            return await self.is_open()
        if credential.kind == "jwt":
            return credential.expires_at is None or credential.expires_at > self._now()
        record = await self._keys.find(credential.key_id)
        return record is not None and not record.problem(self._now())

    def _by_token(self, text: str) -> Credential | Denied:
        if not self._tokens.configured:
            return unknown("this is no key")
        try:
            return self._tokens.credential(text, self._now())
        except TokenError as error:
            return unknown(str(error), "Get a new token where you got this one.")

    async def _by_cookie(self, value: str, headers: Headers) -> Credential | Denied:
        note = self.tickets.of_cookie(value)
        if note is None:
            return unknown("your sign-in is over", "Sign in again.")
        # A browser sends the cookie by itself: the page that made it do so has to be ours.
        return strange_page(headers) or await self._still_good(note)

    async def _still_good(self, note: Note) -> Credential | Denied:
        """The credential of a note, unless its key has been revoked meanwhile."""
        credential = note.credential
        if credential.kind == "jwt" and self._tokens.configured:
            return credential
        record = await self._keys.find(credential.key_id)
        problem = record.problem(self._now()) if record else "this key is not known"
        if record is None or problem:
            return unknown(problem)
        return replace(record.credential(), expires_at=note.until)


async def refuses_to_listen(host: str, keyring: Keyring, tokens: Tokens | None = None) -> None:
    """Keep a door without keys from being reachable by others. Ask before listening.

    Raises:
        UserError: The address is not of this machine alone and no key is configured, or the file of keys is wrong.
        StoreError: Whether there is a key can't be known now.
    """
    ours = is_loopback(host)
    try:
        keys = await keyring.all()
    except StoreError:
        if ours:
            return
        raise
    if not (ours or keys or (tokens and tokens.configured)):
        raise UserError(
            f"it would be open to everyone who reaches `{host}`: there is no key",
            fix="Make one with `convo keys new NAME --scopes join,admin,read`, or listen on 127.0.0.1.",
        )
