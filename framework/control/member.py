"""A runner as the control plane knows it: it registers, claims, renews its leases, hands orders on, says how it ended.

What the store sends a runner is a hint; what a script answers counts. A runner counts a lease from before it asked for
it, so that its own clock ends it no later than the store's. While nobody can change the store (it is loading, it
refuses every write; or it is on this machine, and nothing listens there) nobody can take a session away either, and
leases go on; the sweep gives holders two leases of time after that. While the store merely doesn't answer, leases run
out: the sessions fall silent, are kept, and go on when it answers that they are still this runner's.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

from loguru import logger

from framework import failpoints
from framework.control.outbox import Outbox
from framework.control.ports import Holder
from framework.control.records import Answer, Command, Reported, Request, Runner
from framework.control.store import Store
from framework.errors import FrameworkError, StoreError
from framework.sessions.events import iso
from framework.sessions.orders import ORDER, SPOKEN

RENEWALS = 5
"""Renewals in one lease."""
WAIT_MS = 2_000
"""Longest wait for a command; a lost connection is noticed by then."""
PAUSE_S = 0.5
"""Between attempts while the store is away."""
CLAIM_AGAIN_S = 0.1
"""The same for a claim."""
GONE = "lost"
"""How a holder says that a session's process is gone."""
SAY_S = 5.0
"""How long a leaving runner tries to say how its last sessions ended."""


@dataclass
class Held:
    """A session that this runner has claimed."""

    request: Request
    epoch: int
    outbox: Outbox
    phase: str = "starting"
    node: str = ""
    joined_at_ms: int = 0
    until: float = 0.0
    """Moment of `time.monotonic()` until which it may speak."""
    over: bool = False
    fenced: bool = False
    ordered: set[str] = field(default_factory=set)
    """Orders that were handed on."""
    kinds: dict[str, str] = field(default_factory=dict)
    ordering: asyncio.Lock = field(default_factory=asyncio.Lock)
    checkpoint: str | None = None
    """The last checkpoint, while the store has not got it."""
    keeping: bool = False
    """Whether it is on its way."""

    @property
    def reported(self) -> Reported:
        """Its line in the runner's report."""
        return Reported(session_id=self.session_id, epoch=self.epoch, phase=self.phase, node=self.node)

    @property
    def session_id(self) -> str:
        """The session's id."""
        return self.request.spec.session_id


