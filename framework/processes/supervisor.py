"""Keep workers warm, give each session one, carry orders, watch, and end what has to end. Never imports Pipecat."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loguru import logger
from pydantic import BaseModel

from framework import failpoints
from framework.processes.child import Child
from framework.processes.held import Given, Held
from framework.processes.messages import Cancel, Ended, Happened, Kept, Lease, Obey, Obeyed, Phase, Start, Stop
from framework.processes.nursery import Nursery
from framework.processes.pool import Pool
from framework.processes.settings import RunnerSettings, withhold
from framework.processes.workers import Workers
from framework.sessions.orders import AnyOrder
from framework.sessions.spec import SessionSpec
from framework.web.ports import Readiness, RefusedError, SessionView, UnknownSessionError, WorkerView

if TYPE_CHECKING:
    from framework.control.ports import Listener

_REMEMBERED = 200
"""Sessions that are kept in the list after their end."""
_GOING_S = 2.0
"""For the news of the last sessions' ends to arrive."""


class Supervisor:
    """The sessions of one runner; a `web.ports.Sessions` for its door and a `control.ports.Holder` for a fleet."""

    def __init__(self, settings: RunnerSettings, *, listener: Listener | None = None) -> None:
        self._settings = settings
        self.listener = listener
        """Hears what becomes of the sessions; may be set until the first of them starts."""
        environment, self._secrets = withhold(os.environ)
        self._held: OrderedDict[str, Held] = OrderedDict()
        self._leases: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._counts: Counter[str] = Counter()
        self.draining = False
        self._workers = Workers(settings, environment, self._heard)

    @property
    def pool(self) -> Pool:
        """The workers that wait for a session."""
        return self._workers.pool

    @property
    def nursery(self) -> Nursery:
        """Where they come from."""
        return self._workers.nursery

    # --- the runner's life ----------------------------------------------------

    def open(self) -> None:
        """Begin: warm workers up and watch them."""
        self._workers.open()

    async def drain(self, patience: float) -> None:
        """Take no new session; let those that live go on for a while, then ask them to end."""
        self.draining = True
        await self._until_over(patience)
        for held in self._live():
            self.leave(held.session, "drained")
        await self._until_over(self._settings.deadlines.ladder_s + _GOING_S)

    async def close(self) -> None:
        """End every worker; afterwards no process of ours is left."""
        self.draining = True
        await self._workers.close()
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- sessions -------------------------------------------------------------

    @property
    def capacity(self) -> int:
        """Sessions that it could hold at once."""
        return self._settings.max_sessions

    async def start(self, spec: SessionSpec, *, checkpoint: str | None = None) -> None:
        """Give the session a warm worker. The same id and epoch again changes nothing; a later epoch takes over.

        Args:
            spec: What to run.
            checkpoint: Where an earlier process left off, or empty where it begins: the listener is told checkpoints
                as far as the settings want any. None: nobody wants any.
        """
        if await self._begun(spec):
            return
        self._admit(spec)
        held = Held(spec, until=self._leases.pop(spec.session_id, None))
        self._held.pop(spec.session_id, None)
        self._held[spec.session_id] = held
        self._tell(lambda ear: ear.phase(spec.session_id, "starting"))
        failpoints.reach("supervisor.give")
        child = await self._given(held)
        held.child = child
        child.sessions.add(spec.session_id)
        keeps = "off" if checkpoint is None else self._settings.keeps
        left_off = checkpoint or "" if keeps != "off" else ""
        child.send(Start(spec=spec, secrets=self._secrets, until=held.until, checkpoint=left_off, keeps=keeps))
        for given in held.orders.values():
            child.send(Obey(session=spec.session_id, order=given.order))
        failpoints.reach("supervisor.given")
        self._counts["sessions_started"] += 1
        await self._until_there(held)

    async def _begun(self, spec: SessionSpec) -> bool:
        """Whether this very session was started already; one of an earlier epoch is ended first."""
        while held := self._held.get(spec.session_id):
            if spec.epoch < held.spec.epoch:
                raise RefusedError(f"the session `{spec.session_id}` was started again since (epoch {held.spec.epoch})")
            if spec.epoch == held.spec.epoch:
                await self._until_there(held)
                return True
            if held.over.is_set():
                return False
            self.fence(spec.session_id, "fenced")
            await held.over.wait()
        return False

    async def _given(self, held: Held) -> Child:
        """A worker for a session that may be told to end meanwhile."""
        try:
            child = await self._workers.take(held.spec)
        except BaseException as error:
            message = str(error) if isinstance(error, RefusedError) else "the runner is leaving"
            self._over(held, "failed", "start", message)
            raise
        if held.over.is_set():
            self._workers.release(child, held.session)
            raise RefusedError(f"the session was ended before it began ({held.reason})", fix="Start another one.")
        return child

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
            held.ending = True
            self._now(held, "ending")
            self._keep(self._end(held, reason), name=f"{session_id}: end")

    def vanished(self, session_id: str) -> None:
        """The session's client is gone: its worker has a moment to notice, then it is ended from outside."""
        held = self._get(session_id)
        if not held.over.is_set() and not held.vanished:
            held.vanished = True
            self._keep(self._end_overdue(held), name=f"{session_id}: overdue")

    def lease(self, session_id: str, until: float) -> None:
        """Let a session speak until this moment of `time.monotonic()`; a first lease may come before its start."""
        held = self._held.get(session_id)
        if held is None or held.over.is_set():
            now = time.monotonic()
            self._leases = {session: end for session, end in self._leases.items() if end > now} | {session_id: until}
            return
        held.until = until
        if held.child:
            held.child.send(Lease(session=session_id, until=until))

    def fence(self, session_id: str, reason: str) -> None:
        """Another one has the session, or nobody: it says nothing more and ends at once. Unknown ones are no error."""
        held = self._held.get(session_id)
        if held and not held.fenced and not held.over.is_set():
            held.ending = held.fenced = True
            self._now(held, "ending")
            self._keep(self._end(held, reason, polite=False), name=f"{session_id}: fence")

    def order(self, session_id: str, order: AnyOrder) -> None:
        """Hand an order on; the listener hears what becomes of it. The same order again changes nothing."""
        held = self._held.get(session_id)
        if held is None:
            logger.bind(session=session_id, order=order.order_id).debug("an order for a session that is not here")
        elif held.over.is_set():
            self._tell(lambda ear: ear.obeyed(session_id, order.order_id, "refused", f"it has ended ({held.reason})"))
        else:
            self._give(held, order)

    async def ordered(self, session_id: str, order: AnyOrder) -> str:
        """Give an order and wait for the first answer; the same id again answers what became of it since."""
        held = self._get(session_id)
        if held.over.is_set():
            raise RefusedError(f"the session has ended ({held.reason})", fix="Start another one.")
        before = held.orders.get(order.order_id)
        given = self._give(held, order)
        try:
            async with asyncio.timeout(self._settings.deadlines.order_s):
                said = await asyncio.shield(given.first)
        except TimeoutError:
            raise RefusedError(
                "the session didn't answer in time", status=504, fix="Try the same order_id again."
            ) from None
        said = before.last if before and before.last else said
        if said.status == "refused":
            raise RefusedError(said.why)
        return said.status

    def _give(self, held: Held, order: AnyOrder) -> Given:
        given = held.orders.get(order.order_id)
        if given is None:
            given = held.orders[order.order_id] = Given(asyncio.get_running_loop().create_future(), order)
            if held.child:
                held.child.send(Obey(session=held.session, order=order))
        return given

    def socket(self, session_id: str) -> Path:
        """Where the session's worker listens."""
        held = self._get(session_id)
        if held.over.is_set() or not held.child:
            raise RefusedError(f"the session has ended ({held.reason})", status=410, fix="Start another one.")
        return held.child.socket

    def workers(self) -> list[WorkerView]:
        """The processes that sessions are in, and those that wait for one."""
        return self._workers.views()

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
        if spec.not_after is not None and spec.not_after < time.time():
            raise RefusedError("the session should have begun earlier (`not_after` has passed)", status=410)

    async def _until_there(self, held: Held) -> None:
        """Until the worker has the session, so that a client who comes at once is not too early."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.deadlines.order_s):
                await held.there.wait()
        if held.state == "failed":
            raise RefusedError(f"the session could not begin: {held.message or held.reason}", status=500)

    def _heard(self, child: Child, message: BaseModel | None) -> None:
        if message is None:
            self._lost(child)
            return
        held = self._held.get(getattr(message, "session", ""))
        if held is None or held.child is not child or held.over.is_set():
            return
        match message:
            case Phase(phase=phase):
                held.there.set()
                self._now(held, "ending" if held.ending else phase)
                if phase == "ending":
                    self.vanished(held.session)
            case Happened(event=event):
                if event.get("type") == "node.entered":
                    held.node = str(event.get("data", {}).get("node", ""))
                self._tell(lambda ear: ear.happened(held.session, event))
            case Kept(checkpoint=checkpoint):
                self._tell(lambda ear: ear.kept(held.session, checkpoint))
            case Obeyed(order_id=order_id) if order_id in held.orders:
                held.orders[order_id].take(message)
                self._tell(lambda ear: ear.obeyed(held.session, order_id, message.status, message.why))
            case Ended():
                self._over(held, message.status, message.reason, message.message)
                self._workers.release(child, held.session)

    def _now(self, held: Held, phase: str) -> None:
        if held.state != phase:
            held.state = phase
            self._tell(lambda ear: ear.phase(held.session, phase))

    def _tell(self, what: Callable[[Listener], None]) -> None:
        """Tell the listener; what goes wrong there is not to stop what goes on here."""
        if self.listener is None:
            return
        try:
            what(self.listener)
        except Exception:  # noqa: BLE001 - whatever it is: the sessions go on
            logger.opt(exception=True).error("the listener failed")

    def _lost(self, child: Child) -> None:
        """A process is gone: what it still had has failed."""
        self._workers.lost(child)
        for session in [*child.sessions]:
            held = self._held.get(session)
            if held and held.child is child:
                message = "the session's process ended before the session did"
                message += f": {child.fate}" if child.fate else ""
                self._over(held, "failed", "killed" if held.ending else "lost", message)
        child.sessions.clear()

    async def _end_overdue(self, held: Held) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.deadlines.notice_s):
                await held.over.wait()
        if not held.over.is_set() and not held.ending:
            held.ending = True
            await self._end(held, "hangup", polite=False)

    async def _end(self, held: Held, reason: str, *, polite: bool = True) -> None:
        """Polite stop, cancel, SIGTERM, SIGKILL, each with its deadline."""
        session, child, limits = held.session, held.child, self._settings.deadlines
        if not child:
            self._over(held, "ended", reason, "")
            return
        cancel = Cancel(session=session, reason=reason, silent=held.fenced)
        steps: list[tuple[Stop | Cancel, float]] = [(cancel, limits.cancel_s)]
        if polite:
            steps.insert(0, (Stop(session=session, reason=reason), limits.stop_s))
        for message, patience in steps:
            child.send(message)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await held.over.wait()
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
        refusal = f"the session ended ({reason}) before the order was carried out"
        for order_id, given in held.orders.items():
            if not given.done:
                given.take(Obeyed(session=held.session, order_id=order_id, status="refused", why=refusal))
                self._tell(lambda ear, order_id=order_id: ear.obeyed(held.session, order_id, "refused", refusal))  # type: ignore[misc]
        self._tell(lambda ear: ear.over(held.session, state, reason, message))
        self._forget()

    def _forget(self) -> None:
        over = [session for session, held in self._held.items() if held.over.is_set()]
        for session in over[:-_REMEMBERED]:
            del self._held[session]

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
