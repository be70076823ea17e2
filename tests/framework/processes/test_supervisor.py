"""A supervisor and real worker processes, with sessions that only echo."""

import asyncio
import os
import signal
import sys

import pytest

from framework.sessions.orders import Goto, Say
from framework.sessions.spec import SessionSpec
from framework.web.ports import RefusedError, UnknownSessionError


def voice(**inputs):
    return SessionSpec(flow="hello", transport="headless", inputs=inputs)


def text(tenant="default"):
    return SessionSpec(flow="hello", channel="text", transport="headless", tenant=tenant)


async def test_a_session_runs_in_a_process_of_its_own_and_the_process_goes_with_it(supervise, until, alive):
    supervisor = supervise()
    one, two = voice(), voice()
    await supervisor.start(one)
    await supervisor.start(two)
    await until(lambda: {view.state for view in supervisor.all()} == {"talking"})
    pids = {view.pid for view in supervisor.all()}
    assert len(pids) == 2
    assert os.getpid() not in pids
    assert supervisor.view(one.session_id).node == "greet"
    supervisor.leave(one.session_id, "left")
    supervisor.leave(two.session_id, "left")
    await until(lambda: not any(alive(pid) for pid in pids))
    assert [view.reason for view in supervisor.all()] == ["left", "left"]


async def test_a_worker_that_was_used_is_followed_by_a_fresh_one(supervise, until):
    supervisor = supervise()
    await until(lambda: supervisor.pool.warm == 1)
    await supervisor.start(voice())
    await until(lambda: supervisor.pool.warm == 1)


async def test_text_sessions_of_one_tenant_share_a_worker_and_tenants_do_not(supervise, until):
    supervisor = supervise()
    sessions = [text("a"), text("a"), text("b")]
    for spec in sessions:
        await supervisor.start(spec)
    await until(lambda: {view.state for view in supervisor.all()} == {"talking"})
    first, second, other = (supervisor.view(spec.session_id).pid for spec in sessions)
    assert first == second != other


async def test_a_text_worker_leaves_when_nobody_has_needed_it_for_a_while(supervise, until, alive):
    supervisor = supervise()
    spec = text()
    await supervisor.start(spec)
    await until(lambda: supervisor.view(spec.session_id).state == "talking")
    pid = supervisor.view(spec.session_id).pid
    supervisor.leave(spec.session_id, "left")
    await until(lambda: not alive(pid))


async def test_an_order_is_answered_and_a_wrong_one_refused_with_the_reason(supervise, until):
    supervisor = supervise()
    spec = voice()
    await supervisor.start(spec)
    await until(lambda: supervisor.view(spec.session_id).state == "talking")
    assert await supervisor.ordered(spec.session_id, Goto(node="help")) == "applied"
    with pytest.raises(RefusedError, match=r"no node `helb`[\s\S]*Did you mean `help`") as caught:
        await supervisor.ordered(spec.session_id, Goto(node="helb"))
    assert caught.value.status == 409


async def test_the_same_order_id_counts_once(supervise):
    supervisor = supervise()
    spec = voice()
    await supervisor.start(spec)
    order = Say(text="hello", order_id="once")
    assert await supervisor.ordered(spec.session_id, order) == "applied"
    assert await supervisor.ordered(spec.session_id, order) in ("applied", "spoken")


async def test_an_order_to_a_session_that_ended_is_refused(supervise, until):
    supervisor = supervise()
    spec = voice()
    await supervisor.start(spec)
    supervisor.leave(spec.session_id, "left")
    await until(lambda: supervisor.view(spec.session_id).state == "ended")
    with pytest.raises(RefusedError, match=r"has ended \(left\)"):
        await supervisor.ordered(spec.session_id, Say(text="hello"))


async def test_an_unknown_session_is_said_to_be_unknown(supervise):
    supervisor = supervise()
    with pytest.raises(UnknownSessionError, match="no session `nobody`"):
        supervisor.leave("nobody", "left")


async def test_a_session_that_ignores_every_request_is_killed(supervise, until, alive):
    supervisor = supervise()
    spec = voice(behave="stuck")
    await supervisor.start(spec)
    await until(lambda: supervisor.view(spec.session_id).state == "talking")
    pid = supervisor.view(spec.session_id).pid
    supervisor.leave(spec.session_id, "left")
    await until(lambda: not alive(pid))
    await until(lambda: supervisor.view(spec.session_id).state == "failed")
    assert supervisor.view(spec.session_id).reason == "killed"


