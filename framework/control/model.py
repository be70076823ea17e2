"""The specification of the control plane: the machine that the scripts are compared with, without a store or a clock.

`step(fleet, call, now, limits)` answers the fleet after a call and what the call says; nothing else is ever looked at.
Where a script keeps an index beside a session (its queue, its owner's set, the free slots) the model computes it from
the session, so that an index which disagrees is a mistake of the script's.

>>> from framework.control.records import Limits, Request
>>> from framework.sessions.spec import SessionSpec
>>> asked = Request(spec=SessionSpec(session_id="s1"), room="kitchen")
>>> fleet, answer = step(Fleet(), Call("join", asked), 1_000, Limits())
>>> answer.outcome, answer.position, fleet.sessions["s1"].state
('queued', 1, 'queued')
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from framework.control.records import LIVE, OPEN, OVER, Joining, Limits, Renewal, Reported, Request, Runner, Swept

OPEN_ORDERS = 100
"""Orders of one session without a final status, at most."""


@dataclass(frozen=True, slots=True)
class Session:
    """One session: where it is, whose it is, and until when."""

    tenant: str
    room: str
    role: str
    bot: str
    pool: str
    priority: int
    number: int
    not_after: int
    on_lost: str
    fingerprint: str
    state: str = "queued"
    since: int = 0
    epoch: int = 0
    runner: str = ""
    last: str = ""
    attempts: int = 0
    due: int = 0
    start_by: int | None = None
    end_by: int | None = None
    stop: str = ""
    stop_by: int | None = None
    reason: str = ""

    @property
    def place(self) -> tuple[str, str, str]:
        """What is unique: its role in its tenant's room."""
        return self.tenant, self.room, self.role


@dataclass(frozen=True, slots=True)
class Member:
    """One runner."""

    capacity: int
    pool: str
    draining: bool = False
    dead: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """One order."""

    session: str
    status: str = "accepted"
    why: str = ""
    final: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a script, by the name and with the arguments of the method of `Store`."""

    move: str
    arguments: tuple[Any, ...] = ()

    def __init__(self, move: str, *arguments: Any) -> None:
        object.__setattr__(self, "move", move)
        object.__setattr__(self, "arguments", arguments)


@dataclass(slots=True)
class Fleet:
    """All that the store knows. Records in it are never changed, only replaced."""

    sessions: dict[str, Session] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    alive: dict[str, int] = field(default_factory=dict)
    asleep: set[str] = field(default_factory=set)
    """Runners that were found silent when a session was to be given away; nothing more until they are heard of."""
    rooms: dict[tuple[str, str, str], str] = field(default_factory=dict)
    keys: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    turns: dict[tuple[str, int, str], int] = field(default_factory=dict)
    """(pool, priority, tenant) → its turn, for each that has a session waiting."""
    served: dict[tuple[str, int], int] = field(default_factory=dict)
    """(pool, priority) → the turn that was served last."""
    orders: dict[str, Order] = field(default_factory=dict)
    listed: dict[str, int] = field(default_factory=dict)
    """Sessions that are over → since when, as long as lists show them."""
    number: int = 0
    run: str = ""
    swept_at: int = 0
    quiet_until: int = 0

    def copy(self) -> Fleet:
        """Another one that is the same."""
        return replace(
            self,
            sessions=dict(self.sessions),
            members=dict(self.members),
            alive=dict(self.alive),
            asleep=set(self.asleep),
            rooms=dict(self.rooms),
            keys=dict(self.keys),
            turns=dict(self.turns),
            served=dict(self.served),
            orders=dict(self.orders),
            listed=dict(self.listed),
        )

    def in_state(self, *states: str, tenant: str = "") -> list[str]:
        """The sessions in these states."""
        return [sid for sid, s in self.sessions.items() if s.state in states and tenant in ("", s.tenant)]

    def owned(self, runner: str) -> list[str]:
        """The sessions that a runner has, or is to have."""
        return [sid for sid, s in self.sessions.items() if s.runner == runner and s.state in LIVE]

    def waiting(self, pool: str, priority: int, tenant: str) -> list[str]:
        """The sessions of one tenant that wait, first come first."""
        found = [(s.number, sid) for sid, s in self.sessions.items() if s.state == "queued"
                 and (s.pool, s.priority, s.tenant) == (pool, priority, tenant)]  # fmt: skip
        return [sid for _, sid in sorted(found)]

    def free(self, runner: str) -> int:
        """A runner's slots without a session."""
        member = self.members[runner]
        return 0 if member.draining or member.dead else member.capacity - len(self.owned(runner))


