"""A transport: how a person's audio and text reach the pipeline.

A plugin subclasses `Transport` and registers an instance. Registering costs nothing: `build` imports Pipecat when it is
called, inside the worker that has the session.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from framework.sessions.spec import SessionSpec

if TYPE_CHECKING:
    import asyncio


@dataclass(frozen=True, kw_only=True)
class TransportContext:
    """What a transport gets to make one connection."""

    session: SessionSpec = field(default_factory=SessionSpec)
    connection: Any = None
    """What the door has accepted: a WebRTC connection, a WebSocket, a terminal; the transport's own kind."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Parameters of the pipeline that the transport has to agree with: sample rates, an analyser for voice activity."""


class Transport(ABC):
    """A way in, under a name that `convo.yaml` and `POST /start` use."""

    name: ClassVar[str]
    channel: ClassVar[Literal["voice", "text"]] = "voice"
    needs_signalling: ClassVar[bool] = False
    """True when clients speak HTTP or a WebSocket with the very process that has the session."""

    @abstractmethod
    def build(self, context: TransportContext) -> Any:
        """The Pipecat transport for one session; called inside its event loop."""

    def signalling(self, session: SessionSpec, connected: Callable[[Any], Awaitable[asyncio.Event]]) -> Any:
        """The ASGI application that answers clients below `/sessions/{id}`; where `needs_signalling`.

        It accepts one client and hands `connected` the connection, which comes back to `build` in its context. The
        event that `connected` answers with is set when the session is over: a WebSocket's handler waits for it.
        """
        raise NotImplementedError(f"the transport `{self.name}` has no signalling")
