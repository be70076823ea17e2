"""Ask a gateway over HTTP: its address and key from the environment, its problems as sentences."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Coroutine, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import quote

import aiohttp

from framework.errors import UserError
from framework.processes.dotenv import load

Answer = TypeVar("Answer")

ADDRESS = "http://127.0.0.1:4444"
CALL_S = 15.0
SILENT_S = 45.0
"""Three signs of life of an event stream; one that says nothing for so long is dead."""
AGAIN_S = 1.0

ABOUT_GATEWAY = """CONVO_GATEWAY is the gateway's address (http://127.0.0.1:4444), CONVO_API_KEY a key for it; a gateway
on this machine without any key wants none. Both may be in `.env`.
"""


class RefusedError(UserError):
    """The gateway said no."""

    def __init__(self, message: str, *, status: int, fix: str = "") -> None:
        super().__init__(message, fix=fix)
        self.status = status


class Gateway:
    """One gateway, for the length of a command: `async with Gateway.read() as gateway`."""

    def __init__(self, address: str = ADDRESS, key: str = "") -> None:
        self._address = address.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http: aiohttp.ClientSession | None = None

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None) -> Self:
        """The gateway that the environment names, or `.env` in this folder."""
        if environment is None:
            load(Path.cwd() / ".env", os.environ)
            environment = os.environ
        address = environment.get("CONVO_GATEWAY", "").strip() or ADDRESS
        if not address.startswith(("http://", "https://")):
            raise UserError(f"CONVO_GATEWAY is `{address[:100]}`, which is no address", fix=f"Set it as in {ADDRESS}.")
        return cls(address, environment.get("CONVO_API_KEY", "").strip())

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(headers=self._headers)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._http:
            await self._http.close()

    @property
    def address(self) -> str:
        """Where it is."""
        return self._address

    async def get(self, path: str, **query: str) -> Any:
        """What it answers to a GET."""
        return await self._ask("GET", path, {name: value for name, value in query.items() if value}, None)

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """What it answers to a POST of JSON."""
        return await self._ask("POST", path, {}, body)

    async def events(self, *, after: str = "", **query: str) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Events and their ids, without end: a stream that breaks is gone on with where it broke.

        A gateway that can't be reached at the beginning, or refuses, is an error.
        """
        wanted = {name: value for name, value in query.items() if value}
        reached = False
        while True:
            try:
                async for cursor, event in self._stream(after, wanted):
                    reached = True
                    after = cursor or after
                    if event:
                        yield cursor, event
            except RefusedError as error:
                if not reached or error.status not in (429, 502, 503, 504):
                    raise
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                if not reached:
                    raise self._away(error) from None
            await asyncio.sleep(AGAIN_S)

    # --- Inside -----------------------------------------------------------------------------------------------------

    async def _ask(self, method: str, path: str, query: dict[str, str], body: Mapping[str, Any] | None) -> Any:
        try:
            async with self._open.request(
                method,
                self._address + path,
                params=query,
                json=body,
                timeout=aiohttp.ClientTimeout(total=CALL_S),
                allow_redirects=False,  # the key is for this gateway only
            ) as answer:
                await self._check(answer)
                return await answer.json()
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise self._away(error) from None

    async def _stream(self, after: str, query: dict[str, str]) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Events of one connection. First it yields no event, but where to go on from should it break before any."""
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": after} if after else {})
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CALL_S, sock_read=SILENT_S)
        async with self._open.get(
            self._address + "/events", params=query, headers=headers, timeout=timeout, allow_redirects=False
        ) as answer:
            await self._check(answer)
            yield after or _now(answer.headers.get("Date", "")), {}
            fields: dict[str, str] = {}
            async for line in _lines(answer.content):
                if line:
                    name, _, value = line.partition(":")
                    fields[name] = fields[name] + "\n" + value[1:] if name in fields else value.removeprefix(" ")
                    continue
                if "data" in fields:
                    yield fields.get("id", ""), _event(fields["data"])
                fields = {}

    @property
    def _open(self) -> aiohttp.ClientSession:
        assert self._http is not None  # noqa: S101 - used as a context
        return self._http

    async def _check(self, answer: aiohttp.ClientResponse) -> None:
        if answer.status < 300:  # noqa: PLR2004 - success
            return
        try:
            told = await answer.json(content_type=None)
            detail, fix = str(told["detail"]), str(told.get("fix", ""))
        except (ValueError, KeyError, TypeError, UnicodeDecodeError):
            detail, fix = f"{self._address} answered {answer.status}", "Is that a gateway? See CONVO_GATEWAY."
        if answer.status in (401, 403) and "Authorization" not in self._headers:
            fix = "Set CONVO_API_KEY to a key; `convo keys new NAME` makes one."
        raise RefusedError(detail, status=answer.status, fix=fix)

    def _away(self, error: BaseException) -> UserError:
        why = "does not answer" if isinstance(error, TimeoutError) else "can't be reached"
        if isinstance(error, ValueError):
            why = "answers something that is no JSON"
        return UserError(
            f"the gateway at {self._address} {why}",
            fix="Start one with `convo up`, or set CONVO_GATEWAY to the address of one.",
        )


def run(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Run a command's work."""
    return asyncio.run(work)


def path_of(*parts: str) -> str:
    """A path whose parts may hold anything.

    >>> path_of("sessions", "a/b", "leave")
    '/sessions/a%2Fb/leave'
    """
    return "/" + "/".join(quote(part, safe="") for part in parts)


async def _lines(stream: aiohttp.StreamReader) -> AsyncIterator[str]:
    """Lines of any length."""
    rest = b""
    async for piece in stream.iter_any():
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line.rstrip(b"\r").decode(errors="replace")


def _now(date: str) -> str:
    """The gateway's present as the id of an event; empty where it tells no time."""
    try:
        return f"{int(parsedate_to_datetime(date).timestamp())}000-0"
    except ValueError:
        return ""


def _event(text: str) -> dict[str, Any]:
    try:
        event = json.loads(text)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}
