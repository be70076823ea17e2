"""The scripts and the model agree on every answer and every key, whatever is called, repeated, forgotten or restarted."""

from __future__ import annotations

import asyncio
import sys
import uuid
from collections import Counter
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from framework.control.connection import Connection
from framework.control.model import Call, Fleet, step
from framework.control.records import OVER, Limits, Renewal, Reported, Request, Runner, Swept
from framework.control.store import Store
from framework.sessions.spec import Room, SessionSpec
from framework.testing.invariants import Stored
from framework.testing.redis import RedisServer

LIMITS = Limits(
    lease_ms=1_000,
    claim_ms=500,
    start_ms=1_500,
    session_ms=6_000,
    leave_ms=800,
    queue_ms=4_000,
    attempts=3,
    max_live=4,
    max_queued=5,
    keep_ended_ms=5_000,
    keep_failed_ms=9_000,
)
BEGINNING = 1_800_000_000_000

ANSWERS = {
    "join": {
        "assigned",
        "queued",
        "duplicate",
        "mismatch",
        "busy",
        "taken",
        "full",
        "tenant_full",
        "bot_full",
        "expired",
    },
    "dispatch": {"0", "some"},
    "register": {"None"},
    "claim": {"ok", "again", "fenced", "expired"},
    "joined": {"ok", "again", "fenced"},
    "renew": {"kept", "unknown", "fenced", "missing", "stop", "start", "orders"},
    "adopt": {"ok", "again", "fenced"},
    "done": {"ok", "again", "fenced"},
    "sweep": {"calm", "quiet", "runners", "requeued", "failed"},
    "drain": {"unknown", "0", "some"},
    "cancel": {"ended", "stopping", "over", "unknown"},
    "order": {"accepted", "again", "taken", "over", "unknown"},
    "obeyed": {"ok", "again", "fenced", "unknown"},
}
"""Each script's answers; the nightly run must have met them all."""

REASONS = {
    "failed:expired",
    "failed:start",
    "failed:lost",
    "failed:timeout",
    "failed:stuck",
    "failed:cancelled",
    "ended:left",
}

MET: Counter[str] = Counter()
"""Script and answer → how often, in this process."""


