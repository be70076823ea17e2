"""A session that this runner has, or had: how far it is, whose process it is in, and what it was told."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from framework.processes.child import Child
from framework.processes.messages import Obeyed
from framework.sessions.events import iso
from framework.sessions.orders import SPOKEN, AnyOrder
from framework.sessions.spec import SessionSpec
from framework.web.ports import SessionView


@dataclass
class Given:
    """An order that the session was given."""

    first: asyncio.Future[Obeyed]
    """What it said to it at once."""
    order: AnyOrder
    last: Obeyed | None = None
    """What it said last."""

    @property
    def done(self) -> bool:
        """Whether nothing more is to be said to it."""
        return self.last is not None and (self.last.status != "applied" or self.order.kind not in SPOKEN)

    def take(self, said: Obeyed) -> None:
        """It has said this."""
        self.last = said
        if not self.first.done():
            self.first.set_result(said)


@dataclass
class Held:
    """A session under one epoch."""

    spec: SessionSpec
    state: str = "starting"
    child: Child | None = None
    until: float | None = None
    """How long it may speak; without a lease, for ever."""
    started_at: float = field(default_factory=time.time)
    ended_at: float = 0.0
    reason: str = ""
    message: str = ""
    node: str = ""
    orders: dict[str, Given] = field(default_factory=dict)
    there: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    ending: bool = False
    vanished: bool = False
    fenced: bool = False

    @property
    def session(self) -> str:
        """Its id."""
        return self.spec.session_id

    def view(self) -> SessionView:
        """What may be shown of it."""
        return SessionView(
            session_id=self.spec.session_id,
            bot=self.spec.bot,
            flow=self.spec.flow,
            channel=self.spec.channel,
            transport=self.spec.transport,
            state=self.state,  # type: ignore[arg-type]  # only the words of `SessionView.state` are ever put in
            started_at=iso(self.started_at),
            ended_at=iso(self.ended_at) if self.ended_at else "",
            reason=self.reason,
            message=self.message,
            node=self.node,
            pid=self.child.pid if self.child and not self.over.is_set() else 0,
        )
