"""Every order in which two runners, an operator and one restart of the store can act on a session, over the model.

A call is sent at one moment and takes effect at a later one; its answer arrives with the effect, or never. A runner
believes that it has a session until its own lease is over, which it counts from before it asked; while the store
refuses connections it asks in vain and lets its lease go on, as `Member` does. What must hold is asked in every state.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from framework.control.model import Call, Fleet, Machine, step
from framework.control.records import LIVE, OPEN, OVER, Limits, Reported, Request, Runner
from framework.sessions.spec import SessionSpec

TICK = 50
LIMITS = Limits(
    lease_ms=2 * TICK,
    claim_ms=TICK,
    start_ms=3 * TICK,
    session_ms=100 * TICK,
    leave_ms=TICK,
    queue_ms=100 * TICK,
    attempts=3,
)
BEGINNING = 1_000 * TICK
NAMES = ("a", "b")


def wanted(sid: str) -> Request:
    """Both sessions are wanted in the same room."""
    return Request(spec=SessionSpec(session_id=sid), room="hall", on_lost="restart")


@dataclass(frozen=True, slots=True)
class Holding:
    """A session that a runner has, and until when it believes so."""

    sid: str
    epoch: int
    until: int
    joined: bool = False
    over: bool = False
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Process:
    """One runner: what it holds, what it has sent and when, and what it has been told to start."""

    calls_left: int
    held: Holding | None = None
    sent: tuple[str, Any, int] | None = None
    offers: frozenset[tuple[str, int]] = frozenset()

    def key(self, now: int) -> Any:
        """The same for processes that will do the same; what is past is past, however long."""
        held, sent = self.held, self.sent
        held_key = held and (held.sid, held.epoch, max(held.until, now), held.joined, held.over, held.missing)
        sent_key = sent and (*sent[:2], max(sent[2] + LIMITS.lease_ms, now))
        return self.calls_left, held_key, sent_key, self.offers if self.calls_left and not held else None


@dataclass(frozen=True, slots=True)
class World:
    """Everything at one moment."""

    now: int
    fleet: Fleet
    processes: tuple[Process, ...]
    up: bool = True
    outages_left: int = 1
    saved: Fleet | None = None
    lost: bool = False
    """The store has lost some of its memory."""
    run: str = "first"

    @property
    def key(self) -> Any:
        """The same for worlds that are the same."""
        saved = _fleet_key(self.saved, self.now) if self.saved and self.outages_left else None
        processes = tuple(process.key(self.now) for process in self.processes)
        return self.now, _fleet_key(self.fleet, self.now), processes, self.up, self.outages_left, saved, self.lost

    def believers(self, *, sid: str = "s1") -> list[int]:
        """Which of the processes believe that they may speak for a session."""
        return [
            index
            for index, process in enumerate(self.processes)
            if (held := process.held) and held.sid == sid and not held.over and held.until > self.now
        ]


def _fleet_key(fleet: Fleet, now: int) -> Any:
    sessions = tuple(
        (sid, s.state, s.epoch, s.runner, s.last, s.attempts, max(s.due, now), s.start_by and max(s.start_by, now))
        if s.state in OPEN
        else (sid, s.state, s.epoch)
        for sid, s in sorted(fleet.sessions.items())
    )
    quiet = (fleet.run, max(fleet.swept_at, now - 2 * TICK), max(fleet.quiet_until, now))
    return sessions, tuple(sorted(fleet.members)), tuple(sorted(fleet.rooms.items())), quiet


class Explorer:
    """Goes every way there is, each state once."""

    def __init__(self, *, how: str, machine: type[Machine] = Machine, calls: tuple[int, int], ticks: int) -> None:
        self.how = how
        self.machine = machine
        self.calls = calls
        self.end = BEGINNING + ticks * TICK
        self.ways: dict[Any, int] = {}
        self.both_after_a_loss = 0
        self.broken: list[str] = []

    def explore(self) -> int:
        """How many interleavings there are; `broken` says what did not hold in them."""
        sys.setrecursionlimit(10_000)
        return self._ways(self._first())

    def _first(self) -> World:
        fleet, now = Fleet(), BEGINNING - 2 * LIMITS.lease_ms
        fleet, _ = step(fleet, Call("sweep", "first"), now, LIMITS)
        fleet.swept_at = BEGINNING
        for name in NAMES:
            fleet = self._registered(fleet, name, BEGINNING)
        fleet, _ = step(fleet, Call("join", wanted("s1")), BEGINNING, LIMITS)
        assert fleet.sessions["s1"].state == "assigned"
        return self._offer(World(BEGINNING, fleet, tuple(Process(calls) for calls in self.calls)))

    def _ways(self, world: World) -> int:
        key = world.key
        if key not in self.ways:
            if self.broken:
                return 0
            ways = 0
            for then in self._next(world):
                self._check(world, then)
                ways += self._ways(then)
            self.ways[key] = ways or 1
        return self.ways[key]

    # --- What can happen --------------------------------------------------------------------------------------------

    def _next(self, world: World) -> Iterator[World]:
        if world.now < self.end:
            yield replace(world, now=world.now + TICK)
        if world.up:
            yield from self._operator(world)
        yield from self._outage(world)
        for index, process in enumerate(world.processes):
            if process.sent is None:
                yield from self._sends(world, index, process)
            elif world.up:
                yield self._arrives(world, index, process, heard=True)
                yield self._arrives(world, index, process, heard=False)

    def _operator(self, world: World) -> Iterator[World]:
        if world.fleet.swept_at < world.now or world.fleet.run != world.run:
            fleet, _ = self._step(world, Call("sweep", world.run))
            fleet, _ = step(fleet, Call("dispatch", "shared.default.any"), world.now, LIMITS, by=self.machine)
            yield self._offer(replace(world, fleet=fleet))
        if world.lost and "s2" not in world.fleet.sessions:
            fleet, _ = self._step(world, Call("join", wanted("s2")))
            if "s2" in fleet.sessions:
                yield self._offer(replace(world, fleet=fleet))

    def _outage(self, world: World) -> Iterator[World]:
        if world.up and world.outages_left:
            if self.how == "rolled back" and world.saved is None:
                yield replace(world, saved=world.fleet)
            dropped = tuple(replace(process, sent=None) for process in world.processes)
            yield replace(world, up=False, outages_left=0, processes=dropped)
        if not world.up:
            fleet = Fleet() if self.how == "forgotten" else world.fleet
            if self.how == "rolled back" and world.saved:
                fleet = world.saved
            yield replace(world, up=True, fleet=fleet, run="second", lost=fleet is not world.fleet, saved=None)

    def _sends(self, world: World, index: int, process: Process) -> Iterator[World]:
        if not process.calls_left:
            return
        for what, about in self._wishes(process):
            after = replace(process, calls_left=process.calls_left - 1)
            held = after.held
            if what == "done" and held:
                after = replace(after, held=replace(held, over=True))
            if world.up:
                after = replace(after, sent=(what, about, world.now))
            elif what == "renew" and held and held.until > world.now:  # nothing listens there: nobody can take it away
                after = replace(after, held=replace(held, until=world.now + LIMITS.lease_ms))
            else:
                continue
            yield self._with(world, index, after)

    def _wishes(self, process: Process) -> Iterator[tuple[str, Any]]:
        held = process.held
        if held is None:
            for offer in sorted(process.offers):
                yield "claim", offer
        elif held.missing:
            yield "adopt", None
        else:
            if not held.joined and not held.over:
                yield "joined", None
            yield "done", None
            yield "renew", None

    def _arrives(self, world: World, index: int, process: Process, *, heard: bool) -> World:
        what, about, asked_at = process.sent or ("", None, 0)
        name, held = NAMES[index], process.held
        call = _call(what, about, name, held)
        fleet, answer = self._step(world, call)
        if what == "renew" and not answer.known:  # it registers again, and then does as it is told
            fleet = self._registered(fleet, name, world.now)
        after = replace(process, sent=None)
        if heard:
            after = replace(after, held=_heard(what, about, answer, held, asked_at + LIMITS.lease_ms))
            if what == "claim":
                after = replace(after, offers=after.offers - {about})
        return self._offer(self._with(replace(world, fleet=fleet), index, after))

    def _registered(self, fleet: Fleet, name: str, now: int) -> Fleet:
        """A runner that goes on being heard of: not its own silence is looked at here, but its sessions'."""
        fleet, _ = step(fleet, Call("register", Runner(runner_id=name, capacity=1)), now, LIMITS, by=self.machine)
        fleet.alive[name] = 2 * self.end
        return fleet

    def _step(self, world: World, call: Call) -> tuple[Fleet, Any]:
        return step(world.fleet, call, world.now, LIMITS, by=self.machine)

    def _with(self, world: World, index: int, process: Process) -> World:
        processes = tuple(process if at == index else one for at, one in enumerate(world.processes))
        return replace(world, processes=processes)

    def _offer(self, world: World) -> World:
        """A runner hears of what is assigned to it."""
        for sid, s in world.fleet.sessions.items():
            if s.state == "assigned":
                index = NAMES.index(s.runner)
                process = world.processes[index]
                world = self._with(world, index, replace(process, offers=frozenset({(sid, s.epoch)})))
        return world

    # --- What must hold ---------------------------------------------------------------------------------------------

    def _check(self, before: World, now: World) -> None:
        self.broken += [*self._beliefs(now), *_rooms(now.fleet)]
        if before.fleet is not now.fleet and before.up == now.up:
            self.broken += _epochs(before.fleet, now.fleet)

    def _beliefs(self, world: World) -> Iterator[str]:
        believers = world.believers()
        if world.lost:
            self.both_after_a_loss += len(believers) > 1
            return
        if len(believers) > 1:
            yield "two runners believe that they have the session"
        for index in believers if world.up else ():
            s = world.fleet.sessions["s1"]
            if s.state not in LIVE or s.runner != NAMES[index]:
                yield f"a session was taken from its holder: {s} {world.processes[index].held}"
        if any(world.fleet.free(name) < 0 for name in world.fleet.members):
            yield "a runner has more sessions than slots"


