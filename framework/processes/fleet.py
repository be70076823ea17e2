"""A runner's part in a fleet: who it is there, and its door, which starts only what the store says is its own."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framework.control.member import Member
from framework.control.records import Runner
from framework.control.settings import build_from, seconds
from framework.processes.supervisor import Supervisor
from framework.sessions.orders import AnyOrder
from framework.sessions.spec import SessionSpec
from framework.web.ports import Readiness, RefusedError, SessionView, WorkerView

STALE_S = 15.0
"""Without an answer of the store for so long, a runner is no longer ready."""


@dataclass(frozen=True, kw_only=True)
class Membership:
    """Who a runner is in its fleet."""

    pool: str = "shared.default.any"
    address: str = ""
    """Base URL under which gateways reach it; empty: the address it listens on."""
    launch: str = ""
    name: str = ""
    build: str = "any"
    sessions: int = 0
    """It leaves after so many sessions, once the last is over; 0: it stays."""
    idle_s: float = 0.0
    """It leaves when it has had no session for so long; 0: it stays."""

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Membership:
        """As a launcher or an operator has set it."""
        build = build_from(environment)
        launch = environment.get("CONVO_LAUNCH_ID", "")
        alone = launch and environment.get("CONVO_CAPACITY") == "1"
        return cls(
            pool=environment.get("CONVO_POOL", "") or f"shared.default.{build}",
            address=environment.get("CONVO_RUNNER_ADDRESS", ""),
            launch=launch,
            name=environment.get("CONVO_RUNNER_NAME", "") or socket.gethostname(),
            build=build,
            sessions=1 if alone else 0,
            idle_s=seconds(environment, "CONVO_IDLE_SECS", 0.0, zero=True),
        )

    def runner(self, capacity: int, url: str) -> Runner:
        """The runner as the store knows it, under an id of this process's own."""
        return Runner(
            runner_id=uuid.uuid4().hex,
            capacity=capacity,
            pool=self.pool,
            address=self.address or url,
            launch=self.launch,
            name=f"{self.name}/{os.getpid()}",
            build=self.build,
        )


class FleetSessions:
    """The sessions of a runner in a fleet; implements `framework.web.ports.Sessions`.

    Authority lies with the store: `POST /start` here is a hint that names a session and its epoch.
    """

    def __init__(self, supervisor: Supervisor, member: Member) -> None:
        self._supervisor = supervisor
        self._member = member

    async def start(self, spec: SessionSpec) -> None:
        """Claim a session that the store has given to this runner."""
        if not spec.epoch:
            raise RefusedError(
                "this runner belongs to a fleet and starts what the gateway gives it",
                fix="Send POST /start to the gateway.",
            )
        if not await self._member.offer(spec.session_id, spec.epoch):
            raise RefusedError(f"the session `{spec.session_id}` is not this runner's", fix="Ask the gateway for it.")

    def all(self) -> list[SessionView]:
        """Sessions that live here, and those that ended lately."""
        return self._supervisor.all()

    def view(self, session_id: str) -> SessionView:
        """One session."""
        return self._supervisor.view(session_id)

    def leave(self, session_id: str, reason: str) -> None:
        """Begin to end a session."""
        self._supervisor.leave(session_id, reason)

    def vanished(self, session_id: str) -> None:
        """The session's client has gone away."""
        self._supervisor.vanished(session_id)

    async def ordered(self, session_id: str, order: AnyOrder) -> str:
        """Refused: an order that the store doesn't know would be lost with this process."""
        self._supervisor.view(session_id)
        raise RefusedError(f"order `{order.kind}` is the gateway's to take", fix="Send it to its POST /admin.")

    def socket(self, session_id: str) -> Path:
        """Where the session's worker listens."""
        return self._supervisor.socket(session_id)

    def workers(self) -> list[WorkerView]:
        """The processes that sessions are in, and those that wait for one."""
        return self._supervisor.workers()

    def readiness(self) -> Readiness:
        """Whether it would be given a session now: it is warm, registered, and the store answers it."""
        ready = self._supervisor.readiness()
        if self._member.progress_s < STALE_S:
            return ready
        problem = ready.problem or ("the store does not answer" if self._member.registered.is_set() else "")
        return Readiness(**{**vars(ready), "ready": False, "problem": problem})

    def refused(self, kind: str) -> None:
        """Count a client's message that was refused."""
        self._supervisor.refused(kind)

    def counts(self) -> dict[str, Any]:
        """What was counted since the start."""
        return self._supervisor.counts()
