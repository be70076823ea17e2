"""What the runner's HTTP door needs from the supervisor behind it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from framework.errors import FrameworkError
from framework.sessions.orders import AnyOrder
from framework.sessions.spec import SessionSpec


class RefusedError(FrameworkError):
    """Something that can't be done now, with the HTTP status that says so."""

    def __init__(self, message: str, *, status: int = 409, fix: str = "", retry_after_s: int = 0) -> None:
        super().__init__(message, fix=fix)
        self.status = status
        self.retry_after_s = retry_after_s


class UnknownSessionError(RefusedError):
    """No session has this id."""

    def __init__(self, session_id: str) -> None:
        super().__init__(
            f"there is no session `{session_id[:64]}`", status=404, fix="See GET /sessions for those that are."
        )


@dataclass(frozen=True, kw_only=True)
class SessionView:
    """A session, as much of it as may be shown: no words of the caller, no tokens."""

    session_id: str
    bot: str
    flow: str
    channel: str
    transport: str
    state: Literal["starting", "waiting", "talking", "ending", "ended", "failed"]
    started_at: str
    ended_at: str = ""
    reason: str = ""
    message: str = ""
    node: str = ""
    pid: int = 0


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """Whether a session would start now, and if not, why."""

    ready: bool
    warm: int
    live: int
    capacity: int
    doing: str = ""
    problem: str = ""
    draining: bool = False


class Sessions(Protocol):
    """The sessions of one runner."""

    async def start(self, spec: SessionSpec) -> None:
        """Give the session a worker; raises `RefusedError`."""
        ...

    def all(self) -> list[SessionView]:
        """Sessions that live, and those that ended lately."""
        ...

    def view(self, session_id: str) -> SessionView:
        """One session; raises `UnknownSessionError`."""
        ...

    def leave(self, session_id: str, reason: str) -> None:
        """Begin to end a session."""
        ...

    def vanished(self, session_id: str) -> None:
        """The session's client has gone away."""
        ...

    async def order(self, session_id: str, order: AnyOrder) -> str:
        """Give an order and return its status; raises `RefusedError`."""
        ...

    def socket(self, session_id: str) -> Path:
        """The Unix socket where the session's worker answers HTTP and WebSocket."""
        ...

    def readiness(self) -> Readiness:
        """Whether a session would start now."""
        ...

    def refused(self, kind: str) -> None:
        """Count a client's message that was refused."""
        ...

    def counts(self) -> dict[str, Any]:
        """What was counted since the start."""
        ...
