"""SmallWebRTC: a browser's or program's audio over one WebRTC connection, with no server in between."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from framework import Registry, SessionSpec, Transport, TransportContext, hookimpl


class SmallWebRTC(Transport):
    """One peer connection is one session."""

    name: ClassVar[str] = "smallwebrtc"
    needs_signalling: ClassVar[bool] = True

    def build(self, context: TransportContext) -> Any:
        """Pipecat's transport on the peer connection that the offer made."""
        from pipecat.transports.base_transport import TransportParams  # noqa: PLC0415 - weight is carried when needed
        from pipecat.transports.smallwebrtc.transport import SmallWebRTCTransport  # noqa: PLC0415

        params = TransportParams(audio_in_enabled=True, audio_out_enabled=True, **context.options)
        return SmallWebRTCTransport(webrtc_connection=context.connection, params=params)

    def signalling(self, session: SessionSpec, connected: Callable[[Any], Awaitable[asyncio.Event]]) -> Any:
        """`POST api/offer` answers an offer, `PATCH api/offer` takes further candidates."""
        from .signalling import Signalling  # noqa: PLC0415 - weight is carried when needed

        del session
        return Signalling(connected).app


@hookimpl
def register_transports(transports: Registry[Transport]) -> None:
    """Offer `smallwebrtc`."""
    transports.add(SmallWebRTC())
