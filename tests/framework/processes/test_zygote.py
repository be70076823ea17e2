"""Workers that are forked: whose children they are, what they share, and what becomes of them when others die."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import pytest

from framework.processes.brood import can_fork
from framework.sessions.orders import Say
from framework.sessions.spec import SessionSpec
from framework.web.ports import RefusedError


@pytest.fixture(params=[True] if can_fork() else [])
def forked(request):
    return request.param


@pytest.fixture
def talk(until):
    """A session that talks, and the process it is in."""

    async def talk(supervisor, **more):
        spec = SessionSpec(flow="hello", transport="headless", **more)
        await supervisor.start(spec)
        await until(lambda: supervisor.view(spec.session_id).state == "talking")
        return spec.session_id, supervisor.view(spec.session_id).pid

    return talk


def parent(pid):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return _parent(pid)
    return 0  # it is gone


def _parent(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def sockets(pid):
    links = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    return {link for link in links if link.startswith("socket:")}


def threads(pid):
    return len([*Path(f"/proc/{pid}/task").iterdir()])


async def test_workers_are_forked_from_one_process_and_lead_a_session_of_their_own(supervise, talk):
    supervisor = supervise()
    (_, one), (_, two) = await talk(supervisor), await talk(supervisor)
    zygote = supervisor.nursery.zygote
    assert {parent(one), parent(two)} == {zygote}
    assert parent(zygote) == os.getpid()
    assert [os.getsid(pid) for pid in (one, two, zygote)] == [one, two, zygote]


async def test_a_zygote_has_one_thread_only(supervise, until):
    supervisor = supervise(backend="backends:Numbers")
    await until(lambda: supervisor.pool.warm == 1)
    assert threads(supervisor.nursery.zygote) == 1


async def test_a_worker_has_no_socket_of_another_one_or_of_the_zygote(supervise, talk):
    supervisor = supervise()
    (_, one), (_, two) = await talk(supervisor), await talk(supervisor)
    zygote = supervisor.nursery.zygote
    assert sockets(one)
    assert not sockets(one) & sockets(two)
    assert not sockets(zygote) & (sockets(one) | sockets(two))


async def test_chance_is_not_the_same_in_two_workers(supervise, talk):
    supervisor = supervise(backend="backends:Numbers")
    said = []
    for _ in range(2):
        session, _ = await talk(supervisor)
        with pytest.raises(RefusedError) as caught:
            await supervisor.ordered(session, Say(text="numbers"))
        said.append(caught.value.message.split())
    assert len({*said[0], *said[1]}) == 4


async def test_a_zygote_that_dies_is_started_again_and_its_sessions_say_why_they_ended(supervise, talk, until, alive):
    supervisor = supervise()
    session, pid = await talk(supervisor)
    zygote = supervisor.nursery.zygote
    os.kill(zygote, signal.SIGKILL)
    await until(lambda: supervisor.view(session).state == "failed")
    view = supervisor.view(session)
    assert (view.reason, "the process it was forked from ended (code -9)" in view.message) == ("lost", True)
    assert not alive(pid)
    _, pid = await talk(supervisor)
    assert parent(pid) == supervisor.nursery.zygote != zygote


async def test_a_zygote_that_does_not_answer_is_replaced(supervise, talk, alive):
    supervisor = supervise(spare=0)
    await talk(supervisor)
    zygote = supervisor.nursery.zygote
    os.kill(zygote, signal.SIGSTOP)
    _, pid = await talk(supervisor)
    assert not alive(zygote)
    assert parent(pid) == supervisor.nursery.zygote != zygote


async def test_code_that_was_changed_is_read_by_a_new_zygote_and_live_sessions_keep_the_old(
    supervise, talk, until, alive, tmp_path
):
    tools = tmp_path / "plugins" / "tools"
    tools.mkdir(parents=True)
    (tools / "one.py").write_text("")
    supervisor = supervise()
    session, _ = await talk(supervisor)
    await until(lambda: supervisor.pool.warm == 1)
    before = supervisor.nursery.zygote
    (tools / "one.py").write_text("x = 1")
    await talk(supervisor)  # takes the spare worker that was there before the change
    _, pid = await talk(supervisor)
    assert parent(pid) == supervisor.nursery.zygote != before
    assert supervisor.view(session).state == "talking"
    for view in supervisor.all():
        if view.pid and parent(view.pid) == before:
            supervisor.leave(view.session_id, "left")
    await until(lambda: all(parent(w.pid) != before for w in supervisor.workers()))
    await talk(supervisor)
    await until(lambda: not alive(before))


async def test_where_a_library_keeps_a_thread_workers_are_spawned(supervise, talk):
    supervisor = supervise(backend="backends:Threaded")
    _, pid = await talk(supervisor)
    assert not supervisor.nursery.forks
    assert parent(pid) == os.getpid()


async def test_a_stopped_worker_does_not_outlive_a_zygote_that_was_killed(supervise, talk, until, alive):
    supervisor = supervise()
    _, pid = await talk(supervisor)
    os.kill(pid, signal.SIGSTOP)
    os.kill(supervisor.nursery.zygote, signal.SIGKILL)
    await until(lambda: not alive(pid))


async def test_a_worker_is_gone_for_its_supervisor_when_nobody_says_how_it_ended(supervise, talk, until):
    supervisor = supervise(spare=0)
    session, pid = await talk(supervisor)
    zygote = supervisor.nursery.zygote
    os.kill(zygote, signal.SIGSTOP)
    os.kill(pid, signal.SIGKILL)
    await until(lambda: supervisor.view(session).state == "failed")
    os.kill(zygote, signal.SIGCONT)


async def test_a_burst_of_sessions_is_forked_one_after_another(supervise, until):
    supervisor = supervise()
    specs = [SessionSpec(flow="hello", transport="headless") for _ in range(12)]
    await asyncio.gather(*(supervisor.start(spec) for spec in specs))
    await until(lambda: {view.state for view in supervisor.all()} == {"talking"})
    assert len({view.pid for view in supervisor.all()}) == 12
