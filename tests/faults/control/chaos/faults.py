"""What may go wrong: each fault is done to a stage that is at work, and undone; it says whether it has hit anything."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from chaos.stage import Program, Stage

from framework import failpoints

Do = Callable[[Stage, random.Random], Awaitable[bool]]
BEGINNING = ("runner.register", "runner.registered")
"""Steps of a runner that has just been started."""
HIT_S, BEGIN_S = 12.0, 40.0
"""How long a fault at a step waits for a process to reach it, and for a runner to begin."""


@dataclass(frozen=True)
class Fault:
    """One way to go wrong."""

    name: str
    do: Do
    forgets: bool = False
    """The store loses its memory: what no runner has, is lost with it."""
    where: str = ""
    """The step at which it is; two at one step would take each other's place."""


async def hold(stage: Stage, leases: float) -> None:
    """Let a fault last for so many leases."""
    await asyncio.sleep(stage.lease_s * leases)


# --- At a step of the protocol -------------------------------------------------------------------------------------------


def at(step: str, action: str, nth: int = 1) -> Fault:
    """A process that reaches a step dies there, stands still for longer than a lease, or fails."""

    async def do(stage: Stage, rng: random.Random) -> bool:
        arm(stage, step, action, nth)
        await _provoke(stage, rng, step)
        try:
            async with asyncio.timeout(BEGIN_S if step in BEGINNING else HIT_S):
                while not (pid := fired(stage, step)):
                    await asyncio.sleep(0.02)
        except TimeoutError:
            (stage.armed / step).unlink(missing_ok=True)
            return False
        if action == "stop":
            await hold(stage, 1.6)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        for file in stage.armed.glob(f"{failpoints.FIRED}{step}-*"):
            file.unlink()
        return True

    return Fault(f"{action} at {step}", do, where=step)


def arm(stage: Stage, step: str, action: str, nth: int = 1) -> None:
    """Have the next process that reaches a step fail there."""
    (stage.folder / "arming").write_text(f"{action}@{nth}")
    (stage.folder / "arming").rename(stage.armed / step)


def fired(stage: Stage, step: str) -> int:
    """The process that has failed at a step; 0 if none has."""
    for file in stage.armed.glob(f"{failpoints.FIRED}{step}-*"):
        return int(file.name.rpartition("-")[2])
    return 0


async def _provoke(stage: Stage, rng: random.Random, step: str) -> None:
    """Some steps are reached only by a runner that comes or goes."""
    if step in BEGINNING:
        rng.choice(stage.of("runner")).signal(signal.SIGKILL)
    elif step in ("runner.drain", "runner.drained"):
        rng.choice(stage.of("runner")).signal(signal.SIGTERM)


def mixed(rng: random.Random, *groups: Sequence[Fault]) -> list[list[Fault]]:
    """Rounds with one fault of each group, until all of the longest have been; none together with its like."""
    orders = [rng.sample(group, len(group)) for group in groups]
    count = max(map(len, orders))
    rounds: list[list[Fault]] = []
    for number in range(count):
        chosen: list[Fault] = []
        for order in orders:
            fault = order[number % len(order)]
            if not fault.where or fault.where not in {one.where for one in chosen}:
                chosen.append(fault)
        rounds.append(chosen)
    return rounds


# --- To processes --------------------------------------------------------------------------------------------------------


def kill(kind: str) -> Fault:
    """SIGKILL one process of a kind."""

    async def do(stage: Stage, rng: random.Random) -> bool:
        pid = _one(stage, rng, kind)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL) if pid else None
        return bool(pid)

    return Fault(f"kill {kind}", do)


def stop(kind: str, leases: float = 1.6, *, tree: bool = False) -> Fault:
    """SIGSTOP one process of a kind, for longer than a lease, then SIGCONT."""

    async def do(stage: Stage, rng: random.Random) -> bool:
        pids = stage.tree(rng.choice(stage.of(kind))) if tree else [_one(stage, rng, kind)]
        for pid in pids:
            _send(pid, signal.SIGSTOP)
        await hold(stage, leases)
        for pid in pids:
            _send(pid, signal.SIGCONT)
        return any(pids)

    return Fault(f"stop {kind}{' and all below' if tree else ''}", do)


async def _hang_worker(stage: Stage, rng: random.Random) -> bool:
    """A worker stops answering in the middle of a session; its supervisor has to notice."""
    arm(stage, "worker.event", "stop", 2)
    async with asyncio.timeout(HIT_S):
        while not (pid := fired(stage, "worker.event")):
            await asyncio.sleep(0.02)
    async with asyncio.timeout(30):
        while _there(pid):
            await asyncio.sleep(0.05)
    (stage.armed / f"{failpoints.FIRED}worker.event-{pid}").unlink()
    return True


async def _hang_runner(stage: Stage, rng: random.Random) -> bool:
    """A runner stands still for good; somebody kills it much later."""
    program = rng.choice(stage.of("runner"))
    program.signal(signal.SIGSTOP)
    await hold(stage, 3)
    program.signal(signal.SIGKILL)
    return True


