"""WebSocket: audio and messages as protobuf frames over one WebSocket; also the way of typed sessions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from framework import Registry, SessionSpec, Transport, TransportContext, hookimpl


class Socket(Transport):
    """What Pipecat's WebSocket clients speak: one connection is one session."""

    name: ClassVar[str] = "websocket"
    needs_signalling: ClassVar[bool] = True

    def build(self, context: TransportContext) -> Any:
        """Pipecat's transport on the accepted WebSocket; without audio where the session is typed."""
        from pipecat.transports.websocket.fastapi import (  # noqa: PLC0415 - weight is carried when needed
            FastAPIWebsocketParams,
            FastAPIWebsocketTransport,
        )

        from .frames import CarefulSerializer  # noqa: PLC0415

        audible = context.session.channel == "voice"
        params = FastAPIWebsocketParams(
            audio_in_enabled=audible,
            audio_out_enabled=audible,
            serializer=CarefulSerializer(),
            allowed_origins=[],  # the runner's own door has decided about origins
            **context.options,
        )
        return FastAPIWebsocketTransport(websocket=context.connection, params=params)

    def signalling(self, session: SessionSpec, connected: Callable[[Any], Awaitable[asyncio.Event]]) -> Any:
        """`ws-client`, as in Pipecat's development runner."""
        from .signalling import one_socket  # noqa: PLC0415 - weight is carried when needed

        del session
        return one_socket("/ws-client", connected)


class Eval(Transport):
    """How Pipecat's eval harness connects; the runner offers it in a test profile only."""

    name: ClassVar[str] = "eval"
    needs_signalling: ClassVar[bool] = True

    def build(self, context: TransportContext) -> Any:
        """The transport was built when the harness connected, from its first message."""
        return context.connection

    def signalling(self, session: SessionSpec, connected: Callable[[Any], Awaitable[asyncio.Event]]) -> Any:
        """`ws`, as in Pipecat's development runner."""
        from .signalling import one_harness  # noqa: PLC0415 - weight is carried when needed

        return one_harness("/ws", session.session_id, connected)


@hookimpl
def register_transports(transports: Registry[Transport]) -> None:
    """Offer `websocket`, and `eval` for tests."""
    transports.add(Socket())
    transports.add(Eval())
