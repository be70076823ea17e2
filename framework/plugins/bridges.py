"""Bridges: what runs beside a gateway and lets other systems' names, queues and channels reach the fleet."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, ClassVar, Protocol

from framework.errors import FrameworkError


class RefusalError(FrameworkError):
    """The fleet won't do what a bridge asks, and says why; asked again it would say the same, unless it is full."""

    def __init__(
        self, message: str, *, status: int, outcome: str = "", fix: str = "", retry_after_s: int = 0, of: str = ""
    ) -> None:
        super().__init__(message, fix=fix)
        self.status = status
        """As over HTTP: 404, 409, 410, 422, 429."""
        self.outcome = outcome
        """The store's word for it, such as `busy` or `full`; empty where it never came to that."""
        self.retry_after_s = retry_after_s
        self.session_id = of
        """The session that stands in the way, where there is one."""


class FleetAccess(Protocol):
    """What a bridge may do; it is trusted like an operator of the platform and names the tenant each time.

    Every call has a deadline and raises `StoreError` while the store is away: then nothing is known to have happened,
    and the same call may be made again. `RefusalError` is an answer.
    """

    @property
    def settings(self) -> Any:
        """The plugin's settings, as its manifest describes them; None if it has none."""
        ...

    async def join(self, body: Mapping[str, Any], *, tenant: str, session_id: str = "") -> dict[str, Any]:
        """Do what `POST /join` does, and answer the same.

        Args:
            body: As over HTTP. With an `idempotency_key` it may be sent again and starts one session.
            tenant: Whose session it is.
            session_id: An id that somebody outside has given it; the same one again, with the same body, is the same.
        """
        ...

    async def admin(self, body: Mapping[str, Any], *, tenant: str, by: str) -> list[dict[str, Any]]:
        """Do what `POST /admin` does, and answer its `orders`; `by` is who the audit names."""
        ...

    async def leave(self, session_id: str, reason: str) -> str:
        """Do what `POST /sessions/{id}/leave` does: the session is now `ending` or has `ended`."""
        ...

    async def session(self, session_id: str) -> dict[str, Any] | None:
        """One session as `GET /sessions/{id}` shows it."""
        ...

    def sessions(self, *, states: str = "", tenant: str = "") -> AsyncGenerator[dict[str, Any], None]:
        """Sessions as `GET /sessions` shows them; `states` may name several, with commas between them."""
        ...

    async def runners(self) -> list[dict[str, Any]]:
        """The runners that are alive: `runner_id`, `address`, `pool`, `capacity`, `free`, `draining`."""
        ...

    def events(self, after: str) -> AsyncGenerator[Sequence[dict[str, Any]], None]:
        """What happens after an event, without end: CloudEvents, each with its `cursor` to go on from.

        Empty lists come while nothing happens. Without a cursor, or with one from before the store began anew, it
        begins at the oldest event there is.
        """
        ...

    def kept_s(self, state: str) -> float:
        """How long the store keeps a session that is `ended` or `failed`; 0: as long as it lives."""
        ...

    def room(self, text: str) -> str:
        """The one name of a room that may be written in several ways.

        Raises:
            RefusalError: It is no room.
        """
        ...

    async def redis(self, *words: str | int) -> Any:
        """One command to the store's server, for keys of the bridge's own; texts come as bytes. Nothing that blocks."""
        ...

    def hear(self, pattern: str) -> AsyncGenerator[tuple[bytes, bytes], None]:
        """Channel and message of what is published on channels of this pattern.

        It ends with `StoreError` when the connection breaks; what is published until the next call is not heard.
        """
        ...


class Bridge(ABC):
    """Something that runs beside a gateway; off unless `CONVO_BRIDGES` names it.

    Several gateways run the same bridge at once: it has to see to it that what must happen once, does.
    """

    name: str
    needs_redis: ClassVar[bool] = False
    """Whether it makes no sense on a store that is inside the gateway's own process."""

    @abstractmethod
    async def run(self, fleet: FleetAccess) -> None:
        """Work until cancelled. One that raises or returns is named in the log and started again, later each time."""