def _rooms(fleet: Fleet) -> Iterator[str]:
    places = [s.place for s in fleet.sessions.values() if s.state in OPEN]
    if len(places) != len({*places}):
        yield "two sessions in one place of a room"
    if {*fleet.rooms.values()} != {sid for sid, s in fleet.sessions.items() if s.state in OPEN}:
        yield "a room's bot is not an open session"


def _epochs(before: Fleet, now: Fleet) -> Iterator[str]:
    for sid, was in before.sessions.items():
        s = now.sessions[sid]
        if s.epoch < was.epoch or (s.epoch == was.epoch and s.state in LIVE and s.runner != was.runner):
            yield f"the epoch did not rise: {was} {s}"
        if was.state in OVER and s.state not in OVER:
            yield f"it was over and is not: {was} {s}"


def _call(what: str, about: Any, name: str, held: Holding | None) -> Call:
    if what == "claim":
        return Call("claim", *about, name)
    if what == "renew":
        phase = "waiting" if held and held.joined else "starting"
        report = (Reported(session_id=held.sid, epoch=held.epoch, phase=phase),) if held else ()
        return Call("renew", name, report)
    assert held
    if what == "adopt":
        return Call("adopt", name, wanted(held.sid), held.epoch, held.joined)
    return Call(what, held.sid, held.epoch, name, *(("ended", "left") if what == "done" else ()))


