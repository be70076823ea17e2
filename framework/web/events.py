"""`GET /events` and `WS /ws/events`: what happens, live, and from where one left off."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, WebSocket
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from framework.control.store import Store
from framework.errors import FrameworkError, StoreError
from framework.web import openapi
from framework.web.credentials import Credential
from framework.web.edge import credential_of
from framework.web.feed import STUCK_S, Batch, Feed, Filter, Happened, Listener, order_of
from framework.web.ports import RefusedError
from framework.web.sessions import tenant_seen

BEAT_S = 15.0
"""A sign of life for those who hear nothing: proxies cut what is silent."""
PAGE = 500
_ID = re.compile(r"[0-9]{1,16}(-[0-9]{1,16})?", re.ASCII)
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would keep events until it has many
]
LONGEST = 512
Text = Annotated[str, Query(max_length=LONGEST)]
StillGood = Callable[[], Awaitable[bool]]


@dataclass(frozen=True)
class Gap:
    """Events that a listener did not get, and can't get any more, or only by asking again."""

    after: str
    """The last one that it has."""
    why: str

    @property
    def text(self) -> str:
        """As JSON."""
        return json.dumps({"type": "gap", "after": self.after, "why": self.why})


@dataclass(frozen=True)
class Stream:
    """Everything after one event: first what is past, then what comes, none of it twice and none left out."""

    store: Store
    feed: Feed
    filter: Filter
    after: str
    """Where to begin; empty: now."""
    good: StillGood

    async def read(self, send: Send | None = None) -> AsyncIterator[Batch | Gap | None]:
        """Batches, but for those that were sent at once; gaps; and `None` as a sign of life."""
        cursor = self.after or self.feed.position
        if self.after:
            async for found in self._past():
                cursor = found.events[-1].id if isinstance(found, Batch) else cursor
                if isinstance(found, Gap):
                    cursor = "0-0"
                    yield found
                elif batch := self._wanted(found):
                    yield batch
        with self.feed.listen(self.filter, cursor, send) as listener:  # type: ignore[arg-type]
            async for live in self._live(listener):
                yield live

    async def _past(self) -> AsyncIterator[Batch | Gap]:
        """What is behind the feed already. When it ends, nothing has been awaited since the last look."""
        cursor = self.after
        if gap := await self._gap():
            yield gap
            cursor = "0-0"
        while order_of(cursor) < order_of(self.feed.position):
            page = await self.store.past_events(cursor, limit=PAGE)
            if not page:
                return
            cursor = page[-1].id
            yield Batch.of([Happened.of(event) for event in page])

    async def _gap(self) -> Gap | None:
        """Whether events are missing between where one left off and the oldest there is."""
        if order_of(self.after) == (0, 0):
            return None
        if order_of(self.after) > order_of(self.feed.position):
            return Gap(self.after, "the store has begun anew")
        oldest = await self.store.past_events("0-0", limit=1)
        if oldest and order_of(oldest[0].id) > order_of(self.after):
            return Gap(self.after, "older events are not kept")
        return None

    def _wanted(self, batch: Batch) -> Batch | None:
        events = [event for event in batch.events if self.filter.passes(event)]
        return Batch.of(events) if events else None

    async def _live(self, listener: Listener) -> AsyncIterator[Batch | Gap | None]:
        loop = asyncio.get_running_loop()
        beat = loop.time() + BEAT_S
        while not self.feed.closed:
            batch = await listener.next(max(0.0, beat - loop.time()))
            if lost := listener.found():
                yield Gap(lost, "you read too slowly")
            if batch:
                yield batch
            if loop.time() >= beat:
                if not await self.good():
                    return
                beat = loop.time() + BEAT_S
                yield None


