"""Keep workers warm, give each session one, carry orders, watch, and end what has to end. Never imports Pipecat."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
import time
from collections import Counter, OrderedDict
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loguru import logger
from pydantic import BaseModel

from framework.processes.child import Child, spawn
from framework.processes.messages import Cancel, Ended, Happened, Obey, Obeyed, Phase, Start, Stop
from framework.processes.pool import Pool
from framework.processes.settings import RunnerSettings, withhold
from framework.sessions.events import iso
from framework.sessions.orders import AnyOrder
from framework.sessions.spec import SessionSpec
from framework.web.ports import Readiness, RefusedError, SessionView, UnknownSessionError

_REMEMBERED = 200
"""Sessions that are kept in the list after their end."""


@dataclass
class Held:
    """A session that this runner has, or had."""

    spec: SessionSpec
    state: str = "starting"
    child: Child | None = None
    started_at: float = field(default_factory=time.time)
    ended_at: float = 0.0
    reason: str = ""
    message: str = ""
    node: str = ""
    orders: dict[str, asyncio.Future[Obeyed]] = field(default_factory=dict)
    there: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    ending: bool = False
    vanished: bool = False

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


class Supervisor:
    """The sessions of one runner; implements `framework.web.ports.Sessions`."""

    def __init__(self, settings: RunnerSettings) -> None:
        self._settings = settings
        self._folder = Path(tempfile.mkdtemp(prefix="convo-"))
        self._environment, self._secrets = withhold(os.environ)
        self._held: OrderedDict[str, Held] = OrderedDict()
        self._children: set[Child] = set()
        self._texts: dict[str, Child] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._counts: Counter[str] = Counter()
        self._text_lock = asyncio.Lock()
        self.draining = False
        self.pool = Pool(self._spawn, spare=settings.spare, deadlines=settings.deadlines)

    # --- the runner's life ----------------------------------------------------

    def open(self) -> None:
        """Begin: warm workers up and watch them."""
        self.pool.open()
        self._keep(self._watch(), name="supervisor: watch")

    async def drain(self, patience: float) -> None:
        """Take no new session; let those that live go on for a while, then ask them to end."""
        self.draining = True
        await self._until_over(patience)
        for held in self._live():
            self.leave(held.spec.session_id, "drained")
        limits = self._settings.deadlines
        await self._until_over(limits.stop_s + limits.cancel_s + limits.term_s + 2)

    async def close(self) -> None:
        """End every worker; afterwards no process of ours is left."""
        self.draining = True
        await self.pool.close()
        await asyncio.gather(*(child.end(self._settings.deadlines) for child in [*self._children]))
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    # --- sessions -------------------------------------------------------------

    async def start(self, spec: SessionSpec) -> None:
        """Give the session a warm worker."""
        self._admit(spec)
        held = self._held[spec.session_id] = Held(spec)
        try:
            held.child = await self._worker_for(spec)
        except RefusedError as refusal:
            self._over(held, "failed", "start", str(refusal))
            raise
        held.child.sessions.add(spec.session_id)
        held.child.send(Start(spec=spec, secrets=self._secrets))
        self._counts["sessions_started"] += 1
        await self._until_there(held)

    def all(self) -> list[SessionView]:
        """Sessions that live, and those that ended lately."""
        return [held.view() for held in self._held.values()]

    def view(self, session_id: str) -> SessionView:
        """One session."""
        return self._get(session_id).view()

    def leave(self, session_id: str, reason: str) -> None:
        """Begin to end a session, harder at every step."""
        held = self._get(session_id)
        if not held.ending and not held.over.is_set():
            held.ending, held.state = True, "ending"
            self._keep(self._end(held, reason), name=f"{session_id}: end")

    def vanished(self, session_id: str) -> None:
        """The session's client is gone: its worker has a moment to notice, then it is ended from outside."""
        held = self._get(session_id)
        if not held.over.is_set() and not held.vanished:
            held.vanished = True
            self._keep(self._end_overdue(held), name=f"{session_id}: overdue")

    async def order(self, session_id: str, order: AnyOrder) -> str:
        """Give an order; the same id again answers what became of the first."""
        held = self._get(session_id)
        if held.over.is_set() or not held.child:
            raise RefusedError(f"the session has ended ({held.reason})", fix="Start another one.")
        answer = held.orders.get(order.order_id)
        if answer is None:
            answer = held.orders[order.order_id] = asyncio.get_running_loop().create_future()
            held.child.send(Obey(session=session_id, order=order))
        try:
            said = await asyncio.wait_for(asyncio.shield(answer), self._settings.deadlines.order_s)
        except TimeoutError:
            raise RefusedError(
                "the session didn't answer in time", status=504, fix="Try the same order_id again."
            ) from None
        if said.refused:
            raise RefusedError(said.refused)
        return said.status

    def socket(self, session_id: str) -> Path:
        """Where the session's worker listens."""
        held = self._get(session_id)
        if held.over.is_set() or not held.child:
            raise RefusedError(f"the session has ended ({held.reason})", status=410, fix="Start another one.")
        return held.child.socket

    def readiness(self) -> Readiness:
        """Whether a session would start now."""
        live = len(self._live())
        return Readiness(
            ready=bool(self.pool.warm) and not self.draining and live < self._settings.max_sessions,
            warm=self.pool.warm,
            live=live,
            capacity=self._settings.max_sessions,
            doing=self.pool.doing,
            problem=self.pool.problem,
            draining=self.draining,
        )

    def refused(self, kind: str) -> None:
        """Count a client's message that was refused."""
        self._counts[f"refused_{kind}"] += 1

    def counts(self) -> dict[str, Any]:
        """What was counted since the start."""
        return dict(self._counts)

    # --- inside ---------------------------------------------------------------

    def _admit(self, spec: SessionSpec) -> None:
        if self.draining:
            raise RefusedError("the runner is leaving and takes no new session", status=503, retry_after_s=30)
        if len(self._live()) >= self._settings.max_sessions:
            raise RefusedError(
                f"all {self._settings.max_sessions} places are taken",
                status=503,
                retry_after_s=10,
                fix="Try again later.",
            )
        if spec.session_id in self._held:
            raise RefusedError(f"the session `{spec.session_id}` exists already")
        if spec.not_after is not None and spec.not_after < time.time():
            raise RefusedError("the session should have begun earlier (`not_after` has passed)", status=410)

    async def _until_there(self, held: Held) -> None:
        """Until the worker has the session, so that a client who comes at once is not too early."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(held.there.wait(), self._settings.deadlines.order_s)
        if held.state == "failed":
            raise RefusedError(f"the session could not begin: {held.message or held.reason}", status=500)

    async def _worker_for(self, spec: SessionSpec) -> Child:
        if spec.channel == "voice":
            return self._own(await self.pool.take(), spec)
        async with self._text_lock:
            shared = self._texts.get(spec.tenant)
            if shared and not shared.retired and len(shared.sessions) < self._settings.texts_per_worker:
                return shared
            if shared:
                shared.retired = True
            self._texts[spec.tenant] = self._own(await self.pool.take(), spec)
            return self._texts[spec.tenant]

    def _own(self, child: Child, spec: SessionSpec) -> Child:
        child.tenant = spec.tenant
        return child

    async def _spawn(self) -> Child:
        child = await spawn(self._settings, self._folder, self._environment, self._heard)
        self._children.add(child)
        return child

    def _heard(self, child: Child, message: BaseModel | None) -> None:
        match message:
            case None:
                self._lost(child)
            case Phase(session=session, phase=phase) if session in child.sessions:
                held = self._held[session]
                held.state = "ending" if held.ending else phase
                held.there.set()
                if phase == "ending":
                    self.vanished(session)
            case Happened(session=session, event=event) if session in child.sessions:
                if event.get("type") == "node.entered":
                    self._held[session].node = str(event.get("data", {}).get("node", ""))
            case Obeyed(session=session) if session in child.sessions:
                answer = self._held[session].orders.get(message.order_id)
                if answer and not answer.done():
                    answer.set_result(message)
            case Ended(session=session) if session in child.sessions:
                self._over(self._held[session], message.status, message.reason, message.message)
                self._after_session(child, session)

    def _after_session(self, child: Child, session: str) -> None:
        child.sessions.discard(session)
        shared = self._texts.get(child.tenant) is child
        if not child.sessions and (not shared or child.retired):
            self._keep(child.end(self._settings.deadlines), name=f"worker {child.pid}: end")
        elif not child.sessions:
            self._keep(self._linger(child), name=f"worker {child.pid}: linger")

    async def _linger(self, child: Child) -> None:
        """Let a text worker go when nobody has needed it for a while."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(child.gone.wait(), self._settings.deadlines.linger_s)
        if not child.sessions and self._texts.get(child.tenant) is child:
            del self._texts[child.tenant]
            await child.end(self._settings.deadlines)

    def _lost(self, child: Child) -> None:
        """A process is gone: what it still had has failed."""
        self._children.discard(child)
        self.pool.lost(child)
        if self._texts.get(child.tenant) is child:
            del self._texts[child.tenant]
        for session in [*child.sessions]:
            held = self._held[session]
            reason = "killed" if held.ending else "lost"
            self._over(held, "failed", reason, "the session's process ended before the session did")
        child.sessions.clear()

    async def _end_overdue(self, held: Held) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(held.over.wait(), self._settings.deadlines.notice_s)
        if not held.over.is_set() and not held.ending:
            held.ending = True
            await self._end(held, "hangup", polite=False)

    async def _end(self, held: Held, reason: str, *, polite: bool = True) -> None:
        """Polite stop, cancel, SIGTERM, SIGKILL, each with its deadline."""
        session, child, limits = held.spec.session_id, held.child, self._settings.deadlines
        if not child:
            return
        steps: list[tuple[Stop | Cancel, float]] = [(Cancel(session=session, reason=reason), limits.cancel_s)]
        if polite:
            steps.insert(0, (Stop(session=session, reason=reason), limits.stop_s))
        for message, patience in steps:
            child.send(message)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(held.over.wait(), patience)
            if held.over.is_set():
                return
        logger.bind(session=session, pid=child.pid).warning("a session would not end")
        child.retired = True
        if len(child.sessions) == 1:
            await child.end(limits, ask=False)
        else:  # others talk in the same process; it goes with the last of them
            child.sessions.discard(session)
            self._over(held, "failed", "stuck", "the session did not end when it was told to")

    def _over(self, held: Held, state: str, reason: str, message: str) -> None:
        if held.over.is_set():
            return
        held.state, held.reason, held.message, held.ended_at = state, reason, message, time.time()
        held.there.set()
        held.over.set()
        self._counts[f"sessions_{state}"] += 1
        for order_id, answer in held.orders.items():
            if not answer.done():
                refusal = f"the session ended ({reason}) before the order was carried out"
                answer.set_result(
                    Obeyed(session=held.spec.session_id, order_id=order_id, status="refused", refused=refusal)
                )
        self._forget()

    def _forget(self) -> None:
        over = [session for session, held in self._held.items() if held.over.is_set()]
        for session in over[:-_REMEMBERED]:
            del self._held[session]

    async def _watch(self) -> None:
        """Kill workers that have fallen silent."""
        while True:
            await asyncio.sleep(min(1.0, self._settings.deadlines.silent_s / 4))
            for child in [*self._children]:
                if child.settled.is_set() and child.silent_s > self._settings.deadlines.silent_s and not child.retired:
                    logger.bind(pid=child.pid).error("a worker gave no sign of life and is killed")
                    self._keep(child.kill(self._settings.deadlines), name=f"worker {child.pid}: kill")

    async def _until_over(self, patience: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await asyncio.gather(*(held.over.wait() for held in self._live()))

    def _live(self) -> list[Held]:
        return [held for held in self._held.values() if not held.over.is_set()]

    def _get(self, session_id: str) -> Held:
        try:
            return self._held[session_id]
        except KeyError:
            raise UnknownSessionError(session_id) from None

    def _keep(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