class Machine:
    """The moves, on a fleet of its own, at one moment."""

    def __init__(self, fleet: Fleet, now: int, limits: Limits) -> None:
        self.fleet = fleet
        self.now = now
        self.limits = limits

    # --- The eleven moves -------------------------------------------------------------------------------------------

    def join(self, request: Request) -> Joining:
        """Nothing → queued (→ assigned)."""
        fleet, spec, sid = self.fleet, request.spec, request.spec.session_id
        place = (spec.tenant, request.room, spec.room.role)
        earlier = fleet.keys.get((spec.tenant, request.idempotency_key)) if request.idempotency_key else None
        if earlier:
            return self._again(earlier[0], same=earlier[1] == request.fingerprint, otherwise="mismatch")
        if there := fleet.sessions.get(sid):
            same = (there.tenant, there.fingerprint) == (spec.tenant, request.fingerprint)
            return self._again(sid, same=same, otherwise="taken")
        if place in fleet.rooms:
            return Joining(outcome="busy", session_id=fleet.rooms[place])
        if refusal := self._refusal(request):
            return Joining(outcome=refusal, session_id=sid)  # type: ignore[arg-type]  # one of its words
        if request.idempotency_key:
            fleet.keys[spec.tenant, request.idempotency_key] = (sid, request.fingerprint)
        self._create(request, request.not_after_ms or self.now + self.limits.queue_ms)
        self._enqueue(sid)
        self.dispatch(request.pool, request.pool, 1)
        state = fleet.sessions[sid].state
        return Joining(outcome=state, session_id=sid, state=state, position=self.position(sid))  # type: ignore[arg-type]

    def dispatch(self, queue: str, pool: str = "", most: int = 100) -> int:
        """Queued → assigned, as far as there are free runners."""
        given, room = 0, self.limits.max_live - len(self.fleet.in_state(*LIVE))
        while given < min(most, room):
            turn = self._first_turn(queue)
            if turn is None:
                break
            sid = self.fleet.waiting(*turn)[0]
            runner = self._free_runner(pool or queue, self.fleet.sessions[sid].last)
            if runner is None:
                break
            self.fleet.served[queue, turn[1]] = self.fleet.turns[turn]
            self.fleet.turns[turn] += 1
            epoch = self._next_epoch(sid)
            self._to(sid, "assigned", epoch=epoch, runner=runner, due=self.now + self.limits.claim_ms)
            self._leave_queue(turn)
            given += 1
        return given

    def register(self, runner: Runner) -> None:
        """A runner into its pool."""
        known = self.fleet.members.get(runner.runner_id)
        draining = runner.draining or bool(known and known.draining)
        self.fleet.members[runner.runner_id] = Member(runner.capacity, runner.pool, draining)
        self._heard(runner.runner_id)
        self.dispatch(runner.pool, runner.pool, runner.capacity)

    def claim(self, sid: str, epoch: int, runner: str) -> str:
        """Assigned → claimed, or failed(expired)."""
        s = self.fleet.sessions.get(sid)
        if s is None or (s.epoch, s.runner) != (epoch, runner) or s.state not in LIVE:
            return "fenced"
        if s.state != "assigned":
            self._change(sid, due=self.now + self.limits.lease_ms)
            return "again"
        if s.not_after <= self.now:
            self._finish(sid, "failed", "expired")
            return "expired"
        self._to(sid, "claimed", start_by=self.now + self.limits.start_ms, due=self.now + self.limits.lease_ms)
        return "ok"

    def joined(self, sid: str, epoch: int, runner: str) -> str:
        """Claimed → joined."""
        s = self.fleet.sessions.get(sid)
        if s is None or (s.epoch, s.runner) != (epoch, runner) or s.state not in ("claimed", "joined"):
            return "fenced"
        if s.state == "joined":
            return "again"
        self._enter(sid)
        self._change(sid, due=self.now + self.limits.lease_ms)
        return "ok"

    def renew(self, runner: str, report: Iterable[Reported]) -> Renewal:
        """Leases go on, up to the deadlines."""
        fleet, report = self.fleet, tuple(report)
        fenced: list[str] = []
        missing: list[str] = []
        stop: dict[str, str] = {}
        for one in report:
            self._report(runner, one, fenced, missing, stop)
        said = {one.session_id for one in report}
        start: dict[str, int] = {}
        if known := runner in fleet.members:
            mine = {sid: fleet.sessions[sid] for sid in fleet.owned(runner) if sid not in said}
            start = {sid: s.epoch for sid, s in mine.items() if s.state == "assigned"}
            fleet.members[runner] = replace(fleet.members[runner], dead=False)
            self._heard(runner)
        orders = tuple(sid for sid in said - {*fenced, *missing} if self._open_orders(sid))
        if known:
            self.dispatch(fleet.members[runner].pool, fleet.members[runner].pool, 8)
        return Renewal(known=known, fenced=tuple(fenced), missing=tuple(missing), stop=stop, start=start, orders=orders)

    def adopt(self, runner: str, request: Request, epoch: int, joined: bool, joined_at_ms: int = 0) -> str:
        """Nothing, queued, assigned, claimed → claimed or joined, for a runner that knows more than the store."""
        fleet, spec, sid = self.fleet, request.spec, request.spec.session_id
        s = fleet.sessions.get(sid)
        place = (spec.tenant, request.room, spec.room.role)
        if runner not in fleet.members or (s and not self._may_adopt(s, place, epoch, runner)):
            return "fenced"
        if s and s.epoch == epoch and (s.state == "joined" or (s.state == "claimed" and not joined)):
            self._change(sid, due=self.now + self.limits.lease_ms)
            return "again"
        if fleet.rooms.get(place, sid) != sid:
            return "fenced"
        turn = (s.pool, s.priority, s.tenant) if s and s.state == "queued" else None
        if s is None:
            self._create(request, request.not_after_ms or self.now + self.limits.queue_ms)
        fleet.rooms[place] = sid
        end_by = (joined_at_ms or self.now) + self.limits.session_ms
        start_by = self.now + self.limits.start_ms
        self._to(sid, "joined" if joined else "claimed", epoch=epoch, runner=runner, start_by=start_by, end_by=end_by)
        self._change(sid, due=self.now + self.limits.lease_ms)
        fleet.asleep.discard(runner)
        if turn:
            self._leave_queue(turn)
        return "ok"

    def done(self, sid: str, epoch: int, runner: str, outcome: str, reason: str) -> str:
        """Assigned, claimed, joined → ended, failed; or queued, where it could not even begin, or begins again."""
        s = self.fleet.sessions.get(sid)
        if s is None or (s.epoch, s.runner) != (epoch, runner) or s.state == "queued":
            return "fenced"
        if s.state in OVER:
            return "again"
        again = (s.state, outcome, reason, s.on_lost) == ("joined", "failed", "lost", "restart") and not s.stop
        if not again and (outcome != "refused" or s.state == "joined"):
            self._finish(sid, "failed" if outcome == "refused" else outcome, reason)
        elif s.stop:
            self._change(sid, attempts=s.attempts + 1)
            self._finish(sid, "ended", s.stop)
        elif s.attempts + 1 >= self.limits.attempts:
            self._change(sid, attempts=s.attempts + 1)
            self._finish(sid, "failed", "lost" if again else "start")
        else:
            later = {"not_after": self.now + self.limits.queue_ms} if again else {}
            self._change(sid, attempts=s.attempts + 1, **later)
            self._requeue(sid)
            self.dispatch(s.pool, s.pool, 1)
        if member := self.fleet.members.get(runner):
            self.dispatch(member.pool, member.pool, 1)
        return "ok"

    def sweep(self, run: str, most: int = 200) -> Swept:
        """What is past its deadline: requeued or failed; runners: dead."""
        fleet = self.fleet
        self._look_at_the_clock(run)
        calm = self.now >= fleet.quiet_until
        dead = [rid for at, rid in sorted((at, rid) for rid, at in fleet.alive.items()) if at <= self.now][:most]
        for rid in dead if calm else ():
            del fleet.alive[rid]
            if rid in fleet.members:
                fleet.members[rid] = replace(fleet.members[rid], dead=True)
        requeued: list[str] = []
        failed: list[str] = []
        late = sorted((fleet.sessions[sid].due, sid) for sid in fleet.in_state(*OPEN))
        for sid in [sid for due, sid in late if due <= self.now][:most]:
            self._expire(sid, calm, requeued, failed)
        for state, keep in (("ended", self.limits.keep_ended_ms), ("failed", self.limits.keep_failed_ms)):
            over = sorted((at, sid) for sid, at in fleet.listed.items() if fleet.sessions[sid].state == state)
            for _, sid in [(at, sid) for at, sid in over if at <= self.now - keep][:most]:
                del fleet.listed[sid]
        return Swept(
            quarantine_ms=0 if calm else fleet.quiet_until - self.now,
            runners=tuple(dead if calm else ()),
            requeued=tuple(requeued),
            failed=tuple(failed),
        )

    def drain(self, runner: str, if_idle: bool = False) -> int:
        """A runner out of its pool for good."""
        fleet = self.fleet
        if runner not in fleet.members:
            return -1
        if if_idle and fleet.owned(runner):
            return len(fleet.owned(runner))
        fleet.members[runner] = replace(fleet.members[runner], draining=True)
        fleet.asleep.discard(runner)
        for sid in sorted(fleet.owned(runner)):
            if fleet.sessions[sid].state == "assigned":
                self._requeue(sid)
                self.dispatch(fleet.sessions[sid].pool, fleet.sessions[sid].pool, 1)
        return len(fleet.owned(runner))

    def cancel(self, sid: str, reason: str = "left") -> str:
        """Queued, assigned → ended; the others are told to leave."""
        s = self.fleet.sessions.get(sid)
        if s is None:
            return "unknown"
        if s.state in OVER:
            return "over"
        if s.state in ("queued", "assigned"):
            self._change(sid, epoch=self._next_epoch(sid))
            self._finish(sid, "ended", reason)
            return "ended"
        if not s.stop:
            self._change(sid, stop=reason, stop_by=self.now + self.limits.leave_ms)
        return "stopping"

    # --- Notes ------------------------------------------------------------------------------------------------------

    def order(self, sid: str, order_id: str) -> tuple[str, str, str]:
        """Nothing → accepted."""
        s, there = self.fleet.sessions.get(sid), self.fleet.orders.get(order_id)
        if s is None:
            return "unknown", "", ""
        if there:
            return ("again", there.status, there.why) if there.session == sid else ("taken", "", "")
        if s.state in OVER:
            return "over", "", ""
        if len(self._open_orders(sid)) >= OPEN_ORDERS:
            return "full", "", ""
        self.fleet.orders[order_id] = Order(sid)
        return "accepted", "accepted", ""

    def obeyed(self, sid: str, epoch: int, runner: str, order_id: str, status: str, why: str, final: bool) -> str:
        """Accepted → applied → spoken, or refused."""
        s, order = self.fleet.sessions.get(sid), self.fleet.orders.get(order_id)
        if s is None or (s.epoch, s.runner) != (epoch, runner):
            return "fenced"
        if order is None or order.session != sid:
            return "unknown"
        if order.final:
            return "again"
        self.fleet.orders[order_id] = replace(order, status=status, why=why, final=final)
        return "ok"

    def position(self, sid: str) -> int:
        """How many are served up to this one."""
        s = self.fleet.sessions.get(sid)
        if s is None or s.state != "queued":
            return 0
        mine = self.fleet.waiting(s.pool, s.priority, s.tenant).index(sid) + 1
        ahead = 0
        for pool, priority, tenant in self.fleet.turns:
            if pool == s.pool and (priority, tenant) != (s.priority, s.tenant):
                waiting = len(self.fleet.waiting(pool, priority, tenant))
                ahead += waiting if priority < s.priority else min(waiting, mine) if priority == s.priority else 0
        return mine + ahead

    # --- Inside -----------------------------------------------------------------------------------------------------

    def _change(self, sid: str, **changed: Any) -> None:
        self.fleet.sessions[sid] = replace(self.fleet.sessions[sid], **changed)

    def _to(self, sid: str, state: str, **changed: Any) -> None:
        was = self.fleet.sessions[sid]
        self._change(sid, state=state, since=self.now, **changed)
        if state in OVER or was.runner != self.fleet.sessions[sid].runner:
            self.fleet.asleep -= {was.runner, self.fleet.sessions[sid].runner}

    def _heard(self, runner: str) -> None:
        self.fleet.alive[runner] = self.now + self.limits.lease_ms
        self.fleet.asleep.discard(runner)

    def _next_epoch(self, sid: str) -> int:
        return max(self.fleet.sessions[sid].epoch + 1, self.now)

    def _again(self, sid: str, *, same: bool, otherwise: str) -> Joining:
        if not same:
            return Joining(outcome=otherwise, session_id=sid)  # type: ignore[arg-type]  # one of its words
        there = self.fleet.sessions.get(sid)
        state = there.state if there else "ended"
        return Joining(outcome="duplicate", session_id=sid, state=state, position=self.position(sid))

    def _refusal(self, request: Request) -> str:
        fleet, tenant, limits = self.fleet, request.spec.tenant, self.limits
        if request.not_after_ms and request.not_after_ms <= self.now:
            return "expired"
        if len(fleet.in_state("queued")) >= limits.max_queued:
            return "full"
        if request.tenant_queued and len(fleet.in_state("queued", tenant=tenant)) >= request.tenant_queued:
            return "tenant_full"
        if request.tenant_live and len(fleet.in_state(*OPEN, tenant=tenant)) >= request.tenant_live:
            return "tenant_full"
        of_bot = [sid for sid in fleet.in_state(*OPEN) if fleet.sessions[sid].bot == request.spec.bot]
        return "bot_full" if request.bot_live and len(of_bot) >= request.bot_live else ""

    def _create(self, request: Request, not_after: int) -> None:
        spec = request.spec
        self.fleet.number += 1
        self.fleet.rooms[spec.tenant, request.room, spec.room.role] = spec.session_id
        self.fleet.sessions[spec.session_id] = Session(
            tenant=spec.tenant,
            room=request.room,
            role=spec.room.role,
            bot=spec.bot,
            pool=request.pool,
            priority=request.priority,
            number=self.fleet.number,
            not_after=not_after,
            on_lost=request.on_lost,
            fingerprint=request.fingerprint,
            since=self.now,
        )

    def _enqueue(self, sid: str) -> None:
        s = self.fleet.sessions[sid]
        self._change(sid, due=s.not_after)
        self.fleet.turns.setdefault((s.pool, s.priority, s.tenant), self.fleet.served.get((s.pool, s.priority), 0) + 1)

    def _leave_queue(self, turn: tuple[str, int, str]) -> None:
        if not self.fleet.waiting(*turn):
            self.fleet.turns.pop(turn, None)

    def _first_turn(self, pool: str) -> tuple[str, int, str] | None:
        turns = ((t[1], at, t) for t, at in self.fleet.turns.items() if t[0] == pool)
        return min(turns, default=(0, 0, None))[2]

    def _free_runner(self, pool: str, last: str) -> str | None:
        fleet = self.fleet
        there = {rid for rid, member in fleet.members.items() if member.pool == pool and rid not in fleet.asleep}
        again = None
        for _, rid in sorted((fleet.free(rid), rid) for rid in there if fleet.free(rid) > 0):
            if fleet.alive.get(rid, 0) <= self.now:
                fleet.asleep.add(rid)
            elif rid != last:
                return rid
            else:
                again = rid
        return again

    def _enter(self, sid: str) -> None:
        self._to(sid, "joined", end_by=self.now + self.limits.session_ms)

    def _requeue(self, sid: str) -> None:
        s = self.fleet.sessions[sid]
        self._to(sid, "queued", epoch=self._next_epoch(sid), runner="", last=s.runner)
        self._enqueue(sid)

    def _finish(self, sid: str, state: str, reason: str) -> None:
        s = self.fleet.sessions[sid]
        self._to(sid, state, reason=reason)
        self.fleet.listed[sid] = self.now
        if self.fleet.rooms.get(s.place) == sid:
            del self.fleet.rooms[s.place]
        self._leave_queue((s.pool, s.priority, s.tenant))
        why = f"the session is over ({reason})"
        for order_id in self._open_orders(sid):
            order = self.fleet.orders[order_id]
            self.fleet.orders[order_id] = replace(order, status="refused", why=why, final=True)

    def _open_orders(self, sid: str) -> Sequence[str]:
        return [name for name, order in self.fleet.orders.items() if order.session == sid and not order.final]

    def _may_adopt(self, s: Session, place: tuple[str, str, str], epoch: int, runner: str) -> bool:
        newer = s.epoch < epoch or (s.epoch == epoch and s.runner == runner)
        return s.state not in OVER and s.place == place and newer

    def _report(self, runner: str, one: Reported, fenced: list[str], missing: list[str], stop: dict[str, str]) -> None:
        sid = one.session_id
        s = self.fleet.sessions.get(sid)
        if s is None or (s.epoch < one.epoch and s.state not in OVER):
            missing.append(sid)
        elif (s.epoch, s.runner) != (one.epoch, runner) or s.state not in LIVE:
            fenced.append(sid)
        elif s.state == "assigned":
            missing.append(sid)
        else:
            self._renew_lease(sid, one.phase, fenced, stop)

    def _renew_lease(self, sid: str, phase: str, fenced: list[str], stop: dict[str, str]) -> None:
        if self.fleet.sessions[sid].state == "claimed" and phase in ("waiting", "talking"):
            self._enter(sid)
        s = self.fleet.sessions[sid]
        lapsed = max(0, self.now - s.due)
        by = {name: getattr(s, name) for name in ("start_by", "end_by", "stop_by")}
        by = {name: at + lapsed if at is not None and at > s.due else at for name, at in by.items()}
        self._change(sid, **by)
        here, start_by, end_by, stop_by = s.state, by["start_by"], by["end_by"], by["stop_by"]
        if (
            (here == "claimed" and start_by <= self.now)
            or (here == "joined" and end_by + self.limits.leave_ms <= self.now)
            or (stop_by is not None and stop_by <= self.now)
        ):
            self._change(sid, epoch=self._next_epoch(sid))
            fenced.append(sid)
            return
        self._change(sid, due=self.now + self.limits.lease_ms)
        if s.stop or (here == "joined" and end_by <= self.now):
            stop[sid] = s.stop or "timeout"

    def _look_at_the_clock(self, run: str) -> None:
        fleet, limits = self.fleet, self.limits
        back = fleet.swept_at - self.now > 1000  # noqa: PLR2004 - a second
        if fleet.run != run or self.now - fleet.swept_at > limits.lease_ms / 2 or back:
            fleet.quiet_until = self.now + 2 * limits.lease_ms
        if back:
            fleet.alive = {rid: min(at, fleet.quiet_until) for rid, at in fleet.alive.items()}
            for sid in fleet.in_state(*LIVE):
                if fleet.sessions[sid].due > fleet.quiet_until:
                    self._bring_back(sid)
        fleet.run, fleet.swept_at = run, self.now

    def _bring_back(self, sid: str) -> None:
        s, limits = self.fleet.sessions[sid], self.limits
        spans = {"start_by": limits.start_ms, "end_by": limits.session_ms, "stop_by": limits.leave_ms}
        ends = {name: getattr(s, name) for name in spans}
        nearer = {name: min(at, self.now + spans[name]) for name, at in ends.items() if at is not None}
        self._change(sid, due=self.fleet.quiet_until, **nearer)

    def _expire(self, sid: str, calm: bool, requeued: list[str], failed: list[str]) -> None:
        s, now = self.fleet.sessions[sid], self.now
        if s.state == "queued":
            self._finish(sid, "failed", "expired")
            failed.append(sid)
            return
        if not calm:
            return
        why = self._verdict(s)
        if why not in ("lost", "stuck", "timeout", "cancelled"):
            self._change(sid, attempts=s.attempts + 1)
        if why:
            self._change(sid, epoch=self._next_epoch(sid))
            self._finish(sid, "failed", why)
            failed.append(sid)
            return
        if s.state == "joined":
            self._change(sid, not_after=now + self.limits.queue_ms)
        self._requeue(sid)
        requeued.append(sid)

    def _verdict(self, s: Session) -> str:
        """Why a session that nobody renews fails; empty when another runner may have it."""
        if s.state == "joined":
            if s.stop and (s.stop_by or 0) <= self.now:
                return "stuck"
            if (s.end_by or 0) + self.limits.leave_ms <= self.now:
                return "timeout"
            if s.on_lost != "restart" or s.stop:
                return "lost"
        elif s.stop:
            return "cancelled"
        if s.attempts + 1 >= self.limits.attempts:
            return "start"
        return "expired" if s.state != "joined" and s.not_after <= self.now else ""


def step(fleet: Fleet, call: Call, now: int, limits: Limits, *, by: type[Machine] = Machine) -> tuple[Fleet, Any]:
    """What is after a call, and what the call says."""
    machine = by(fleet.copy(), now, limits)
    answer = getattr(machine, call.move)(*call.arguments)
    return machine.fleet, answer