class EventStream(Response):
    """The answer of `GET /events`."""

    media_type = "text/event-stream"

    def __init__(self, stream: Stream) -> None:
        super().__init__(None)
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the client goes, or is stuck."""
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        send = scope.get("state", {}).get("send", send)
        await _chunk(send, b"retry: 2000\n\n")
        gone = asyncio.create_task(_gone(receive), name="events: until the client goes")
        sending = asyncio.create_task(self._send(send), name="events: send")
        await asyncio.wait({gone, sending}, return_when=asyncio.FIRST_COMPLETED)
        for task in (gone, sending):
            task.cancel()
        await asyncio.gather(gone, sending, return_exceptions=True)
        with contextlib.suppress(Exception):
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send(self, send: Send) -> None:
        async for found in self._stream.read(send):
            if isinstance(found, Batch):
                await _chunk(send, found.sse)
            elif found is None:
                await _chunk(send, b": alive\n\n")
            else:
                await _chunk(send, f"event: gap\ndata: {found.text}\n\n".encode())


@dataclass(frozen=True)
class Streams:
    """Answers those who want to hear what happens."""

    store: Store
    feed: Feed
    still: Callable[[Credential], Awaitable[bool]]
    """Whether one who listens for long may go on."""

    async def answer(self, request: Request) -> Response:
        """An event stream."""
        return EventStream(await self.of(request))

    async def of(self, client: Request | WebSocket) -> Stream:
        """What somebody asks for.

        Raises:
            FrameworkError: It can't be, or not now.
        """
        credential = credential_of(client)
        asked = {name: client.query_params.get(name, "") for name in ("session", "tenant", "types", "after")}
        asked["after"] = client.headers.get("last-event-id", "") or asked["after"]
        if any(len(value) > LONGEST for value in asked.values()):
            raise RefusedError(f"a filter is longer than {LONGEST} characters", status=422, fix="Ask for less at once.")
        after = _id(asked.pop("after"))
        wanted = filter_of(credential, **asked)
        if not self.feed.alive:
            raise StoreError("the store can't be reached")
        if after:
            await self.store.past_events(after, limit=1)  # once the answer has begun, it is too late to say no
        return Stream(self.store, self.feed, wanted, after, lambda: self.still(credential))


def add(app: FastAPI, streams: Streams) -> None:
    """Add the routes."""

    @app.get("/events", response_class=Response, responses={200: _AS_EVENTS, **openapi.PROBLEMS})
    async def events(
        request: Request,
        session: Text = "",  # noqa: ARG001 - named for the OpenAPI document
        tenant: Text = "",  # noqa: ARG001 - likewise
        types: Text = "",  # noqa: ARG001 - likewise
        after: Text = "",  # noqa: ARG001 - likewise
    ) -> Response:
        """What happens, as server-sent events. `types` may name several, with commas; `session.` is all of a kind."""
        return await streams.answer(request)

    @app.websocket("/ws/events")
    async def live(client: WebSocket) -> None:
        """The same over a WebSocket: each message one event, with the attribute `cursor` to go on from."""
        try:
            stream = await streams.of(client)
        except FrameworkError as error:
            await client.close(_CLOSES.get(getattr(error, "status", 503), 4400), error.message[:120])
            return
        await client.accept()
        await _over(client, stream)


def filter_of(credential: Credential, *, session: str = "", tenant: str = "", types: str = "") -> Filter:
    """What is asked for, as far as the credential may see it."""
    kinds = tuple(sorted({part.strip().removesuffix("*") for part in types.split(",")} - {""}))
    return Filter(tenant_seen(credential, tenant), session, kinds)


_AS_EVENTS: dict[str, Any] = {
    "description": "CloudEvents 1.0, each as one event; `id` is where one goes on from.",
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}
_CLOSES = {403: 4403, 404: 4404, 422: 4422, 503: 4503}


async def _over(client: WebSocket, stream: Stream) -> None:
    hearing = asyncio.create_task(_hear(client), name="events: until the client goes")
    sending = asyncio.create_task(_messages(client, stream), name="events: send")
    await asyncio.wait({hearing, sending}, return_when=asyncio.FIRST_COMPLETED)
    for task in (hearing, sending):
        task.cancel()
    await asyncio.gather(hearing, sending, return_exceptions=True)
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await client.close(4503, "the stream has ended; go on from your last cursor")


async def _messages(client: WebSocket, stream: Stream) -> None:
    async for found in stream.read():
        for text in _texts(found):
            async with asyncio.timeout(STUCK_S):
                await client.send_text(text)


def _texts(found: Batch | Gap | None) -> Sequence[str]:
    if isinstance(found, Batch):
        return [f'{{"cursor":"{event.id}",{event.text.lstrip()[1:]}' for event in found.events]
    return [found.text] if found else []


async def _hear(client: WebSocket) -> None:
    """Clients have nothing to say here; what they say is read, so that their going is heard."""
    while (await client.receive())["type"] != "websocket.disconnect":
        pass


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _chunk(send: Send, data: bytes) -> None:
    async with asyncio.timeout(STUCK_S):
        await send({"type": "http.response.body", "body": data, "more_body": True})


def _id(text: str) -> str:
    if text and not _ID.fullmatch(text):
        raise RefusedError(
            "that is no id of an event",
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            fix="Send the `id` of the last event that you have, such as 1700000000000-0.",
        )
    return text