def _heard(what: str, about: Any, answer: Any, held: Holding | None, until: int) -> Holding | None:
    """What a runner holds after an answer."""
    if what == "claim":
        return Holding(*about, until) if answer in ("ok", "again") else None
    if held is None or what == "done" or answer == "fenced":
        return None
    if what == "joined":
        return replace(held, joined=True)
    if what == "adopt":
        return replace(held, until=max(held.until, until), missing=False)
    if held.sid in answer.missing:
        return replace(held, missing=True)
    return None if held.sid in answer.fenced else replace(held, until=max(held.until, until))


# --- Machines with a mistake ----------------------------------------------------------------------------------------


class DoneByAnybody(Machine):
    """`done` does not look at the epoch."""

    def done(self, sid: str, epoch: int, runner: str, outcome: str, reason: str) -> str:
        s = self.fleet.sessions.get(sid)
        return super().done(sid, s.epoch, s.runner, outcome, reason) if s else "fenced"


class RequeuedUnderTheSameEpoch(Machine):
    """The sweep requeues without a new epoch, and so does not fence."""

    def _next_epoch(self, sid: str) -> int:
        return self.fleet.sessions[sid].epoch or super()._next_epoch(sid)


class AdoptedIntoATakenRoom(Machine):
    """`adopt` does not look who is in the room."""

    def adopt(self, runner: str, request: Request, epoch: int, joined: bool, joined_at_ms: int = 0) -> str:
        self.fleet.rooms.pop(("default", request.room, "bot"), None)
        return super().adopt(runner, request, epoch, joined, joined_at_ms)


