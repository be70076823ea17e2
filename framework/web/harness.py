"""The first word of Pipecat's eval harness: whether it will listen or read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any, Self

from starlette.websockets import WebSocket

_GREETING_S = 10.0
_LONGEST = 4096
_AHEAD = 3_000
"""Messages read before the session takes them: a minute of audio, in which the slowest start has failed."""

Message = MutableMapping[str, Any]


class Harness:
    """A harness that has been let in before its session has begun.

    What it sends is read as it comes: a connection that nobody reads hears no answers to its pings and is given up.
    """

    def __init__(self, client: WebSocket) -> None:
        self._client = client
        self._first: Message | None = None
        self._messages: asyncio.Queue[Message] = asyncio.Queue(_AHEAD)
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Accept it and begin to read."""
        await self._client.accept()
        self._reading = asyncio.create_task(self._read(), name="harness: read")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Read no more."""
        if self._reading:
            self._reading.cancel()

    async def channel(self) -> str:
        """`text` for a harness that wants no audio, else `voice`; empty when it says nothing at all."""
        try:
            async with asyncio.timeout(_GREETING_S):
                self._first = await self._messages.get()
        except TimeoutError:
            return ""
        return wanted(str(self._first.get("text", "")))

    async def receive(self) -> Message:
        """The next message, from the first one on."""
        first, self._first = self._first, None
        return first or await self._messages.get()

    async def _read(self) -> None:
        kind = ""
        while kind != "websocket.disconnect":
            message = await self._client.receive()
            kind = message["type"]
            await self._messages.put(message)


def wanted(message: str) -> str:
    """The channel that suits what a harness says first.

    >>> wanted('{"type": "client-message", "data": {"t": "eval-connect", "d": {"skip_tts": true}}}')
    'text'
    """
    try:
        flags = json.loads(message[:_LONGEST])["data"]["d"]
        return "text" if flags["skip_tts"] is True else "voice"
    except (ValueError, KeyError, TypeError, RecursionError):
        return "voice"
