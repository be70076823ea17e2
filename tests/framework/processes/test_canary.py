"""Secrets and words of one session are found nowhere else: not in another worker, an idle one, or the zygote."""

import contextlib
from pathlib import Path

import pytest

from framework.processes.brood import can_fork
from framework.processes.settings import Deadlines
from framework.sessions.orders import Say
from framework.sessions.spec import Room, SessionSpec

ROOT = Path(__file__).resolve().parents[3]
KEY, TOKEN, INPUT, WORDS = (
    "canary-of-the-runner",
    "canary-in-the-room",
    "canary-that-came-along",
    "canary that was said",
)
LINUX = [True] if can_fork() else []

pytestmark = pytest.mark.timeout(300)  # loads real models, and reads all of some processes' memory


@pytest.fixture(params=LINUX)
def forked(request):
    return request.param


def traces(pid, *canaries):
    """Which of them lie in a process's memory, its environment, its command or the files that it has open."""
    found = set()
    written = [canary.encode() for canary in canaries]
    for read in (_memory, _files):
        for piece in read(pid):
            found |= {canary.decode() for canary in written if canary in piece}
    return found


def _memory(pid):
    with Path(f"/proc/{pid}/mem").open("rb") as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            where, rights, _, _, _, name = (*line.split(maxsplit=5), "")[:6]
            begin, end = (int(side, 16) for side in where.split("-"))
            if rights.startswith("r") and not name.startswith("[v"):
                with contextlib.suppress(OSError if name.startswith("/") else ()):  # mapped beyond the file's end
                    memory.seek(begin)
                    yield memory.read(end - begin)


def _files(pid):
    for name in ("environ", "cmdline"):
        yield Path(f"/proc/{pid}/{name}").read_bytes()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        target = link.readlink()
        if target.is_file():
            yield target.read_bytes()


def workers(supervisor):
    return {view.pid for view in supervisor.workers()}


@pytest.fixture
async def bots(supervise, monkeypatch, until):
    """A supervisor over real bots, with a secret in its environment, once a worker is warm."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("CONVO_RUNNER_TOKEN", TOKEN)
    deadlines = Deadlines(stop_s=2, cancel_s=2, memory_s=60)
    supervisor = supervise(
        root=ROOT, backend="framework.processes.live:LiveBackend", stack="offline", deadlines=deadlines
    )
    await until(lambda: supervisor.pool.warm == 1, within=180)
    return supervisor


async def begin(supervisor, until, **more):
    spec = SessionSpec(flow="hello", stack="offline", transport="headless", **more)
    await supervisor.start(spec)
    await until(lambda: supervisor.view(spec.session_id).state in ("talking", "failed"))
    assert supervisor.view(spec.session_id).state == "talking", supervisor.view(spec.session_id).message
    return spec.session_id, supervisor.view(spec.session_id).pid


async def test_real_bots_speak_in_forked_workers_and_keep_their_secrets_to_themselves(bots, until):
    first, mine = await begin(bots, until, tenant="a", room=Room(token=TOKEN), inputs={}, identity={"name": INPUT})
    bots.order(first, Say(text=WORDS, order_id="words"))
    await until(lambda: bots._held[first].orders["words"].last is not None)
    assert bots._held[first].orders["words"].last.status in ("applied", "spoken")
    second, other = await begin(bots, until, tenant="b")
    await until(lambda: bots.pool.warm == 1)
    assert {bots.view(first).state, bots.view(second).state} == {"talking"}

    assert traces(mine, KEY, TOKEN, INPUT, WORDS) == {KEY, TOKEN, INPUT, WORDS}
    assert traces(other, TOKEN, INPUT, WORDS) == set()
    for idle in {bots.nursery.zygote, *workers(bots)} - {mine, other}:
        assert traces(idle, KEY, TOKEN, INPUT, WORDS) == set()


async def test_text_sessions_of_two_tenants_know_nothing_of_each_other(bots, until):
    _, mine = await begin(bots, until, channel="text", tenant="a", room=Room(token=TOKEN), identity={"name": INPUT})
    _, same = await begin(bots, until, channel="text", tenant="a")
    _, other = await begin(bots, until, channel="text", tenant="b")
    assert mine == same != other
    assert traces(mine, TOKEN, INPUT) == {TOKEN, INPUT}
    assert traces(other, TOKEN, INPUT) == set()