async def test_a_worker_whose_loop_is_blocked_is_killed(supervise, until, alive):
    supervisor = supervise()
    spec = voice()
    await supervisor.start(spec)
    await until(lambda: supervisor.view(spec.session_id).state == "talking")
    pid = supervisor.view(spec.session_id).pid
    with pytest.raises(RefusedError, match="ended"):
        await supervisor.ordered(spec.session_id, Say(text="block"))
    await until(lambda: not alive(pid))
    await until(lambda: supervisor.view(spec.session_id).state == "failed")
    assert supervisor.view(spec.session_id).reason == "lost"


async def test_a_crash_ends_one_session_only(supervise, until):
    supervisor = supervise()
    crashing, other = voice(), voice()
    await supervisor.start(crashing)
    await supervisor.start(other)
    await until(lambda: {view.state for view in supervisor.all()} == {"talking"})
    with pytest.raises(RefusedError, match="ended"):
        await supervisor.ordered(crashing.session_id, Say(text="crash"))
    assert supervisor.view(crashing.session_id).state == "failed"
    assert supervisor.view(other.session_id).state == "talking"


async def test_a_spare_worker_that_dies_is_replaced(supervise, until, alive):
    supervisor = supervise()
    await until(lambda: supervisor.pool.warm == 1)
    (child,) = supervisor._workers._children
    os.kill(child.pid, signal.SIGKILL)
    await until(lambda: child.gone.is_set() and supervisor.pool.warm == 1)
    assert not alive(child.pid)


async def test_a_worker_that_can_not_get_ready_says_why_and_what_to_do(supervise):
    supervisor = supervise(backend="backends:Broken")
    with pytest.raises(RefusedError, match="`ears` is not installed"):
        await supervisor.start(voice())
    assert supervisor.readiness().problem == "the package `ears` is not installed"
    assert supervisor.pool.fix == "Run `pip install ears`."


async def test_a_full_runner_refuses_with_a_time_to_come_back(supervise):
    supervisor = supervise(max_sessions=1)
    await supervisor.start(voice())
    with pytest.raises(RefusedError, match="all 1 places are taken") as caught:
        await supervisor.start(voice())
    assert (caught.value.status, caught.value.retry_after_s) == (503, 10)


async def test_a_session_that_should_have_begun_earlier_is_refused(supervise):
    supervisor = supervise()
    with pytest.raises(RefusedError, match="should have begun earlier"):
        await supervisor.start(SessionSpec(flow="hello", transport="headless", not_after=1.0))


async def test_draining_takes_no_new_session_and_lets_live_ones_finish(supervise, until):
    supervisor = supervise()
    spec = voice()
    await supervisor.start(spec)
    await until(lambda: supervisor.view(spec.session_id).state == "talking")
    draining = asyncio.create_task(supervisor.drain(30))
    await until(lambda: supervisor.draining)
    with pytest.raises(RefusedError, match="takes no new session"):
        await supervisor.start(voice())
    assert supervisor.view(spec.session_id).state == "talking"
    supervisor.leave(spec.session_id, "left")
    await asyncio.wait_for(draining, 20)


async def test_draining_ends_what_does_not_finish_in_time(supervise):
    supervisor = supervise()
    spec = voice()
    await supervisor.start(spec)
    await asyncio.wait_for(supervisor.drain(0.05), 20)
    assert supervisor.view(spec.session_id).reason == "drained"


async def test_a_spare_worker_holds_no_secret_and_its_session_gets_them(supervise, until):
    supervisor = supervise()
    await until(lambda: supervisor.pool.warm == 1)
    assert "EARS_API_KEY" not in supervisor.nursery._environment
    spec = voice()
    await supervisor.start(spec)
    assert await supervisor.ordered(spec.session_id, Say(text="secret")) == "applied"


async def test_nothing_outlives_a_supervisor_that_was_killed(settings, until, alive):
    program = (
        "import asyncio, os, pathlib\n"
        "from framework.processes.settings import RunnerSettings, WorkerSettings\n"
        "from framework.processes.supervisor import Supervisor\n"
        "from framework.sessions.spec import SessionSpec\n"
        "async def main():\n"
        f"    workers = WorkerSettings(fork={settings.workers.fork})\n"
        "    settings = RunnerSettings(root=pathlib.Path('.'), backend='backends:Echo', workers=workers)\n"
        "    supervisor = Supervisor(settings)\n"
        "    supervisor.open()\n"
        "    await supervisor.start(SessionSpec(flow='hello', transport='headless', inputs={'behave': 'stuck'}))\n"
        "    while not supervisor.pool.warm: await asyncio.sleep(0.01)\n"
        "    print(supervisor.nursery.zygote or os.getpid(), *(view.pid for view in supervisor.workers()), flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    try:
        pids = [*map(int, (await asyncio.wait_for(process.stdout.readline(), 30)).split())]
        assert [alive(pid) for pid in pids] == [True] * 3
    finally:
        process.kill()
        await process.wait()
    await until(lambda: not any(alive(pid) for pid in pids), within=8)