async def _drain(stage: Stage, rng: random.Random) -> bool:
    rng.choice(stage.of("runner")).signal(signal.SIGTERM)
    return True


async def _kill_both_operators(stage: Stage, _: random.Random) -> bool:
    for program in stage.of("operator"):
        program.signal(signal.SIGKILL)
    return True


async def _kill_both_gateways(stage: Stage, _: random.Random) -> bool:
    for program in stage.of("gateway"):
        program.signal(signal.SIGKILL)
    return True


# --- To the store --------------------------------------------------------------------------------------------------------


def redis_down(leases: float, *, forget: bool = False) -> Do:
    async def do(stage: Stage, _: random.Random) -> bool:
        stage.redis.kill()
        await hold(stage, leases)
        await asyncio.to_thread(stage.redis.restart, forget=forget)
        return True

    return do


def redis_silent(leases: float) -> Do:
    async def do(stage: Stage, _: random.Random) -> bool:
        stage.redis.stop()
        await hold(stage, leases)
        stage.redis.cont()
        return True

    return do


async def _cut_connections(stage: Stage, rng: random.Random) -> bool:
    for _ in range(5):
        stage.redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        await asyncio.sleep(rng.uniform(0.05, 0.3))
    return True


def _setting(name: str, wrong: str, right: str) -> Do:
    async def do(stage: Stage, _: random.Random) -> bool:
        stage.redis.config_set(name, wrong)
        await hold(stage, 1.2)
        stage.redis.config_set(name, right)
        return True

    return do


async def _read_only(stage: Stage, _: random.Random) -> bool:
    stage.redis.command("REPLICAOF", "127.0.0.1", "1")
    await hold(stage, 1.2)
    stage.redis.command("REPLICAOF", "NO", "ONE")
    return True


async def _flush(stage: Stage, _: random.Random) -> bool:
    stage.redis.command("FLUSHALL")
    return True


def _parted(mode: str, leases: float) -> Do:
    """One runner no longer reaches the store, everybody else does."""

    async def do(stage: Stage, _: random.Random) -> bool:
        assert stage.proxy
        await stage.proxy.set(mode)  # type: ignore[arg-type]
        await hold(stage, leases)
        await stage.proxy.set("open")
        return True

    return do


# --- All of them ---------------------------------------------------------------------------------------------------------

LAUNCHING = ("operator.reserve", "operator.reserved", "operator.launched")
"""Steps that are reached only where operators launch runners."""
STOPPED = ("gateway.joined", "operator.swept", "runner.claimed", "runner.renewed", "worker.event", "runner.done")
"""Steps at which a process also stands still for longer than a lease."""
RAISED = ("gateway.join", "gateway.joined", "gateway.ordered", "gateway.cancelled")
"""Steps at which one request also fails."""

AT_STEPS = [
    *(at(step, "kill") for step in failpoints.STEPS if step not in LAUNCHING),
    *(at(step, "stop") for step in STOPPED),
    *(at(step, "raise") for step in RAISED),
]
KINDS = [
    *(kill(kind) for kind in ("gateway", "operator", "runner", "zygote", "worker")),
    *(stop(kind) for kind in ("gateway", "operator", "runner", "zygote", "worker")),
    stop("runner", tree=True),
    Fault("hang worker", _hang_worker, where="worker.event"),
    Fault("hang runner", _hang_runner),
    Fault("drain runner", _drain),
    Fault("kill both operators", _kill_both_operators),
    Fault("kill both gateways", _kill_both_gateways),
    Fault("redis killed", redis_down(0.3)),
    Fault("redis away, longer than a lease", redis_down(1.5)),
    Fault("redis silent, shorter than a lease", redis_silent(0.5)),
    Fault("redis silent, longer than a lease", redis_silent(1.6)),
    Fault("redis cuts connections", _cut_connections),
    Fault("redis full", _setting("maxmemory", "1mb", "0")),
    Fault("redis without replicas", _setting("min-replicas-to-write", "1", "0")),
    Fault("redis read-only", _read_only),
    Fault("runner parted, silent", _parted("silent", 2.0)),
    Fault("runner parted, reset", _parted("reset", 2.0)),
    Fault("runner parted, refused", _parted("refused", 2.0)),
    Fault("nothing", lambda _stage, _rng: asyncio.sleep(0, True)),
]
FORGETTING = [
    Fault("redis flushed", _flush, forgets=True),
    Fault("redis back without its data", redis_down(0.3, forget=True), forgets=True),
]


def _one(stage: Stage, rng: random.Random, kind: str) -> int:
    if kind in ("zygote", "worker"):
        return rng.choice([*(stage.zygotes() if kind == "zygote" else stage.workers())] or [0])
    programs: list[Program] = [program for program in stage.of(kind) if program.alive]
    return rng.choice(programs).pid if programs else 0


def _send(pid: int, number: signal.Signals) -> None:
    if pid:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
