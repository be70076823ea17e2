"""What the control plane's side of a runner needs from the process that holds the sessions, and the other way round."""

from __future__ import annotations

from typing import Any, Protocol

from framework.sessions.orders import AnyOrder
from framework.sessions.spec import SessionSpec


class Listener(Protocol):
    """Hears what becomes of the sessions that a `Holder` holds. Called on the event loop; must not block or raise."""

    def phase(self, session_id: str, phase: str) -> None:
        """The session is `starting`, `waiting` for its client, `talking` or `ending`.

        The first phase that isn't `starting` says that the bot is in its room.
        """
        ...

    def happened(self, session_id: str, event: dict[str, Any]) -> None:
        """An event of the session, as `framework.sessions.events` writes it."""
        ...

    def obeyed(self, session_id: str, order_id: str, status: str, why: str) -> None:
        """An order is now `applied`, `spoken` or `refused`; the last one said for an order is its final status."""
        ...

    def kept(self, session_id: str, checkpoint: str) -> None:
        """The session's last checkpoint, to be kept instead of the one before; empty: there is none any more."""
        ...

    def over(self, session_id: str, state: str, reason: str, message: str) -> None:
        """The session has `ended` or `failed`; said once."""
        ...


class Holder(Protocol):
    """Holds the sessions of one runner."""

    @property
    def capacity(self) -> int:
        """Sessions it could hold at once."""
        ...

    async def start(self, spec: SessionSpec, *, checkpoint: str | None = None) -> None:
        """Begin a session. The same id and epoch again changes nothing; raises `FrameworkError` when it can't.

        Args:
            spec: What to run.
            checkpoint: Where an earlier process left off, or empty where it begins: the listener is told checkpoints
                (`kept`). None: nobody wants any.
        """
        ...

    def order(self, session_id: str, order: AnyOrder) -> None:
        """Hand an order on; the listener hears what becomes of it. The same order again changes nothing."""
        ...

    def lease(self, session_id: str, until: float) -> None:
        """Let the session speak until this moment of `time.monotonic()`; past it, it is silent but goes on.

        The first lease of a session may come before its `start`.
        """
        ...

    def leave(self, session_id: str, reason: str) -> None:
        """Begin to end a session politely, then harder."""
        ...

    def fence(self, session_id: str, reason: str) -> None:
        """Another one has the session, or nobody: end it now, without a word."""
        ...
