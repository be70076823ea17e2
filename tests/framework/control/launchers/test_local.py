"""Runners as child processes of this one."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from framework.control.launchers.local import KEPT_BYTES, LocalLauncher
from framework.errors import LauncherError
from framework.plugins.launchers import Launch
from framework.testing.contracts import STAND_IN, LauncherContract

COMMAND = [sys.executable, "-c", STAND_IN]
ONE = Launch(launch_id="a1b2c3d4e5f6", pool="shared.default.any")


class TestLocalLauncher(LauncherContract):
    """The promises of every launcher."""

    @asynccontextmanager
    async def opened(self):
        launcher = LocalLauncher(COMMAND, close_s=0.1)
        await launcher.open()
        try:
            yield launcher
        finally:
            await launcher.close()


def there(pid):
    return Path(f"/proc/{pid}").exists()


def alive(pid):
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


async def until(so, seconds=20.0):
    async with asyncio.timeout(seconds):
        while not (found := so()):
            await asyncio.sleep(0.02)
    return found


async def test_close_ends_every_runner_and_leaves_no_zombie():
    launcher = LocalLauncher(COMMAND, close_s=0.3)
    for number in range(3):
        mood = {"CONVO_MOOD": "deaf"} if number == 0 else {}
        await launcher.launch(Launch(launch_id=f"runner{number}", pool="p", environment=mood))
    pids = [int(seen.name.removeprefix("process ")) for seen in await launcher.launched()]
    await launcher.close()
    assert not [pid for pid in pids if there(pid)]


async def test_nothing_starts_after_close():
    launcher = LocalLauncher(COMMAND)
    await launcher.close()
    with pytest.raises(LauncherError, match="has been closed"):
        await launcher.launch(ONE)


async def test_a_command_that_is_not_there_is_a_sentence():
    with pytest.raises(LauncherError, match="there is no program `no-such-program`"):
        await LocalLauncher(["no-such-program"]).launch(ONE)


async def test_a_killed_runner_says_which_signal_it_was():
    launcher = LocalLauncher(COMMAND, close_s=0.1)
    await launcher.launch(ONE)
    [seen] = await launcher.launched()
    os.kill(int(seen.name.removeprefix("process ")), signal.SIGKILL)
    await until(lambda: launcher._children[ONE.launch_id].over)
    [seen] = await launcher.launched()
    assert (seen.state, seen.reason) == ("failed", "was ended by SIGKILL")


async def test_a_chatty_runner_keeps_the_end_of_what_it_wrote():
    noise = f"for n in range(20000): print(f'line {{n:05}}', flush=True)\n{STAND_IN}"
    launcher = LocalLauncher([sys.executable, "-c", noise], close_s=0.1)
    await launcher.launch(ONE)
    async with asyncio.timeout(30):
        while "is here" not in await launcher.logs(ONE.launch_id, lines=2):
            await asyncio.sleep(0.02)
    written = await launcher.logs(ONE.launch_id, lines=100_000)
    assert "line 19999" in written
    assert len(written) <= KEPT_BYTES
    await launcher.close()


async def test_a_runner_reads_end_of_file_and_not_our_keys():
    script = "import sys; print(repr(sys.stdin.read()), flush=True)"
    launcher = LocalLauncher([sys.executable, "-c", script], close_s=0.1)
    await launcher.launch(ONE)
    await until(lambda: launcher._children[ONE.launch_id].over)
    assert await launcher.logs(ONE.launch_id) == "''"
    await launcher.close()


async def test_a_runner_has_a_session_of_its_own_so_that_ctrl_c_is_ours_alone():
    script = f"import os; print(os.getsid(0) == os.getpid(), flush=True)\n{STAND_IN}"
    launcher = LocalLauncher([sys.executable, "-c", script], close_s=0.1)
    await launcher.launch(ONE)
    async with asyncio.timeout(20):
        while "is here" not in (log := await launcher.logs(ONE.launch_id)):
            await asyncio.sleep(0.02)
    assert log.splitlines()[0] == "True"
    await launcher.close()


PARENT = f"""
import asyncio, sys
from framework.control.launchers.local import LocalLauncher
from framework.plugins.launchers import Launch

async def main():
    launcher = LocalLauncher([sys.executable, "-c", {STAND_IN!r}])
    await launcher.launch(Launch(launch_id="a1b2c3d4e5f6", pool="p"))
    while "is here" not in await launcher.logs("a1b2c3d4e5f6"):
        await asyncio.sleep(0.02)
    [seen] = await launcher.launched()
    print(seen.name.removeprefix("process "), flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "ended"])
async def test_runners_end_when_their_launchers_process_does(how):
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, stdout=subprocess.PIPE)
    pid = int(await asyncio.wait_for(parent.stdout.readline(), 30))
    assert alive(pid)
    parent.send_signal(how)
    await until(lambda: not alive(pid))
    await parent.wait()