class RenewedByAnybody(Machine):
    """`renew` does not look at the epoch and the runner."""

    def _report(self, runner: str, one: Reported, fenced: list[str], missing: list[str], stop: dict[str, str]) -> None:
        s = self.fleet.sessions.get(one.session_id)
        if s and s.state in LIVE:
            one, runner = replace(one, epoch=s.epoch), s.runner
        super()._report(runner, one, fenced, missing, stop)


class ClaimedByAnybody(Machine):
    """`claim` does not look at the epoch and the runner."""

    def claim(self, sid: str, epoch: int, runner: str) -> str:
        s = self.fleet.sessions.get(sid)
        return super().claim(sid, s.epoch, s.runner) if s else "fenced"


class SweptAtOnceAfterARestart(Machine):
    """The sweep gives holders no time after a restart."""

    def _look_at_the_clock(self, run: str) -> None:
        super()._look_at_the_clock(run)
        self.fleet.quiet_until = 0


class LeaseCutAtTheStart(Machine):
    """A lease is given, and the session taken before it is over, since it should have begun by then."""

    def _renew_lease(self, sid: str, phase: str, fenced: list[str], stop: dict[str, str]) -> None:
        super()._renew_lease(sid, phase, fenced, stop)
        s = self.fleet.sessions[sid]
        if s.state == "claimed":
            self._change(sid, due=min(s.due, s.start_by or s.due))


class AgainWithoutALease(Machine):
    """A repeated `claim` is told that it is so already, and counts a lease that the store does not."""

    def claim(self, sid: str, epoch: int, runner: str) -> str:
        due = self.fleet.sessions[sid].due
        answer = super().claim(sid, epoch, runner)
        if answer == "again":
            self._change(sid, due=due)
        return answer


MISTAKES = {
    DoneByAnybody: "kept",
    RequeuedUnderTheSameEpoch: "kept",
    AdoptedIntoATakenRoom: "forgotten",
    RenewedByAnybody: "kept",
    ClaimedByAnybody: "kept",
    SweptAtOnceAfterARestart: "kept",
    LeaseCutAtTheStart: "kept",
    AgainWithoutALease: "kept",
}


def _explored(how: str, calls: tuple[int, int], ticks: int) -> Explorer:
    explorer = Explorer(how=how, calls=calls, ticks=ticks)
    ways = explorer.explore()
    sys.stdout.write(
        f"\none restart, memory {how}: {ways:,} interleavings, {len(explorer.ways):,} states;"
        f" two believers after a loss in {explorer.both_after_a_loss:,} steps\n"
    )
    return explorer


@pytest.mark.timeout(600)
@pytest.mark.parametrize("how", ["kept", "forgotten", "rolled back"])
def test_in_every_order_one_runner_at_most_believes_that_it_has_the_session(how):
    assert (
        _explored(how, *{"kept": ((2, 2), 4), "forgotten": ((3, 2), 3), "rolled back": ((3, 1), 3)}[how]).broken == []
    )


@pytest.mark.nightly
@pytest.mark.timeout(5400)
@pytest.mark.parametrize("how", ["kept", "forgotten", "rolled back"])
def test_in_every_longer_order_too(how):
    assert _explored(how, calls=(3, 3), ticks=4).broken == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__)
def test_a_machine_with_a_mistake_is_found_out(mistake):
    explorer = Explorer(how=MISTAKES[mistake], machine=mistake, calls=(3, 2), ticks=3)
    explorer.explore()
    assert explorer.broken
