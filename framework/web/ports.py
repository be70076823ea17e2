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
class WorkerView:
    """A worker process, for metrics and for people who look after it."""

    pid: int
    state: Literal["starting", "idle", "busy", "ending"]
    sessions: tuple[str, ...]
    tenant: str
    pss_mb: float
    """Its own memory and its share of what it shares with others; 0 until it was measured."""
    lag_ms: float
    """How late its event loop was at its last sign of life."""
    age_s: float


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
        """Give the session a worker; the same id and epoch again changes nothing. Raises `RefusedError`."""
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

    async def ordered(self, session_id: str, order: AnyOrder) -> str:
        """Give an order and return the first that the session says to it; raises `RefusedError`."""
        ...

    def socket(self, session_id: str) -> Path:
        """The Unix socket where the session's worker answers HTTP and WebSocket."""
        ...

    def workers(self) -> list[WorkerView]:
        """The processes that sessions are in, and those that wait for one."""
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
