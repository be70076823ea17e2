"""Workers that are watched: those that hang, stop, or take too much memory, and what is shown of the others."""

import asyncio
import os
import signal

import pytest
from loguru import logger

from framework.processes.settings import WorkerSettings
from framework.sessions.orders import Say
from framework.sessions.spec import SessionSpec


@pytest.fixture
def talk(until):
    async def talk(supervisor, **more):
        spec = SessionSpec(flow="hello", transport="headless", **more)
        await supervisor.start(spec)
        await until(lambda: supervisor.view(spec.session_id).state == "talking")
        return spec.session_id, supervisor.view(spec.session_id).pid

    return talk


@pytest.fixture
def logged():
    lines = []
    number = logger.add(lambda message: lines.append(message.record), level="WARNING")
    yield lines
    logger.remove(number)


async def test_a_worker_that_was_stopped_is_killed(supervise, talk, until, alive):
    supervisor = supervise()
    session, pid = await talk(supervisor)
    os.kill(pid, signal.SIGSTOP)
    await until(lambda: supervisor.view(session).state == "failed")
    assert not alive(pid)
    assert "gave no sign of life for 2.5 s" in supervisor.view(session).message


@pytest.mark.parametrize("how", ["block", "spin"])
async def test_the_stacks_of_a_worker_that_hangs_are_dumped_before_it_is_killed(supervise, talk, until, capfd, how):
    supervisor = supervise()
    session, _ = await talk(supervisor)
    supervisor.order(session, Say(text=how))
    await until(lambda: supervisor.view(session).state == "failed")
    said = capfd.readouterr().err
    assert "Fatal Python error: Aborted" in said
    assert "backends.py" in said


async def test_a_session_that_hangs_is_ended_from_outside(supervise, talk, until, alive):
    supervisor = supervise()
    session, pid = await talk(supervisor)
    supervisor.order(session, Say(text="spin"))
    supervisor.leave(session, "left")
    await until(lambda: supervisor.view(session).state == "failed")
    assert not alive(pid)
    assert supervisor.view(session).reason == "killed"


async def test_a_session_in_a_worker_that_was_stopped_is_ended_from_outside(supervise, talk, until, alive):
    supervisor = supervise()
    session, pid = await talk(supervisor)
    os.kill(pid, signal.SIGSTOP)
    supervisor.leave(session, "left")
    await until(lambda: supervisor.view(session).state == "failed")
    assert not alive(pid)


async def test_every_worker_is_shown_with_its_sessions_and_its_memory(supervise, talk, until):
    supervisor = supervise()
    session, pid = await talk(supervisor, tenant="a")
    await until(lambda: supervisor.pool.warm == 1 and all(w.pss_mb for w in supervisor.workers()))
    busy, idle = supervisor.workers()
    assert (busy.pid, busy.state, busy.sessions, busy.tenant) == (pid, "busy", (session,), "a")
    assert (idle.state, idle.sessions, idle.tenant) == ("idle", (), "")
    assert busy.age_s >= idle.age_s >= 0
    assert busy.lag_ms >= 0


async def test_a_worker_with_too_much_memory_is_killed_and_its_session_says_so(supervise, talk, until, forked):
    supervisor = supervise(workers=WorkerSettings(fork=forked, worker_max_mb=300))
    session, _ = await talk(supervisor)
    other, _ = await talk(supervisor)
    supervisor.order(session, Say(text="take 400"))
    await until(lambda: supervisor.view(session).state == "failed")
    assert "MB of memory, and 300 is the limit" in supervisor.view(session).message
    assert supervisor.view(other).state == "talking"


async def test_a_worker_with_much_memory_is_logged_and_again_only_when_it_has_grown(
    supervise, talk, until, forked, logged
):
    supervisor = supervise(workers=WorkerSettings(fork=forked, worker_warn_mb=200))
    session, pid = await talk(supervisor)
    supervisor.order(session, Say(text="take 250"))
    await until(lambda: any(line["message"] == "a worker takes much memory" for line in logged))
    await asyncio.gather(*(supervisor.ordered(session, Say(text="hello")) for _ in range(3)))
    supervisor.order(session, Say(text="take 250"))
    await until(lambda: sum(line["message"] == "a worker takes much memory" for line in logged) > 1)
    told = [line["extra"]["mb"] for line in logged if line["message"] == "a worker takes much memory"]
    assert told == sorted(told)
    assert all(line["extra"]["pid"] == pid for line in logged)
