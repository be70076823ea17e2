"""Sessions that go to the witness's room and talk there, as long as their lease allows. They need no Pipecat."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chaos.witness import SAID
from starlette.applications import Starlette

from framework.errors import SessionError
from framework.processes.worker import Result
from framework.sessions.events import Event, iso
from framework.sessions.spec import SessionSpec

WITNESS = "CHAOS_WITNESS"
"""Port of the room server."""
WORD_S = 0.03
EVENT_WORDS = 5
"""Words between two events."""


class Talker:
    """The backend."""

    def __init__(self, root: Path, stack: str) -> None:
        pass

    async def prepare(self, tell: Callable[[str], None]) -> None:
        tell("clearing its throat")

    def open(self, spec: SessionSpec, on_event: Callable[[Event], None], *, client_s: float, **_: Any) -> Talk:
        return Talk(spec, on_event)


class Talk:
    """One session; `config.lasts_s` says how long it is."""

    def __init__(self, spec: SessionSpec, on_event: Callable[[Event], None]) -> None:
        self.spec, self._on_event = spec, on_event
        self.app = Starlette()
        self._until = float("inf")
        self._over = asyncio.Event()
        self._reason = "completed"
        self._room: socket.socket | None = None

    async def run(self, phase: Callable[[str], None]) -> Result:
        while not self._may_speak and not self._over.is_set():
            await asyncio.sleep(WORD_S)
        if self._over.is_set():
            return Result(reason=self._reason)
        await self._enter()
        phase("talking")
        ends_at = time.monotonic() + float(self.spec.config.get("lasts_s", 1.0))
        words = 0
        while time.monotonic() < ends_at and not self._over.is_set():
            words += self._say("word")
            if words % EVENT_WORDS == 1:
                self._tell("node.entered", node=f"n{words}", kind="say", depth=0)
            await asyncio.sleep(WORD_S)
        if self._room:
            self._room.close()
            self._room = None
        return Result(reason=self._reason)

    def lease(self, until: float) -> None:
        self._until = until

    async def order(self, order: Any, tell: Callable[[str, str], None]) -> None:
        if order.kind not in ("say", "end", "set", "goto"):
            raise SessionError(f"`{order.kind}` is nothing for a talker")
        tell("applied", "")
        if order.kind == "end":
            self._finish(order.reason)
        while order.kind == "say" and not self._say(f"word {order.order_id}"):
            if self._over.is_set():
                raise SessionError("it ended before it was said")
            await asyncio.sleep(WORD_S)
        if order.kind == "say":
            tell("spoken", "")

    async def stop(self, reason: str) -> None:
        self._finish(reason)

    async def cancel(self, reason: str) -> None:
        self._finish(reason)

    @property
    def _may_speak(self) -> bool:
        return time.monotonic() < self._until

    def _say(self, line: str) -> bool:
        """Look at the lease, and speak: nothing lies between."""
        if self._room is None or not self._may_speak:
            return False
        self._room.send(f"{line} {SAID}{time.time()}\n".encode())
        return True

    async def _enter(self) -> None:
        loop, room = asyncio.get_running_loop(), socket.socket()
        room.setblocking(False)
        await loop.sock_connect(room, ("127.0.0.1", int(os.environ[WITNESS])))
        me = f"join {self.spec.session_id} {self.spec.epoch} bot-{self.spec.room.role}\n"
        await loop.sock_sendall(room, me.encode())
        if not await loop.sock_recv(room, 64):
            raise SessionError("the room is closed")
        self._room = room

    def _finish(self, reason: str) -> None:
        self._reason = reason
        self._over.set()

    def _tell(self, event_type: str, /, **data: Any) -> None:
        event = Event(
            type=event_type, session=self.spec.session_id, flow=self.spec.flow, time=iso(time.time()), data=data
        )
        self._on_event(event)
