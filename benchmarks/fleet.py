"""`fleet`: whole sessions a second without a pipeline, against the join script alone; a join among many sessions."""

from __future__ import annotations

import asyncio
import contextlib
import re
import statistics
import time
from typing import Any

from benchmarks.gateway import ENOUGH, raw, script, served
from benchmarks.measure import Ran, Ratio, Size, environment, figures, in_turn, program, quotient
from benchmarks.programs.client import serving
from framework.control.connection import Connection
from framework.control.records import OPEN, Limits, Request, Runner
from framework.control.store import Store
from framework.sessions.spec import SessionSpec
from framework.testing.redis import RedisServer

SHARE_BAR, MANY_BAR = 0.03, 1.3
MEMBERS, SLOTS = 2, 64
"""Runners, and sessions that each may have."""
FEW, MANY = 10, 10_000
BATCH, BATCHES = 100, 10
"""Joins that are timed at once, and how often in a run."""
AT_ONCE = 200
LEASE_MS = 600_000
"""The runner that has the sessions is only a name, and must not be taken for dead."""
SETTLE_S, LOOK_S, PATIENCE_S = 60.0, 0.02, 180.0
RUNNER = "bench"
BOT = "guide"


def measure(size: Size) -> list[Ratio]:
    """Sessions and scripts in turn; each on an empty store that writes every change to its disk before it answers."""
    seconds = 4.0 if size.tiny else 10.0 if size.quick else 60.0
    many = 200 if size.tiny else MANY
    with RedisServer() as server:
        found = in_turn(
            size,
            {
                "sessions": lambda: _fresh(server, lambda: asyncio.run(sessions(server, seconds))),
                "raw": lambda: _fresh(server, lambda: raw(server, script(server), 2_000 if size.tiny else 40_000)),
                "few": lambda: _fresh(server, lambda: asyncio.run(join_us(server, FEW))),
                "many": lambda: _fresh(server, lambda: asyncio.run(join_us(server, many))),
            },
        )
    return _ratios(found, many)


def _ratios(found: dict[str, list[Any]], many: int) -> list[Ratio]:
    rates = [one["per_s"] for one in found["sessions"]]
    raw_of_sessions = {
        "sessions joined, begun and ended, 1/s": figures(rates, digits=0),
        "the join script raw, 1/s": figures(found["raw"], digits=0),
        "accepted over HTTP": sum(one["accepted"] for one in found["sessions"]),
        "ended": sum(one["ended"] for one in found["sessions"]),
        "lost": sum(one["lost"] for one in found["sessions"]),
    }
    raw_of_joins = {
        f"a join among {FEW} live sessions, µs": figures(found["few"], digits=1),
        f"among {many}, µs": figures(found["many"], digits=1),
    }
    return [
        quotient("whole sessions", rates, found["raw"], SHARE_BAR, at_least=True, raw=raw_of_sessions),
        quotient("join among many", found["many"], found["few"], MANY_BAR, raw=raw_of_joins),
    ]


def _fresh(server: RedisServer, side: Any) -> Any:
    server.command("FLUSHALL", "ASYNC")
    return side()


# --- Whole sessions ---------------------------------------------------------------------------------------------------


async def sessions(server: RedisServer, seconds: float) -> dict[str, float]:
    """How many sessions a second go through a gateway and runners from their join to their end.

    Raises:
        RuntimeError: One was lost, or ended otherwise than it should.
    """
    told = {"REDIS_URL": server.url, "CONVO_ENV": "bench", "MAX_BOTS": str(ENOUGH)}
    store = Store(Connection.to(server.url), environment="bench")
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(store.close)
        url, _ = stack.enter_context(served(server, "join", MAX_BOTS=str(ENOUGH)))
        for _ in range(MEMBERS):
            await stack.enter_async_context(serving(*program("holders", SLOTS), **told))
        said = await _asked(program("joiner", url, seconds), told)
        counts = await _settled(store)
        took = time.monotonic() - said["began"]
    ended = counts.get("ended", 0)
    lost = said["accepted"] - ended
    if said["others"] or lost or counts.get("failed") or not ended:
        raise RuntimeError(f"{lost} sessions were lost; asked: {said}; counted: {counts}")
    return {"per_s": ended / took, "accepted": said["accepted"], "ended": ended, "lost": lost}


async def _asked(command: list[str], told: dict[str, str]) -> dict[str, Any]:
    asking = await asyncio.create_subprocess_exec(*command, env=environment(**told), stdout=asyncio.subprocess.PIPE)
    try:
        printed, _ = await asyncio.wait_for(asking.communicate(), PATIENCE_S)
    finally:
        if asking.returncode is None:
            asking.kill()
    return Ran(wall_s=0, cpu_s=0, output=printed.decode()).said()


async def _settled(store: Store) -> dict[str, int]:
    """What the store has counted, once nothing is open any more."""
    async with asyncio.timeout(SETTLE_S):
        while True:
            states = await store.by_state()
            if not any(states[state] for state in OPEN):
                return await store.counts()
            await asyncio.sleep(LOOK_S)


# --- One join among many sessions -------------------------------------------------------------------------------------


async def join_us(server: RedisServer, live: int) -> float:
    """Microseconds of Redis that a join takes that is given to a runner, while so many sessions are live."""
    store = Store(Connection.to(server.url), environment="bench", limits=Limits(max_live=ENOUGH, lease_ms=LEASE_MS))
    try:
        await store.register(Runner(runner_id=RUNNER, capacity=live + BATCH))
        for begin in range(0, live, AT_ONCE):
            await asyncio.gather(
                *(_enter(store, f"live-{number}") for number in range(begin, min(begin + AT_ONCE, live)))
            )
        took = []
        for batch in range(BATCHES):
            names = [f"new-{batch}-{number}" for number in range(BATCH)]
            server.command("CONFIG", "RESETSTAT")
            await asyncio.gather(*(store.join(_request(name)) for name in names))
            took.append(_script_us(server))
            await asyncio.gather(*(store.cancel(name) for name in names))
        return statistics.median(took)
    finally:
        await store.close()


async def _enter(store: Store, name: str) -> None:
    joining = await store.join(_request(name))
    record = await store.session(name)
    if record is None or joining.outcome != "assigned":
        raise RuntimeError(f"a session was not given away: {joining}")
    await store.claim(name, record.epoch, RUNNER)
    await store.joined(name, record.epoch, RUNNER)


def _request(name: str) -> Request:
    return Request(spec=SessionSpec(session_id=name, bot=BOT), room=name)


def _script_us(server: RedisServer) -> float:
    """What a call of a script took on the average since the figures were reset."""
    said = server.command("INFO", "commandstats")
    found = re.search(r"cmdstat_evalsha:.*?usec_per_call=([\d.]+)", said)
    if found is None:
        raise RuntimeError("Redis has counted no scripts")
    return float(found[1])