class Member:
    """One runner in a fleet; the `Listener` of the sessions it holds."""

    def __init__(
        self,
        store: Store,
        runner: Runner,
        *,
        on_drain: Callable[[], None] = lambda: None,
        on_empty: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._holder: Holder | None = None
        self._lease_s = store.limits.lease_ms / 1000
        self.runner = runner
        self._on_drain = on_drain
        self._on_empty = on_empty
        self._held: dict[str, Held] = {}
        self._claiming: set[str] = set()
        self._fading: set[str] = set()
        """Sessions that were fenced and are not over yet: what they still say is nobody's."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._empty = asyncio.Event()
        self._empty.set()
        self.registered = asyncio.Event()
        self.renewed_at = 0.0
        """`time.monotonic()` of the last renewal that the store answered; health is that it goes on."""
        self.had = 0
        """Sessions that began here."""

    @property
    def id(self) -> str:
        """The runner's id."""
        return self.runner.runner_id

    @property
    def held(self) -> list[Held]:
        """The sessions it has now."""
        return [*self._held.values()]

    @property
    def progress_s(self) -> float:
        """Seconds since the store last answered a report."""
        return time.monotonic() - self.renewed_at if self.renewed_at else float("inf")

    # --- Its life ---------------------------------------------------------------------------------------------------

    async def run(self, holder: Holder) -> None:
        """Take part until cancelled."""
        self._holder = holder
        await self._register()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._renew(), name="member: renew")
            group.create_task(self._listen(), name="member: listen")

    async def drain(self) -> None:
        """Be given nothing more; try as long as a lease, after which nobody would give this runner anything."""
        self.runner = replace(self.runner, draining=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._lease_s):
                failpoints.reach("runner.drain")
                await self._until_said(lambda: self._store.drain(self.id))
                failpoints.reach("runner.drained")

    async def offer(self, session_id: str, epoch: int, patience_s: float = 10.0) -> bool:
        """Try to claim a session that somebody says is this runner's; whether it is."""
        self._begin(session_id, epoch)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while session_id in self._claiming:  # noqa: ASYNC110 - a claim is one short call
                    await asyncio.sleep(0.005)
        held = self._held.get(session_id)
        return held is not None and held.epoch == epoch

    async def until_empty(self) -> None:
        """Until no session is left and the store knows how each ended."""
        await self._empty.wait()

    async def close(self) -> None:
        """Say what is left to say, and end."""
        await asyncio.gather(*(held.outbox.close(SAY_S) for held in self.held))
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- What its sessions say (framework.control.ports.Listener) ---------------------------------------------------

    def phase(self, session_id: str, phase: str) -> None:
        """The session has come so far; with the first phase after `starting` its bot is in the room."""
        held = self._speaking(session_id)
        if held is None:
            return
        held.phase = phase
        if phase != "starting" and not held.joined_at_ms:
            held.joined_at_ms = int(time.time() * 1000)
            held.outbox.tell(lambda: self._joined(held))

    def happened(self, session_id: str, event: dict[str, Any]) -> None:
        """An event of the session goes to its stream."""
        held = self._speaking(session_id)
        if held is None:
            return
        if event.get("type") == "node.entered":
            held.node = str(event.get("data", {}).get("node", ""))
        held.outbox.event(self._cloud_event(held, event))

    def obeyed(self, session_id: str, order_id: str, status: str, why: str) -> None:
        """What became of an order goes to the store."""
        held = self._speaking(session_id)
        if held is None:
            return
        failpoints.reach("runner.obeyed")
        final = status in ("refused", "spoken") or held.kinds.get(order_id) not in SPOKEN
        held.outbox.tell(
            lambda: self._store.obeyed(session_id, held.epoch, self.id, order_id, status, why, final=final)
        )

    def kept(self, session_id: str, checkpoint: str) -> None:
        """The session's last checkpoint goes to the store; one that waits for its turn gives way to it."""
        if held := self._speaking(session_id):
            held.checkpoint = checkpoint
            self._keep_later(held)

    def over(self, session_id: str, state: str, reason: str, message: str) -> None:
        """The session is over: said until the store has heard it."""
        held = self._speaking(session_id)
        self._fading.discard(session_id)
        if held is None or held.over:
            return
        failpoints.reach("runner.over")
        held.over = True
        if (state, reason) == ("failed", GONE) and not held.joined_at_ms:
            state, reason = "refused", "start"  # its process went before its bot came: another runner may try
        held.outbox.tell(lambda: self._done(held, state, reason, message))

    # --- Renewing ---------------------------------------------------------------------------------------------------

    async def _register(self) -> None:
        failpoints.reach("runner.register")
        await self._until_said(lambda: self._store.register(self.runner))
        failpoints.reach("runner.registered")
        self.registered.set()

    async def _renew(self) -> None:
        while True:
            await self._renew_once()
            self._end_the_overdue()
            await asyncio.sleep(self._lease_s / RENEWALS)

    async def _renew_once(self) -> None:
        asked_at = time.monotonic()
        report = [held.reported for held in self.held]
        failpoints.reach("runner.renew")
        try:
            renewal = await self._store.renew(self.id, report)
        except StoreError as error:
            if error.frozen:  # a lease that has run out may be another's by now; the others go on
                running = [held.session_id for held in self.held if held.until > asked_at]
                self._lease(running, asked_at + self._lease_s)
            return
        failpoints.reach("runner.renewed")
        self.renewed_at = time.monotonic()
        if not renewal.known:
            await self._register()
        lost = {*renewal.fenced, *renewal.missing}
        self._lease([one.session_id for one in report if one.session_id not in lost], asked_at + self._lease_s)
        for session_id in renewal.fenced:
            self._fence(session_id)
        for session_id in renewal.missing:
            await self._adopt(session_id)
        for held in self.held:
            self._keep_later(held)
        self._act_on(renewal.stop, renewal.start, renewal.orders)

    def _end_the_overdue(self) -> None:
        """The longest session is kept to even while the store is away."""
        latest = time.time() * 1000 - self._store.limits.session_ms
        for held in self.held:
            if held.joined_at_ms and held.joined_at_ms < latest:
                self._leave(held.session_id, "timeout")

    def _act_on(self, stop: dict[str, str], start: dict[str, int], orders: tuple[str, ...]) -> None:
        for session_id, reason in stop.items():
            self._leave(session_id, reason)
        for session_id, epoch in start.items():
            self._begin(session_id, epoch)
        for session_id in orders:
            self._keep(self._hand_on_orders(session_id), name=f"{session_id}: orders")

    def _lease(self, sessions: list[str], until: float) -> None:
        for session_id in sessions:
            held = self._held.get(session_id)
            if held and not held.over:
                held.until = until
                self._the_holder.lease(session_id, until)

    async def _adopt(self, session_id: str) -> None:
        held = self._held.get(session_id)
        if held is None:
            return
        asked_at = time.monotonic()
        try:
            answer = await self._store.adopt(
                self.id,
                held.request,
                held.epoch,
                joined=bool(held.joined_at_ms),
                joined_at_ms=held.joined_at_ms,
            )
        except StoreError:
            return  # the next renewal asks again
        if answer == "fenced":
            self._fence(session_id)
        else:
            self._lease([session_id], asked_at + self._lease_s)

    # --- Commands ---------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        after = "0-0"
        while True:
            try:
                commands = await self._store.commands(self.id, after, WAIT_MS)
            except StoreError:
                await asyncio.sleep(PAUSE_S)
                continue
            for command in commands:
                after = command.id
                self._take(command)

    def _take(self, command: Command) -> None:
        failpoints.reach("runner.command")
        session_id = command.session_id
        if command.op == "start":
            if (held := self._held.get(session_id)) and held.epoch < command.epoch:
                self._fence(session_id)  # the store gives it anew: what is here of it is over
            self._begin(session_id, command.epoch)
        elif command.op == "drain":
            self._on_drain()
        elif command.op == "orders":
            self._keep(self._hand_on_orders(session_id), name=f"{session_id}: orders")
        elif (held := self._held.get(session_id)) and held.epoch == command.epoch:
            self._leave(session_id, command.reason)

    def _begin(self, session_id: str, epoch: int) -> None:
        if session_id not in self._claiming and session_id not in self._held:
            self._claiming.add(session_id)
            self._keep(self._claim(session_id, epoch), name=f"{session_id}: claim")

    async def _claim(self, session_id: str, epoch: int) -> None:
        try:
            answer, request, asked_at = await self._claimed(session_id, epoch)
        except StoreError:
            return  # a renewal says again that it is ours, if it still is
        finally:
            self._claiming.discard(session_id)
        if request is None or answer not in ("ok", "again"):
            logger.bind(session=session_id, answer=answer).info("a session was not to be had")
            return
        held = self._hold(request, epoch)
        with logger.contextualize(session=session_id, tenant=request.spec.tenant):
            await self._start(held, asked_at + self._lease_s)

    async def _claimed(self, session_id: str, epoch: int) -> tuple[Answer, Request | None, float]:
        """The store's answer to a claim, and when it was asked.

        Where no answer comes the claim may have been heard all the same: nobody else begins the session until the lease
        that went with it is over, so this runner asks again as long.
        """
        until = time.monotonic() + self._lease_s
        while True:
            asked_at = time.monotonic()
            try:
                failpoints.reach("runner.claim")
                answer, request = await self._store.claim(session_id, epoch, self.id)
                failpoints.reach("runner.claimed")
            except StoreError:
                if time.monotonic() + CLAIM_AGAIN_S > until:
                    raise
                await asyncio.sleep(CLAIM_AGAIN_S)
            else:
                return answer, request, asked_at

    def _hold(self, request: Request, epoch: int) -> Held:
        session_id = request.spec.session_id

        def emit(events: list[str]) -> Awaitable[str]:
            return self._store.emit(session_id, epoch, self.id, events)

        outbox = Outbox(emit, lambda: self._fence(session_id), name=session_id)
        held = self._held[session_id] = Held(request=request, epoch=epoch, outbox=outbox)
        self._empty.clear()
        self.had += 1
        return held

    async def _start(self, held: Held, until: float) -> None:
        try:
            self._lease([held.session_id], until)
            request = held.request
            wanted = request.checkpoint if request.on_lost == "restart" else None
            await self._the_holder.start(request.spec, checkpoint=wanted)
            failpoints.reach("runner.started")
        except FrameworkError as error:
            problem = error.message
            logger.bind(problem=problem).warning("a session could not begin here")
            if not held.over:
                held.over = True
                held.outbox.tell(lambda: self._done(held, "refused", "start", problem))
            return
        await self._hand_on_orders(held.session_id)

    async def _hand_on_orders(self, session_id: str) -> None:
        """Give a session the orders that it has not been given yet, in the order in which they came."""
        held = self._held.get(session_id)
        if held is None:
            return
        async with held.ordering:
            try:
                waiting = await self._store.open_orders(session_id)
            except StoreError:
                return  # the next renewal says again that there are some
            for stored in waiting:
                if stored.order_id not in held.ordered and not held.over:
                    held.ordered.add(stored.order_id)
                    held.kinds[stored.order_id] = stored.kind
                    failpoints.reach("runner.order")
                    self._the_holder.order(session_id, ORDER.validate_python(stored.order))
                    failpoints.reach("runner.ordered")

    # --- Ends -------------------------------------------------------------------------------------------------------

    async def _joined(self, held: Held) -> str:
        failpoints.reach("runner.join")
        answer = await self._store.joined(held.session_id, held.epoch, self.id)
        failpoints.reach("runner.joined")
        return answer

    def _keep_later(self, held: Held) -> None:
        if held.checkpoint is not None and not held.keeping and not held.over:
            held.keeping = True
            held.outbox.tell(lambda: self._kept(held))

    async def _kept(self, held: Held) -> str:
        """Nothing else waits for a checkpoint: where the store doesn't take it, the next renewal tries again."""
        held.keeping = False
        checkpoint, held.checkpoint = held.checkpoint or "", None
        try:
            return await self._store.keep(held.session_id, held.epoch, self.id, checkpoint)
        except StoreError:
            held.checkpoint = checkpoint if held.checkpoint is None else held.checkpoint
            return "ok"

    async def _done(self, held: Held, state: str, reason: str, message: str) -> str:
        failpoints.reach("runner.done")
        answer = await self._store.done(held.session_id, held.epoch, self.id, state, reason, message)
        failpoints.reach("runner.forgotten")
        self._forget(held)
        return answer if answer != "fenced" else "ok"  # over is over, whoever has it now

    def _leave(self, session_id: str, reason: str) -> None:
        held = self._held.get(session_id)
        if held and not held.over:
            with contextlib.suppress(FrameworkError):
                self._the_holder.leave(session_id, reason)

    def _fence(self, session_id: str) -> None:
        """It is another's, or nobody's: it ends here without a word."""
        held = self._held.get(session_id)
        if held is None or held.fenced:
            return
        held.fenced = True
        logger.bind(session=session_id, epoch=held.epoch).warning("a session is no longer this runner's")
        if not held.over:
            self._fading.add(session_id)
            with contextlib.suppress(FrameworkError):
                self._the_holder.fence(session_id, "fenced")
        held.outbox.stop()
        self._forget(held)

    def _forget(self, held: Held) -> None:
        if self._held.get(held.session_id) is held:
            del self._held[held.session_id]
        held.outbox.finish()
        if not self._held:
            self._empty.set()
            self._on_empty()

    def _speaking(self, session_id: str) -> Held | None:
        return None if session_id in self._fading else self._held.get(session_id)

    # --- Inside -----------------------------------------------------------------------------------------------------

    @property
    def _the_holder(self) -> Holder:
        if self._holder is None:
            raise RuntimeError("the member does not run")
        return self._holder

    def _cloud_event(self, held: Held, event: dict[str, Any]) -> str:
        return json.dumps(
            {
                "specversion": "1.0",
                "id": event.get("id") or uuid.uuid4().hex,
                "source": f"/convo/{self._store.environment}",
                "type": event["type"],
                "subject": held.session_id,
                "time": event.get("time") or iso(time.time()),
                "tenant": held.request.spec.tenant,
                "datacontenttype": "application/json",
                "data": {**event.get("data", {}), "flow": event.get("flow", "")},
            },
            ensure_ascii=False,
        )

    async def _until_said(self, say: Callable[[], Awaitable[object]]) -> None:
        told = False
        while True:
            try:
                await say()
            except StoreError as error:
                if not told:
                    logger.bind(problem=error.message).warning("the store does not listen; this runner tries on")
                told = True
                await asyncio.sleep(PAUSE_S)
            else:
                return

    def _keep(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.opt(exception=error).error("a task of a runner's member failed")
