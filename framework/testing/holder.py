"""A holder of sessions that runs none: what a control plane does with it is real, what is said in it is not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from framework.control.ports import Listener
from framework.errors import SessionError
from framework.sessions.orders import AnyOrder
from framework.sessions.spec import SessionSpec


@dataclass
class Pretended:
    """One session that goes through its phases without a pipeline."""

    spec: SessionSpec
    until: float = float("inf")
    """Moment of `time.monotonic()` past which it may not speak."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    orders: list[AnyOrder] = field(default_factory=list)

    @property
    def may_speak(self) -> bool:
        """Whether its lease holds."""
        return not self.over.is_set() and time.monotonic() < self.until


class PretendHolder:
    """Implements `framework.control.ports.Holder`; one lasts `lasts_s` seconds, or until told to leave."""

    def __init__(
        self,
        capacity: int = 10,
        *,
        lasts_s: float | None = None,
        refuses: Callable[[SessionSpec], str] | None = None,
        silent: bool = False,
    ) -> None:
        self.capacity = capacity
        self.sessions: dict[str, Pretended] = {}
        self.began: list[tuple[str, int]] = []
        """(session, epoch) of each that began, in order."""
        self.left_off: list[str | None] = []
        """With which checkpoint, each."""
        self.listener: Listener | None = None
        self._leases: dict[str, float] = {}
        self._lasts_s = lasts_s
        self.silent = silent
        """Its sessions begin and never come into their room."""
        self._refuses = refuses or (lambda _: "")

    async def start(self, spec: SessionSpec, *, checkpoint: str | None = None) -> None:
        """Begin a session; it is in its room at once."""
        there = self.sessions.get(spec.session_id)
        if there and not there.over.is_set():
            return
        if why := self._refuses(spec):
            raise SessionError(why)
        self.sessions[spec.session_id] = Pretended(spec, until=self._leases.pop(spec.session_id, float("inf")))
        self.began.append((spec.session_id, spec.epoch))
        self.left_off.append(checkpoint)
        if not self.silent:
            self._tell.phase(spec.session_id, "talking")
        if self._lasts_s is not None:
            asyncio.get_running_loop().call_later(self._lasts_s, self.end, spec.session_id, "finished")

    def order(self, session_id: str, order: AnyOrder) -> None:
        """Carry an order out at once."""
        self.sessions[session_id].orders.append(order)
        self._tell.obeyed(session_id, order.order_id, "applied", "")
        if order.kind in ("say", "instruct"):
            self._tell.obeyed(session_id, order.order_id, "spoken", "")
        if order.kind == "end":
            self.end(session_id, order.reason)

    def lease(self, session_id: str, until: float) -> None:
        """Let it speak until then."""
        session = self.sessions.get(session_id)
        if session is None or session.over.is_set():
            self._leases[session_id] = until
        else:
            session.until = until

    def leave(self, session_id: str, reason: str) -> None:
        """End it politely."""
        self.end(session_id, reason)

    def fence(self, session_id: str, reason: str) -> None:
        """End it without a word."""
        self.end(session_id, reason)

    def end(self, session_id: str, reason: str, state: str = "ended") -> None:
        """Make a session be over."""
        session = self.sessions[session_id]
        if not session.over.is_set():
            session.over.set()
            self._tell.over(session_id, state, reason, "")

    @property
    def _tell(self) -> Listener:
        if self.listener is None:
            raise RuntimeError("the holder has no listener yet")
        return self.listener
