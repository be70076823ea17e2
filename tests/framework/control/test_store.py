"""One suite for every store: the embedded one, a Redis server, and Valkey where CONVO_TEST_VALKEY names a server."""

from __future__ import annotations

import json
import os
import uuid

import pytest

from framework.control.connection import Connection
from framework.control.records import Limits, Reported, Request, Runner
from framework.control.store import Store
from framework.errors import UserError
from framework.sessions.spec import Room, SessionSpec
from framework.testing.invariants import Stored
from framework.testing.redis import RedisServer

KINDS = ["embedded", "redis", *(["valkey"] if "CONVO_TEST_VALKEY" in os.environ else [])]
LEASE = 1_000
LIMITS = Limits(lease_ms=LEASE, claim_ms=500, start_ms=3_000, session_ms=60_000, leave_ms=2_000, queue_ms=20_000)
BEGINNING = 1_800_000_000_000
HOUR = 3_600_000


@pytest.fixture(scope="module")
def server():
    with RedisServer() as server:
        yield server


class Scene:
    """A store whose clock is in our hands."""

    def __init__(self, connection: Connection, limits: Limits) -> None:
        self.connection = connection
        self.now = BEGINNING
        self.environment = uuid.uuid4().hex
        self.store = Store(connection, environment=self.environment, limits=limits, now_ms=lambda: self.now)
        self.limits = limits

    async def settle(self) -> None:
        """Past the quiet time after the first sweep."""
        for _ in range(6):
            await self.store.sweep()
            self.now += LEASE // 2
        assert (await self.store.sweep()).quarantine_ms == 0

    async def runner(self, runner_id: str = "r1", capacity: int = 2, **more) -> None:
        await self.store.register(Runner(runner_id=runner_id, capacity=capacity, **more))

    async def join(self, sid: str, tenant: str = "ann", role: str = "bot", bot: str = "clinic", **more):
        spec = SessionSpec(session_id=sid, tenant=tenant, bot=bot, room=Room(role=role))
        return await self.store.join(Request(spec=spec, **({"room": sid} | more)))

    async def claimed(self, sid: str) -> tuple[int, str]:
        found = await self.store.session(sid)
        assert (await self.store.claim(sid, found.epoch, found.runner))[0] == "ok"
        return found.epoch, found.runner

    async def joined(self, sid: str) -> tuple[int, str]:
        epoch, runner = await self.claimed(sid)
        assert await self.store.joined(sid, epoch, runner) == "ok"
        return epoch, runner

    async def state(self, sid: str) -> str:
        found = await self.store.session(sid)
        return f"{found.state}({found.reason})" if found.reason else found.state

    async def pass_time(self, ms: int, *renewing: str) -> list:
        """Time passes, somebody sweeps, and these runners renew what they hold."""
        swept = []
        for _ in range(0, ms, LEASE // 4):
            self.now += LEASE // 4
            for runner in renewing:
                held = [await self.store.session(sid) for sid in await self.store.owned(runner)]
                await self.store.renew(
                    runner, [Reported(session_id=s.session_id, epoch=s.epoch) for s in held if s.state != "assigned"]
                )
            swept.append(await self.store.sweep())
        return swept

    async def ttl(self, *parts: str) -> int:
        return int(await self.connection.do("PTTL", f"{{convo:{self.environment}}}:" + ":".join(parts)))

    async def kinds(self, session_id: str = "") -> list[str]:
        found = await self.store.past_events("0-0", session_id=session_id)
        return [json.loads(one.text)["type"] for one in found]


@pytest.fixture(params=KINDS)
async def scene(request, server):
    urls = {"redis": server.url, "valkey": os.environ.get("CONVO_TEST_VALKEY", "")}
    connection = Connection.embedded() if request.param == "embedded" else Connection.to(urls[request.param])
    scene = Scene(connection, LIMITS)
    yield scene
    stored = await Stored.read(connection, f"{{convo:{scene.environment}}}:")
    assert stored.broken() == []
    await connection.close()


def limited(scene: Scene, **changed) -> Scene:
    """The same store with other limits."""
    scene.store.limits = scene.limits = LIMITS.model_copy(update=changed)
    scene.store._written_limits = scene.store._write_limits()
    return scene


# --- join, dispatch, register ---------------------------------------------------------------------------------------------


async def test_a_session_waits_until_there_is_a_runner_and_then_is_given_to_it(scene):
    first, second = await scene.join("s1"), await scene.join("s2")
    assert (first.outcome, first.position, second.outcome, second.position) == ("queued", 1, "queued", 2)
    await scene.runner(capacity=1)
    assert await scene.state("s1") == "assigned"
    assert (await scene.store.session("s2")).position == 1
    command = (await scene.store.commands("r1", "0-0", 0))[0]
    assert (command.op, command.session_id, command.epoch) == ("start", "s1", (await scene.store.session("s1")).epoch)


async def test_a_session_goes_to_a_free_runner_at_once(scene):
    await scene.runner()
    said = await scene.join("s1")
    assert (said.outcome, said.state, said.position) == ("assigned", "assigned", 0)
    assert (await scene.store.runner("r1")).free == 1


async def test_the_fullest_runner_is_taken_so_that_others_empty(scene):
    await scene.runner("big", capacity=9)
    await scene.runner("small", capacity=1)
    await scene.join("s1")
    assert (await scene.store.session("s1")).runner == "small"


async def test_the_same_key_is_the_same_session_and_with_another_body_a_mistake(scene):
    first = await scene.join("s1", idempotency_key="k", fingerprint="body")
    again = await scene.join("s2", idempotency_key="k", fingerprint="body")
    assert (first.outcome, again.outcome, again.session_id, again.position) == ("queued", "duplicate", "s1", 1)
    assert (await scene.join("s3", idempotency_key="k", fingerprint="other")).outcome == "mismatch"
    assert (await scene.join("s4", tenant="bob", idempotency_key="k", fingerprint="other")).outcome == "queued"
    assert 0 < await scene.ttl("key", "ann", "k") <= LIMITS.keep_key_ms


async def test_the_same_id_is_the_same_session_and_for_another_request_taken(scene):
    await scene.join("s1", fingerprint="body")
    assert (await scene.join("s1", fingerprint="body")).outcome == "duplicate"
    assert (await scene.join("s1", fingerprint="other")).outcome == "taken"
    assert (await scene.join("s1", tenant="bob", fingerprint="body", room="elsewhere")).outcome == "taken"


async def test_a_room_has_one_bot_of_each_role_and_tenant(scene):
    await scene.join("s1", room="hall")
    busy = await scene.join("s2", room="hall")
    assert (busy.outcome, busy.session_id) == ("busy", "s1")
    assert (await scene.join("s3", room="hall", role="coach")).outcome == "queued"
    assert (await scene.join("s4", room="hall", tenant="bob")).outcome == "queued"
    assert await scene.store.in_room("ann", "hall") == {"bot": "s1", "coach": "s3"}
    await scene.store.cancel("s1")
    assert (await scene.join("s2", room="hall")).outcome == "queued"


async def test_caps_refuse_and_change_nothing(scene):
    limited(scene, max_queued=3)
    assert (await scene.join("s1", tenant_queued=1)).outcome == "queued"
    assert (await scene.join("s2", tenant_queued=1)).outcome == "tenant_full"
    assert (await scene.join("s2", tenant_live=1)).outcome == "tenant_full"
    assert (await scene.join("s2", bot_live=1)).outcome == "bot_full"
    assert (await scene.join("s2", not_after_ms=BEGINNING)).outcome == "expired"
    assert (await scene.join("s2", tenant="bob", tenant_live=1, tenant_queued=1)).outcome == "queued"
    assert (await scene.join("s3", bot="pizza", bot_live=1)).outcome == "queued"
    assert (await scene.join("s4")).outcome == "full"
    assert (await scene.store.by_state())["queued"] == 3
    assert await scene.store.session("s4") is None


async def test_no_more_sessions_are_live_than_may_be(scene):
    limited(scene, max_live=1)
    await scene.runner(capacity=5)
    assert (await scene.join("s1")).outcome == "assigned"
    assert (await scene.join("s2")).outcome == "queued"
    assert await scene.store.dispatch("shared.default.any") == 0
    epoch, runner = await scene.claimed("s1")
    await scene.store.done("s1", epoch, runner, "ended", "left")
    assert await scene.state("s2") == "assigned"


async def test_tenants_are_served_in_turn_within_a_priority(scene):
    for n in range(6):
        await scene.join(f"a{n}", tenant="ann")
    for n in range(2):
        await scene.join(f"b{n}", tenant="bob")
    await scene.join("c0", tenant="cy", priority=0)
    assert (await scene.store.session("b1")).position == 5  # c0, a0, b0, a1 and itself
    served = []
    for n in range(9):
        await scene.runner(f"r{n}", capacity=1)
        served += await scene.store.owned(f"r{n}")
    assert served == ["c0", "a0", "b0", "a1", "b1", "a2", "a3", "a4", "a5"]


async def test_a_tenant_that_comes_back_does_not_push_in(scene):
    """Each who has waited gets its turn before one who was served a moment ago."""
    for n in range(20):
        await scene.join(f"a{n}", tenant="ann")
    served = []
    for n in range(8):
        await scene.join(f"b{n}", tenant="bob")
        await scene.runner(f"r{n}", capacity=1)
        served += await scene.store.owned(f"r{n}")
    assert [sid[0] for sid in served].count("b") == 4


async def test_waiting_is_counted_by_pool_and_tenant(scene):
    await scene.join("s1")
    await scene.join("s2", tenant="bob")
    await scene.join("s3", priority=1)
    await scene.join("s4", pool="ann.default.any")
    waiting = await scene.store.waiting()
    assert waiting == {"shared.default.any": {"ann": 2, "bob": 1}, "ann.default.any": {"ann": 1}}


async def test_a_queue_is_served_by_runners_of_another_pool_when_told_so(scene):
    await scene.join("s1", pool="shared.default.old")
    await scene.runner(pool="shared.default.new")
    assert await scene.store.dispatch("shared.default.old") == 0
    assert await scene.store.dispatch("shared.default.old", "shared.default.new") == 1


async def test_a_silent_runner_is_given_nothing(scene):
    await scene.runner()
    scene.now += LEASE
    assert (await scene.join("s1")).outcome == "queued"
    await scene.store.renew("r1", [])
    assert await scene.state("s1") == "assigned"


@pytest.mark.parametrize(
    "wrong", [{"priority": 10}, {"priority": -1}, {"tenant": "a:b"}, {"pool": "a:b"}, {"pool": ""}]
)
async def test_what_would_spoil_the_keys_is_refused_before_it_is_sent(scene, wrong):
    with pytest.raises(UserError):
        await scene.join("s1", **wrong)


# --- claim, joined, renew, adopt, done ----------------------------------------------------------------------------------


async def test_a_claim_is_answered_once_with_ok_and_then_with_again(scene):
    await scene.runner()
    await scene.join("s1", on_lost="restart", fingerprint="body", priority=3)
    epoch = (await scene.store.session("s1")).epoch
    answer, request = await scene.store.claim("s1", epoch, "r1")
    assert (answer, request.spec.session_id, request.spec.epoch) == ("ok", "s1", epoch)
    assert (request.room, request.on_lost, request.priority, request.fingerprint) == ("s1", "restart", 3, "body")
    assert (await scene.store.claim("s1", epoch, "r1"))[0] == "again"
    for sid, token, runner in (("s1", epoch - 1, "r1"), ("s1", epoch, "r2"), ("s9", epoch, "r1")):
        assert (await scene.store.claim(sid, token, runner))[0] == "fenced"


async def test_a_claim_after_its_time_fails_the_session(scene):
    await scene.runner()
    await scene.join("s1", not_after_ms=BEGINNING + 100)
    epoch = (await scene.store.session("s1")).epoch
    scene.now += 100
    assert (await scene.store.claim("s1", epoch, "r1"))[0] == "expired"
    assert await scene.state("s1") == "failed(expired)"


async def test_joined_follows_a_claim_only(scene):
    await scene.runner()
    await scene.join("s1")
    epoch = (await scene.store.session("s1")).epoch
    assert await scene.store.joined("s1", epoch, "r1") == "fenced"
    await scene.claimed("s1")
    assert await scene.store.joined("s1", epoch + 1, "r1") == "fenced"
    assert [await scene.store.joined("s1", epoch, "r1") for _ in range(2)] == ["ok", "again"]
    assert await scene.kinds("s1") == [
        "session.queued", "session.assigned", "session.claimed", "session.joined", "bot.session.start"
    ]  # fmt: skip


async def test_a_report_is_answered_with_what_should_be(scene):
    await scene.runner(capacity=5)
    for sid in ("s1", "s2", "s3", "s4"):
        await scene.join(sid)
    epoch, _ = await scene.joined("s1")
    told, _ = await scene.joined("s2")
    await scene.store.cancel("s2", "room closed")
    await scene.store.order("s1", "o1", "say", "{}", by="ann")
    lost = (await scene.store.session("s3")).epoch
    said = await scene.store.renew(
        "r1",
        [
            Reported(session_id="s1", epoch=epoch, phase="talking", node="greet"),
            Reported(session_id="s2", epoch=told),
            Reported(session_id="s3", epoch=lost),
            Reported(session_id="s8", epoch=1),
            Reported(session_id="s1", epoch=epoch - 1),
        ],
    )
    assert said.known
    assert said.stop == {"s2": "room closed"}
    assert [*said.start] == ["s4"]
    assert said.orders == ("s1",)
    assert said.missing == ("s3", "s8")  # assigned only, or forgotten: the runner says that it has them
    assert said.fenced == ("s1",)
    found = await scene.store.session("s1")
    assert (found.phase, found.node) == ("talking", "greet")
    assert not (await scene.store.renew("stranger", [])).known


async def test_a_word_that_was_lost_is_made_good_by_the_next_report(scene):
    await scene.runner()
    await scene.join("s1")
    epoch, _ = await scene.claimed("s1")
    await scene.store.renew("r1", [Reported(session_id="s1", epoch=epoch, phase="waiting")])
    assert await scene.state("s1") == "joined"
    assert await scene.store.joined("s1", epoch, "r1") == "again"
    assert (await scene.kinds("s1")).count("session.joined") == 1


async def test_a_forgotten_session_is_adopted_where_its_room_is_free(scene):
    spec = SessionSpec(session_id="s1", tenant="ann", bot="clinic")
    request = Request(spec=spec, room="hall")
    adopt = scene.store.adopt
    assert await adopt("r1", request, BEGINNING, joined=True) == "fenced"  # nobody knows this runner
    await scene.runner()
    assert await adopt("r1", request, BEGINNING, joined=True, joined_at_ms=BEGINNING - 5) == "ok"
    assert await adopt("r1", request, BEGINNING, joined=True) == "again"
    assert await adopt("r1", request, BEGINNING - 1, joined=True) == "fenced"
    assert (await scene.join("s2", room="hall")).outcome == "busy"
    other = Request(spec=SessionSpec(session_id="s3", tenant="ann"), room="hall")
    assert await adopt("r1", other, BEGINNING, joined=True) == "fenced"
    moved = Request(spec=spec, room="attic")
    assert await adopt("r1", moved, BEGINNING + 5, joined=True) == "fenced"
    assert (await scene.store.runner("r1")).owned == 1


async def test_a_session_that_the_store_has_queued_again_is_adopted_from_the_queue(scene):
    await scene.join("s1", room="hall")
    await scene.runner(capacity=1, pool="another")
    request = Request(spec=SessionSpec(session_id="s1", tenant="ann", bot="clinic"), room="hall")
    assert await scene.store.adopt("r1", request, BEGINNING + 7, joined=False) == "ok"
    assert await scene.state("s1") == "claimed"
    assert await scene.store.adopt("r1", request, BEGINNING + 7, joined=True) == "ok"
    assert not any((await scene.store.waiting()).values())


@pytest.mark.parametrize(
    ("outcome", "state"), [("ended", "ended(why)"), ("failed", "failed(why)"), ("refused", "failed(why)")]
)
async def test_done_ends_a_session_for_its_holder_only(scene, outcome, state):
    await scene.runner(capacity=1)
    await scene.join("s1", room="hall")
    epoch, runner = await scene.joined("s1")
    assert await scene.store.done("s1", epoch - 1, runner, outcome, "why") == "fenced"
    assert await scene.store.done("s1", epoch, "r2", outcome, "why") == "fenced"
    assert [await scene.store.done("s1", epoch, runner, outcome, "why") for _ in range(2)] == ["ok", "again"]
    assert await scene.state("s1") == state
    assert (await scene.store.runner("r1")).free == 1
    assert await scene.store.in_room("ann", "hall") == {}
    kept = LIMITS.keep_ended_ms if outcome == "ended" else LIMITS.keep_failed_ms
    for key in ("s", "ev"):
        assert kept < await scene.ttl(key, "s1") <= kept + 60_000
    assert (await scene.store.counts())[state.partition("(")[0]] == 1


async def test_a_refused_session_is_tried_by_another_runner_first_and_fails_after_three(scene):
    await scene.runner("r1", capacity=1)
    await scene.runner("r2", capacity=3)
    await scene.join("s1")
    tried = []
    for _ in range(3):
        epoch, runner = await scene.claimed("s1")
        tried.append(runner)
        assert await scene.store.done("s1", epoch, runner, "refused", "start", "no microphone") == "ok"
    assert tried[:2] == ["r1", "r2"]
    found = await scene.store.session("s1")
    assert (found.state, found.reason, found.message, found.attempts) == ("failed", "start", "no microphone", 3)


async def test_a_runner_without_equals_is_tried_again(scene):
    await scene.runner(capacity=1)
    await scene.join("s1")
    epoch, runner = await scene.claimed("s1")
    await scene.store.done("s1", epoch, runner, "refused", "start")
    assert await scene.state("s1") == "assigned"


# --- sweep, drain, cancel ---------------------------------------------------------------------------------------------------


async def test_an_unclaimed_session_goes_to_another_runner(scene):
    await scene.runner("r1", capacity=1)
    await scene.settle()
    await scene.store.renew("r1", [])
    await scene.join("s1")
    await scene.runner("r2", capacity=5)
    before = await scene.store.session("s1")
    assert before.runner == "r1"
    scene.now += LIMITS.claim_ms
    assert (await scene.store.sweep()).requeued == ("s1",)
    assert await scene.store.dispatch("shared.default.any") == 1
    after = await scene.store.session("s1")
    assert (after.runner, after.attempts) == ("r2", 1)
    assert after.epoch > before.epoch
    assert (await scene.store.claim("s1", before.epoch, "r1"))[0] == "fenced"


async def test_a_session_that_does_not_begin_in_time_is_fenced_first_and_swept_when_its_lease_is_over(scene):
    await scene.runner()
    await scene.settle()
    await scene.store.renew("r1", [])
    await scene.join("s1")
    epoch, _ = await scene.claimed("s1")
    began = scene.now
    while (
        "s1" not in (await scene.store.renew("r1", [Reported(session_id="s1", epoch=epoch, phase="starting")])).fenced
    ):
        assert (await scene.store.sweep()).requeued == ()
        scene.now += 400
    assert LIMITS.start_ms <= scene.now - began < LIMITS.start_ms + LEASE
    last = scene.now - 400
    assert await scene.store.joined("s1", epoch, "r1") == "fenced"
    while not (swept := await scene.store.sweep()).requeued:
        scene.now += 100
    assert swept.requeued == ("s1",)
    assert scene.now >= last + LEASE


async def test_a_lost_session_fails_and_one_that_may_is_restarted(scene):
    await scene.runner()
    await scene.settle()
    await scene.store.renew("r1", [])
    await scene.join("s1")
    await scene.join("s2", on_lost="restart")
    await scene.joined("s1")
    await scene.joined("s2")
    swept = await scene.pass_time(2 * LEASE)
    assert [one.runners for one in swept if one.runners] == [("r1",)]
    assert await scene.state("s1") == "failed(lost)"
    assert await scene.state("s2") == "queued"
    assert (await scene.store.runner("r1")).dead
    assert await scene.store.runners() == []
    assert await scene.ttl("r", "r1") > 0
    await scene.store.renew("r1", [])
    assert await scene.ttl("r", "r1") == -1  # it is back
    assert await scene.state("s2") == "assigned"


async def test_a_session_that_lasts_too_long_is_stopped_and_then_ended(scene):
    limited(scene, session_ms=2_000)
    await scene.runner()
    await scene.settle()
    await scene.store.renew("r1", [])
    await scene.join("s1")
    epoch, runner = await scene.joined("s1")
    await scene.pass_time(2_000, "r1")
    assert (await scene.store.renew(runner, [Reported(session_id="s1", epoch=epoch)])).stop == {"s1": "timeout"}
    await scene.pass_time(LIMITS.leave_ms + 2 * LEASE, "r1")
    assert await scene.state("s1") == "failed(timeout)"


async def test_one_that_waits_too_long_fails(scene):
    await scene.settle()
    await scene.join("s1", not_after_ms=scene.now + 700)
    await scene.pass_time(1_000)
    assert await scene.state("s1") == "failed(expired)"


async def test_what_is_over_leaves_the_lists_in_time(scene):
    await scene.settle()
    await scene.join("s1")
    await scene.store.cancel("s1")
    scene.now += LIMITS.keep_ended_ms
    await scene.store.sweep()
    assert (await scene.store.by_state())["ended"] == 0
    assert (await scene.store.by_state("ann"))["ended"] == 0
    await scene.join("s2")
    await scene.store.cancel("s2")
    await scene.connection.do("DEL", f"{{convo:{scene.environment}}}:s:s2")  # its record expired while nobody swept
    scene.now += LIMITS.keep_ended_ms
    await scene.store.sweep()
    assert (await scene.store.by_state("ann"))["ended"] == 0


async def test_a_draining_runner_keeps_what_it_has_and_is_given_nothing_more(scene):
    await scene.runner("r1", capacity=2)
    await scene.join("s1")
    await scene.joined("s1")
    await scene.join("s2")
    await scene.runner("r2")
    assert await scene.store.drain("r1") == 1
    assert (await scene.store.session("s2")).runner == "r2"
    assert await scene.store.drain("nobody") == -1
    await scene.runner("r1", capacity=2)  # its first registration was not answered, and is made again
    found = await scene.store.runner("r1")
    assert (found.draining, found.free) == (True, 0)
    assert [one.op for one in await scene.store.commands("r1", "0-0", 0)].count("drain") == 1


async def test_a_runner_that_is_let_go_if_idle_keeps_its_place_when_it_is_not(scene):
    await scene.runner(capacity=2)
    await scene.join("s1")
    assert await scene.store.drain("r1", if_idle=True) == 1
    assert await scene.state("s1") == "assigned"
    await scene.store.cancel("s1")
    assert await scene.store.drain("r1", if_idle=True) == 0
    assert (await scene.store.runner("r1")).draining


async def test_a_cancelled_session_ends_at_once_or_is_told_to_leave(scene):
    assert await scene.store.cancel("s9") == "unknown"
    await scene.join("s1")
    assert [await scene.store.cancel("s1") for _ in range(2)] == ["ended", "over"]
    await scene.runner()
    await scene.settle()
    await scene.store.renew("r1", [])
    await scene.join("s2")
    assert await scene.store.cancel("s2", "room closed") == "ended"
    assert await scene.state("s2") == "ended(room closed)"
    await scene.join("s3")
    await scene.joined("s3")
    assert await scene.store.cancel("s3", "room closed") == "stopping"
    assert await scene.state("s3") == "joined(room closed)"
    await scene.pass_time(LIMITS.leave_ms + 2 * LEASE, "r1")
    assert await scene.state("s3") == "failed(stuck)"


# --- Clocks -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forward", "backward"])
async def test_a_clock_that_jumps_takes_nothing_from_those_who_renew(scene, jump):
    limited(scene, start_ms=10 * LEASE)
    await scene.runner("r1", capacity=3)
    await scene.runner("r2", capacity=1)
    await scene.settle()
    for runner in ("r1", "r2"):
        await scene.store.renew(runner, [])
    for sid in ("s1", "s2", "s3"):
        await scene.join(sid)
    dead = [sid for sid in ("s1", "s2", "s3") if (await scene.store.session(sid)).runner == "r2"]
    assert len(dead) == 1
    live = [sid for sid in ("s1", "s2", "s3") if sid not in dead]
    await scene.claimed(live[0])
    for sid in (live[1], *dead):
        await scene.joined(sid)
    await scene.pass_time(LEASE, "r1", "r2")
    scene.now += jump
    swept = await scene.pass_time(3 * LEASE, "r1")
    assert [await scene.state(sid) for sid in live] == ["claimed", "joined"]
    assert await scene.state(dead[0]) in ("failed(lost)", "failed(timeout)")  # it is an hour later there
    assert {runner for one in swept for runner in one.runners} == {"r2"}


async def test_a_lapse_does_not_count_as_time_that_a_session_has_lasted(scene):
    limited(scene, session_ms=3_000)
    await scene.runner()
    await scene.settle()
    await scene.store.renew("r1", [])
    await scene.join("s1")
    epoch, _ = await scene.joined("s1")
    scene.now += HOUR
    assert (await scene.store.renew("r1", [Reported(session_id="s1", epoch=epoch)])).stop == {}
    await scene.pass_time(3_000, "r1")
    assert (await scene.store.renew("r1", [Reported(session_id="s1", epoch=epoch)])).stop == {"s1": "timeout"}


# --- Orders, events, launches, keys, lists ------------------------------------------------------------------------------------


async def test_an_order_goes_its_way_and_has_one_last_word(scene):
    await scene.runner()
    await scene.join("s1")
    epoch, runner = await scene.joined("s1")
    order = scene.store.order
    assert await order("s1", "o1", "say", '{"text": "hello"}', by="key 1") == ("accepted", "accepted", "")
    assert await order("s1", "o1", "say", '{"text": "hello"}', by="key 1") == ("again", "accepted", "")
    assert (await order("s9", "o2", "say", "{}", by="x"))[0] == "unknown"
    await scene.join("s2")
    assert (await order("s2", "o1", "say", "{}", by="x"))[0] == "taken"
    assert [one.order_id for one in await scene.store.open_orders("s1")] == ["o1"]
    obeyed = scene.store.obeyed
    assert await obeyed("s1", epoch - 1, runner, "o1", "applied", "", final=False) == "fenced"
    assert await obeyed("s1", epoch, runner, "o9", "applied", "", final=False) == "unknown"
    assert await obeyed("s1", epoch, runner, "o1", "applied", "", final=False) == "ok"
    assert await obeyed("s1", epoch, runner, "o1", "spoken", "", final=True) == "ok"
    assert await obeyed("s1", epoch, runner, "o1", "refused", "late", final=True) == "again"
    found = await scene.store.stored_order("o1")
    assert (found.status, found.final, found.by, found.order) == ("spoken", True, "key 1", {"text": "hello"})
    assert await scene.store.open_orders("s1") == []
    assert 0 < await scene.ttl("o", "o1") <= LIMITS.keep_failed_ms
    audit = await scene.store.audit()
    assert [(one["order"], one["status"]) for one in audit] == [("o1", "spoken"), ("o1", "accepted")]
    assert "hello" not in str(audit)


async def test_orders_of_another_session_are_not_settled_by_a_runner(scene):
    await scene.runner()
    for sid in ("s1", "s2"):
        await scene.join(sid)
    epoch, runner = await scene.joined("s1")
    await scene.store.order("s2", "o2", "say", "{}", by="x")
    assert await scene.store.obeyed("s1", epoch, runner, "o2", "spoken", "", final=True) == "unknown"


async def test_orders_left_when_a_session_ends_are_refused_and_it_takes_no_more(scene):
    await scene.runner()
    await scene.join("s1")
    epoch, runner = await scene.joined("s1")
    for n in range(100):
        assert (await scene.store.order("s1", f"o{n}", "say", "{}", by="x"))[0] == "accepted"
    assert (await scene.store.order("s1", "one-more", "say", "{}", by="x"))[0] == "full"
    assert [one.order_id for one in await scene.store.open_orders("s1")] == [f"o{n}" for n in range(100)]
    await scene.store.done("s1", epoch, runner, "ended", "left")
    found = await scene.store.stored_order("o42")
    assert (found.status, found.final, found.why) == ("refused", True, "the session is over (left)")
    assert (await scene.store.order("s1", "o100", "say", "{}", by="x"))[0] == "over"


async def test_events_are_read_from_any_id_on_and_of_one_session_or_all(scene):
    await scene.runner()
    await scene.join("s1")
    epoch, runner = await scene.joined("s1")
    last = await scene.store.last_event()
    mine = json.dumps({"type": "node.entered", "data": {"node": "greet"}})
    assert await scene.store.emit("s1", epoch, runner, [mine, mine]) == "ok"
    assert await scene.store.emit("s1", epoch - 1, runner, [mine]) == "fenced"
    assert [one.text for one in await scene.store.events(last, 0)] == [mine, mine]
    assert [one.text for one in await scene.store.events("0-0", 0, "s1")][-2:] == [mine, mine]
    assert len(await scene.store.past_events(last, limit=1)) == 1
    assert await scene.store.events(await scene.store.last_event(), 20) == []
    for one in await scene.store.past_events("0-0"):
        text = json.loads(one.text)
        if text["type"].startswith("session."):
            assert (text["specversion"], text["subject"], text["tenant"]) == ("1.0", "s1", "ann")
            assert text["time"].startswith("2027-01-15T08:00:0")
            assert text["data"].get("epoch", 0) in (0, epoch)


async def test_a_checkpoint_is_kept_by_its_holder_only_goes_with_the_next_claim_and_is_gone_with_the_session(scene):
    await scene.runner()
    await scene.join("s1", on_lost="restart")
    epoch, runner = await scene.joined("s1")
    keep = scene.store.keep
    assert [await keep("s1", *who, "theirs") for who in ((epoch - 1, runner), (epoch, "r2"))] == ["fenced", "fenced"]
    assert await keep("s1", epoch, runner, "one") == "ok"
    assert await keep("s1", epoch, runner, "two") == "ok"
    assert scene.limits.session_ms < await scene.ttl("keep", "s1") <= scene.limits.session_ms + scene.limits.queue_ms
    assert await scene.store.done("s1", epoch, runner, "failed", "lost", "") == "ok"
    assert await keep("s1", epoch, runner, "late") == "fenced"
    again = await scene.store.session("s1")
    assert (again.state, again.attempts) == ("assigned", 1)
    assert again.epoch > epoch
    answer, request = await scene.store.claim("s1", again.epoch, again.runner)
    assert (answer, request.checkpoint) == ("ok", "two")
    await scene.store.joined("s1", again.epoch, again.runner)
    assert await scene.store.done("s1", again.epoch, again.runner, "ended", "left") == "ok"
    assert await scene.ttl("keep", "s1") == -2
    assert await keep("s1", again.epoch, again.runner, "late") == "fenced"


async def test_an_empty_checkpoint_is_none(scene):
    await scene.runner()
    await scene.join("s1", on_lost="restart")
    epoch, runner = await scene.joined("s1")
    await scene.store.keep("s1", epoch, runner, "one")
    assert await scene.store.keep("s1", epoch, runner, "") == "ok"
    assert await scene.ttl("keep", "s1") == -2
    assert (await scene.store.claim("s1", epoch, runner))[1].checkpoint == ""


async def test_a_session_whose_process_is_lost_over_and_over_fails_in_the_end(scene):
    await scene.runner()
    await scene.join("s1", on_lost="restart")
    for attempt in range(1, scene.limits.attempts + 1):
        epoch, runner = await scene.joined("s1")
        await scene.store.done("s1", epoch, runner, "failed", "lost")
        assert (await scene.store.session("s1")).attempts == attempt
    assert await scene.state("s1") == "failed(lost)"


async def test_a_session_that_is_to_leave_is_not_begun_again(scene):
    await scene.runner()
    await scene.join("s1", on_lost="restart")
    epoch, runner = await scene.joined("s1")
    await scene.store.cancel("s1", "left")
    await scene.store.done("s1", epoch, runner, "failed", "lost")
    assert await scene.state("s1") == "failed(lost)"


async def test_operators_together_start_no_more_than_one_would(scene):
    launch = scene.store.launch
    assert await launch("p", 2, 1_000, ["a", "b", "c"]) == ["a", "b"]
    assert await launch("p", 2, 1_000, ["d"]) == []
    assert await launch("other", 1, 1_000, ["e"]) == ["e"]
    assert await scene.store.launches() == {"a": ("p", BEGINNING), "b": ("p", BEGINNING), "e": ("other", BEGINNING)}
    await scene.runner(launch="a")
    assert await launch("p", 2, 1_000, ["f"]) == ["f"]
    await scene.store.unlaunch("f")
    scene.now += 1_000
    assert await launch("p", 1, 1_000, ["g"]) == ["g"]  # the others took too long


async def test_lists_come_in_pages(scene):
    for n in range(7):
        await scene.join(f"s{n}", tenant="ann" if n % 2 else "bob")
        scene.now += 1
    await scene.store.cancel("s6")
    seen, after = [], ""
    for _ in range(9):
        page, after = await scene.store.sessions(limit=2, after=after)
        seen += [one.session_id for one in page]
        if not after:
            break
    assert seen == ["s5", "s4", "s3", "s2", "s1", "s0", "s6"]
    mine, _ = await scene.store.sessions(tenant="ann")
    assert [one.session_id for one in mine] == ["s5", "s3", "s1"]
    some, _ = await scene.store.sessions(keep=lambda one: one.session_id in ("s0", "s6"), states=["queued"])
    assert [one.session_id for one in some] == ["s0"]
    assert [one.session_id for one in (await scene.store.sessions(after="nonsense", limit=1))[0]] == ["s5"]


async def test_runners_are_listed_with_their_slots(scene):
    await scene.runner("r1", capacity=3, address="http://127.0.0.1:7860", name="pod-1", build="b1")
    await scene.join("s1")
    found = await scene.store.runners()
    assert [(one.runner_id, one.free, one.owned, one.address, one.name, one.build) for one in found] == [
        ("r1", 2, 1, "http://127.0.0.1:7860", "pod-1", "b1")
    ]
    assert await scene.store.runner("r9") is None
    assert await scene.store.owned("r1") == ["s1"]


async def test_keys_are_kept_and_webhooks_seen_once(scene):
    await scene.store.put_key("id", '{"hash": "…"}')
    assert await scene.store.keys() == {"id": '{"hash": "…"}'}
    assert [await scene.store.seen("hook 1", 60) for _ in range(2)] == [False, True]
    assert 0 < await scene.ttl("seen", "hook 1") <= 60_000


async def test_environments_do_not_see_each_other(scene):
    await scene.join("s1")
    other = Store(scene.connection, environment="another-" + scene.environment)
    assert await other.session("s1") is None
    assert (await other.by_state())["queued"] == 0