class Fleets(RuleBasedStateMachine):
    """The same calls to the scripts and to the model."""

    connection: ClassVar[Connection]
    loop: ClassVar[asyncio.Runner]

    def __init__(self) -> None:
        super().__init__()
        self.now = BEGINNING
        self.prefix = f"{{convo:{uuid.uuid4().hex}}}:"
        self.store = Store(self.connection, environment=self.prefix[7:-2], limits=LIMITS, now_ms=lambda: self.now)
        self.fleet = Fleet()
        self.run = "first"
        self.stored = Stored()
        self.known: dict[str, set[int]] = {}
        self.wanted: dict[str, Request] = {}
        self.last: Call | None = None
        self.saved: tuple[Fleet, list[tuple[str, bytes]], set[str]] | None = None
        self.jumped = False

    def teardown(self) -> None:
        self.loop.run(self._forget_all())

    # --- Time and trouble -------------------------------------------------------------------------------------------

    @rule(ms=st.sampled_from([1, 99, 400, 499, 500, 501, 999, 1_000, 1_001, 1_600, 2_000, 2_500, 7_000]))
    def wait(self, ms: int) -> None:
        self.now += ms

    @rule(ms=st.sampled_from([-3_600_000, -5_000, 3_600_000]), really=st.integers(0, 5))
    def jump(self, ms: int, really: int) -> None:
        if really == 0:
            event("the clock jumps")
            self.now += ms
            self.jumped = True

    @precondition(lambda self: self.last)
    @rule()
    def lose_the_reply(self) -> None:
        """The call took effect, nobody heard the answer, and it is made again."""
        assert self.last
        self.call(self.last)

    @rule()
    def save(self) -> None:
        """What is on the disk now is what a restart may fall back to."""
        self.saved = (self.fleet, self.loop.run(self._dump()), {*self.wanted})

    @rule(how=st.sampled_from(["kept", "rolled back", "forgotten"]), really=st.integers(0, 15))
    def restart(self, how: str, really: int) -> None:
        if really:
            return
        event(f"restart: {how}")
        self.run = uuid.uuid4().hex
        if how == "forgotten" or (how == "rolled back" and self.saved is None):
            self.loop.run(self._forget_all())
            self.fleet = Fleet()
        elif how == "rolled back" and self.saved:
            self.loop.run(self._restore(self.saved[1]))
            self.fleet = self.saved[0]
        self.stored = Stored()

    # --- The moves --------------------------------------------------------------------------------------------------

    @initialize()
    def begin(self) -> None:
        self.call(Call("sweep", self.run))
        self.now += 2 * LIMITS.lease_ms
        self.call(Call("register", Runner(runner_id="r0", capacity=2)))
        self.call(Call("register", Runner(runner_id="r1", capacity=1)))

    @rule(
        tenant=st.sampled_from(["ann", "bob"]),
        on_lost=st.sampled_from(["fail", "restart"]),
        so_far=st.sampled_from(["wanted", "claimed", "joined"]),
    )
    def begin_one(self, tenant: str, on_lost: Any, so_far: str) -> None:
        """A session comes as far as most do."""
        sid = f"t{len(self.wanted)}"
        spec = SessionSpec(session_id=sid, tenant=tenant, bot="clinic")
        self.wanted[sid] = Request(spec=spec, room=sid, on_lost=on_lost)
        self.call(Call("join", self.wanted[sid]))
        s = self.fleet.sessions.get(sid)
        if so_far != "wanted" and s and s.state == "assigned":
            self.call(Call("claim", sid, s.epoch, s.runner))
            if so_far == "joined":
                self.call(Call("joined", sid, s.epoch, s.runner))

    @rule(
        sid=st.sampled_from(["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"]),
        tenant=st.sampled_from(["ann", "bob", "cy"]),
        room=st.sampled_from(["", "", "hall", "attic"]),
        role=st.sampled_from(["bot", "bot", "coach"]),
        bot=st.sampled_from(["clinic", "pizza"]),
        pool=st.sampled_from(["shared.default.any", "shared.default.any", "shared.big.any"]),
        priority=st.sampled_from([5, 5, 0, 9]),
        key=st.sampled_from(["", "", "k1", "k2"]),
        body=st.sampled_from(["b", "b", "b", "c"]),
        on_lost=st.sampled_from(["fail", "restart"]),
        patience=st.sampled_from([None, None, 800, 0]),
        caps=st.sampled_from([(0, 0, 0), (0, 0, 0), (0, 0, 0), (2, 0, 0), (0, 1, 0), (0, 0, 2)]),
    )
    def join(self, sid, tenant, room, role, bot, pool, priority, key, body, on_lost, patience, caps) -> None:
        live, queued, of_bot = caps
        request = Request(
            spec=SessionSpec(session_id=sid, tenant=tenant, bot=bot, room=Room(role=role)),
            room=room or sid,
            pool=pool,
            priority=priority,
            idempotency_key=key,
            fingerprint=body,
            on_lost=on_lost,
            not_after_ms=0 if patience is None else self.now + patience,
            tenant_live=live,
            tenant_queued=queued,
            bot_live=of_bot,
        )
        answer = self.call(Call("join", request))
        if answer.outcome in ("assigned", "queued"):
            self.wanted[sid] = request

    @rule(
        runner=st.sampled_from(["r0", "r1", "r2", "r3"]),
        capacity=st.integers(1, 3),
        pool=st.sampled_from(["shared.default.any", "shared.default.any", "shared.big.any"]),
        draining=st.sampled_from([False, False, False, True]),
    )
    def register(self, runner, capacity, pool, draining) -> None:
        if member := self.fleet.members.get(runner):  # the same process, which has not changed
            capacity, pool = member.capacity, member.pool
        self.call(Call("register", Runner(runner_id=runner, capacity=capacity, pool=pool, draining=draining)))

    @rule(
        queue=st.sampled_from(["shared.default.any", "shared.big.any"]),
        pool=st.sampled_from(["", "", "shared.default.any"]),
        most=st.sampled_from([1, 100]),
    )
    def dispatch(self, queue, pool, most) -> None:
        self.call(Call("dispatch", queue, pool, most))

    @rule(data=st.data())
    def claim(self, data) -> None:
        sid = self.pick(data, "assigned")
        self.call(Call("claim", sid, *self.holder(sid, data)))

    @rule(data=st.data())
    def joined(self, data) -> None:
        sid = self.pick(data, "claimed")
        self.call(Call("joined", sid, *self.holder(sid, data)))

    @rule(data=st.data())
    def claim_and_join(self, data) -> None:
        sid = self.pick(data, "assigned")
        epoch, runner = self.holder(sid, data)
        self.call(Call("claim", sid, epoch, runner))
        self.now += 10
        self.call(Call("joined", sid, epoch, runner))

    @rule(
        data=st.data(),
        outcome=st.sampled_from(
            [("ended", "left"), ("failed", "crash"), ("failed", "lost"), ("refused", "start"), ("refused", "start")]
        ),
    )
    def done(self, data, outcome) -> None:
        sid = self.pick(data, "assigned", "claimed", "joined")
        self.call(Call("done", sid, *self.holder(sid, data), *outcome))

    @rule(
        runner=st.sampled_from(["r0", "r1", "r2", "r3"]),
        honest=st.sampled_from([True, True, True, False]),
        phase=st.sampled_from(["", "starting", "starting", "waiting", "talking"]),
        data=st.data(),
    )
    def renew(self, runner, honest, phase, data) -> None:
        if honest:
            held = [sid for sid in self.fleet.owned(runner) if self.fleet.sessions[sid].state != "assigned"]
        else:
            held = data.draw(st.lists(st.sampled_from(["s0", "s1", "s2", "s3", "s4", "s9"]), unique=True, max_size=4))
        report = [Reported(session_id=sid, epoch=self.holder(sid, data, runner)[0], phase=phase) for sid in held]
        self.call(Call("renew", runner, tuple(report)))

    @rule(data=st.data(), in_room=st.booleans())
    def adopt(self, data, in_room) -> None:
        sid = self.pick(data, "queued", "assigned", "claimed")
        if sid not in self.wanted:
            return
        epoch, runner = self.holder(sid, data)
        since = self.now - 3_000 if in_room and sid[-1] in "02468" else 0
        self.call(Call("adopt", runner, self.wanted[sid], epoch, in_room, since))

    @rule(most=st.sampled_from([200, 200, 200, 1]))
    def sweep(self, most) -> None:
        before = self.fleet
        swept: Swept = self.call(Call("sweep", self.run, most))
        if swept.quarantine_ms:
            assert not swept.runners
            assert not swept.requeued
            assert all(before.sessions[sid].state == "queued" for sid in swept.failed)
        elif most > 1:
            assert all(at > self.now for at in self.stored.due.values())

    @rule(ticks=st.integers(2, 9), silent=st.sets(st.sampled_from(["r0", "r1", "r2"]), max_size=2))
    def operate(self, ticks, silent) -> None:
        """Time passes as it does in a fleet: somebody sweeps and dispatches, runners renew, but not all of them."""
        for _ in range(ticks):
            self.now += 400
            for runner in sorted({*self.fleet.members} - silent):
                held = [(sid, self.fleet.sessions[sid]) for sid in self.fleet.owned(runner)]
                report = [Reported(session_id=sid, epoch=s.epoch) for sid, s in held if s.state != "assigned"]
                self.call(Call("renew", runner, tuple(report)))
            self.sweep(200)
            self.call(Call("dispatch", "shared.default.any", "", 100))

    @rule(runner=st.sampled_from(["r0", "r1", "r2", "r3"]), if_idle=st.booleans(), really=st.integers(0, 3))
    def drain(self, runner, if_idle, really) -> None:
        if if_idle or not really:
            self.call(Call("drain", runner, if_idle))

    @rule(data=st.data(), reason=st.sampled_from(["left", "left", "room closed"]))
    def cancel(self, data, reason) -> None:
        self.call(Call("cancel", self.pick(data, "queued", "assigned", "claimed", "joined"), reason))

    @rule(data=st.data(), order=st.sampled_from(["o1", "o2", "o3"]))
    def order(self, data, order) -> None:
        self.call(Call("order", self.pick(data, "assigned", "claimed", "joined"), order))

    @rule(
        data=st.data(),
        order=st.sampled_from(["o1", "o2", "o3", "o9"]),
        status=st.sampled_from([("applied", "", False), ("spoken", "", True), ("refused", "it can't", True)]),
    )
    def obeyed(self, data, order, status) -> None:
        told = self.fleet.orders.get(order)
        sid = told.session if told else self.pick(data, "claimed", "joined")
        self.call(Call("obeyed", sid, *self.holder(sid, data), order, *status))

    # --- What must hold ---------------------------------------------------------------------------------------------

    @invariant()
    def the_keys_are_sound(self) -> None:
        assert self.stored.broken() == []

    # --- Inside -----------------------------------------------------------------------------------------------------

    def pick(self, data: st.DataObject, *states: str) -> str:
        """A session: mostly one in such a state, at times any, or one that nobody knows."""
        fitting = sorted(self.fleet.in_state(*states))
        others = [*sorted(self.wanted), "s9"]
        return data.draw(st.sampled_from(fitting * (1 + 4 * len(others) // max(1, len(fitting))) + others))

    def holder(self, sid: str, data: st.DataObject, runner: str = "") -> tuple[int, str]:
        """An epoch and a runner for a session: mostly its own, at times an older, a newer or another's."""
        s = self.fleet.sessions.get(sid)
        own = (s.epoch, runner or s.runner) if s else (0, runner)
        others = [(own[0] + 1, own[1])]
        others += [(epoch, runner or name) for epoch in sorted(self.known.get(sid, ())) for name in ("r0", "r1")]
        return data.draw(st.sampled_from([own] * 4 * len(others) + others))

    def call(self, call: Call) -> Any:
        """Make a call to both, and compare what they say and what they then have."""
        self.last, before = call, self.stored
        self.fleet, expected = step(self.fleet, call, self.now, LIMITS)
        answer, self.stored = self.loop.run(self._call(call))
        assert _said(answer) == _said(expected), call
        assert _stored(self.stored) == _modelled(self.fleet), call
        assert self.stored.broken(before) == [], call
        for word in _words(call.move, expected):
            MET[f"{call.move}: {word}"] += 1
            event(f"{call.move}: {word}")
        for sid, s in self.fleet.sessions.items():
            self.known.setdefault(sid, set()).add(s.epoch)
            if s.state in OVER:
                MET[f"{s.state}:{s.reason}"] += 1
        return expected

    async def _call(self, call: Call) -> tuple[Any, Stored]:
        store, words = self.store, call.arguments
        match call.move:
            case "sweep":
                await self._be_another_run()
                answer: Any = await store.sweep(words[1] if len(words) > 1 else 200)
            case "adopt":
                runner, request, epoch, joined, since = words
                answer = await store.adopt(runner, request, epoch, joined=joined, joined_at_ms=since)
            case "drain":
                answer = await store.drain(words[0], if_idle=words[1])
            case "order":
                answer = await store.order(*words, "say", '{"kind": "say", "text": "hello"}', by="ann")
            case "obeyed":
                answer = await store.obeyed(*words[:-1], final=words[-1])
            case "claim":
                answer, request = await store.claim(*words)
                assert (request is None) == (answer not in ("ok", "again"))
            case _:
                answer = await getattr(store, call.move)(*words)
        return answer, await Stored.read(self.connection, self.prefix)

    async def _be_another_run(self) -> None:
        """A server says itself which run of it this is; a restart is then one whose keys were swept by another."""
        if self.connection.run_id:
            self.connection.run_id = self.run
        elif (await self.connection.do("HGET", self.prefix + "sweep", "run")) and self.run != self.swept_by:
            await self.connection.do("HSET", self.prefix + "sweep", "run", "another")
        self.swept_by = self.run

    swept_by = ""

    async def _dump(self) -> list[tuple[str, bytes]]:
        names = [name.decode() for name in await self.connection.do("KEYS", f"{self.prefix}*")]
        values = await self.connection.many([("DUMP", name) for name in names])
        return [*zip(names, values, strict=True)]

    async def _restore(self, dump: list[tuple[str, bytes]]) -> None:
        await self._forget_all()
        await self.connection.many([("RESTORE", name, 0, value) for name, value in dump])

    async def _forget_all(self) -> None:
        names = [name.decode() for name in await self.connection.do("KEYS", f"{self.prefix}*")]
        await self.connection.many([("DEL", name) for name in names])


def _said(answer: Any) -> Any:
    """An answer, with no order where it has none."""
    if isinstance(answer, Renewal):
        lists = (answer.fenced, answer.missing, answer.orders)
        return answer.known, *(sorted(one) for one in lists), answer.stop, answer.start
    return answer


def _words(move: str, answer: Any) -> list[str]:
    """What an answer is called in the statistics."""
    if isinstance(answer, Renewal):
        parts = ("fenced", "missing", "stop", "start", "orders")
        return ["kept" if answer.known else "unknown", *(part for part in parts if getattr(answer, part))]
    if isinstance(answer, Swept):
        parts = ("runners", "requeued", "failed")
        return ["quiet" if answer.quarantine_ms else "calm", *(part for part in parts if getattr(answer, part))]
    if move == "join":
        return [answer.outcome]
    if isinstance(answer, int):
        return ["unknown" if answer < 0 else "some" if answer else "0"]
    return [answer[0] if isinstance(answer, tuple) else str(answer)]


def _stored(stored: Stored) -> dict[str, Any]:
    """What lies in the keys, in the model's words."""
    sweep = stored.hashes.get("sweep", {})
    found = {
        sid: (
            *(s[name] for name in ("tenant", "room", "role", "bot", "pool", "state", "runner")),
            *(int(s[name]) for name in ("epoch", "attempts", "not_after")),
            *(int(s[name]) if name in s else None for name in ("start_by", "end_by", "stop_by")),
            s.get("last", ""),
            s.get("stop", ""),
            s.get("reason", ""),
            stored.due.get(sid, 0),
        )
        for sid, s in stored.sessions.items()
    }
    return {
        "sessions": found,
        "rooms": stored.rooms,
        "runners": {
            rid: (int(r["capacity"]), r["pool"], r["draining"] == "1", r["dead"] == "1")
            for rid, r in stored.runners.items()
        },
        "alive": stored.scores.get("alive", {}),
        "turns": {
            (name.removeprefix("turn:"), int(turn[0]), turn[2:]): at - int(turn[0]) * 2**40
            for name, row in stored.scores.items()
            if name.startswith("turn:")
            for turn, at in row.items()
        },
        "served": {
            (pool, int(priority)): int(at)
            for pool, row in stored.under("served:").items()
            for priority, at in row.items()
        },
        "keys": {
            tuple(key.split(":")): (row["session"], row["fingerprint"]) for key, row in stored.under("key:").items()
        },
        "orders": {
            key: (o["session"], o["status"], o["why"], o["final"] == "1") for key, o in stored.under("o:").items()
        },
        "listed": {sid: at for state in OVER for sid, at in stored.scores.get(f"idx:{state}", {}).items()},
        "sweep": (int(sweep.get("at", 0)), int(sweep.get("until", 0))),
    }


def _modelled(fleet: Fleet) -> dict[str, Any]:
    """The same of the model."""
    found = {
        sid: (
            *(s.tenant, s.room, s.role, s.bot, s.pool, s.state, s.runner),
            *(s.epoch, s.attempts, s.not_after, s.start_by, s.end_by, s.stop_by, s.last, s.stop, s.reason),
            0 if s.state in OVER else s.due,
        )
        for sid, s in fleet.sessions.items()
    }
    return {
        "sessions": found,
        "rooms": fleet.rooms,
        "runners": {rid: (m.capacity, m.pool, m.draining, m.dead) for rid, m in fleet.members.items()},
        "alive": fleet.alive,
        "turns": fleet.turns,
        "served": fleet.served,
        "keys": fleet.keys,
        "orders": {name: (o.session, o.status, o.why, o.final) for name, o in fleet.orders.items()},
        "listed": fleet.listed,
        "sweep": (fleet.swept_at, fleet.quiet_until),
    }


def _compare(connection: Connection, loop: asyncio.Runner, examples: int, steps: int) -> None:
    """Run the machine."""
    machine = type("Fleets", (Fleets,), {"connection": connection, "loop": loop})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, suppress_health_check=[*HealthCheck], print_blob=True
        ),
    )


def _print_what_was_met() -> None:
    sys.stdout.write("\nscript: answer → times\n")
    for name, times in sorted(MET.items()):
        sys.stdout.write(f"  {name:24} {times}\n")


@pytest.mark.timeout(600)
def test_the_embedded_scripts_do_what_the_model_does():
    with asyncio.Runner() as loop:
        _compare(Connection.embedded(), loop, 25, 40)


@pytest.mark.timeout(600)
def test_a_server_does_what_the_model_does():
    with asyncio.Runner() as loop, RedisServer(options={"appendonly": "no"}) as server:
        connection = Connection.to(server.url)
        _compare(connection, loop, 200, 40)
        loop.run(connection.close())
    _print_what_was_met()


@pytest.mark.nightly
@pytest.mark.timeout(5400)
def test_a_server_does_what_the_model_does_all_night():
    with asyncio.Runner() as loop, RedisServer(options={"appendonly": "no"}) as server:
        connection = Connection.to(server.url)
        _compare(connection, loop, 5_000, 60)
        loop.run(connection.close())
    _print_what_was_met()
    assert not {f"{move}: {word}" for move, words in ANSWERS.items() for word in words} - {*MET}
    assert not REASONS - {*MET}
