"""Start runners as child processes of this one: for one machine without a cluster."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Literal

from loguru import logger

from framework.control.launchers import tether
from framework.errors import LauncherError
from framework.plugins.launchers import Launch, Launched, Launcher
from framework.plugins.markers import hookimpl
from framework.plugins.registry import Registry

COMMAND = (sys.executable, "-m", "framework.processes.runner", "--port", "0")
"""A runner on a port that the system chooses; it registers its own address."""

KEPT_BYTES = 64 * 1024
"""Of what each runner wrote."""

KEPT_RUNNERS = 200
"""Finished runners that are still listed; older ones are forgotten."""


class LocalLauncher(Launcher):
    """Runners as child processes. They are told to end when this process is gone, however it goes.

    Args:
        command: The program that is a runner; what makes it this runner is in its environment.
        environment: What it gets beside that; this process's own environment unless given.
        close_s: How long runners may take to leave at `close` before they are killed.
    """

    name = "local"

    def __init__(
        self, command: Sequence[str] = COMMAND, *, environment: Mapping[str, str] | None = None, close_s: float = 10.0
    ) -> None:
        self._command = list(command)
        self._environment = environment
        self._close_s = close_s
        self._children: dict[str, Child] = {}
        self._closed = False

    async def close(self) -> None:
        """End all runners: politely at first, all of them at the same time."""
        self._closed = True
        await asyncio.gather(*(child.end(self._close_s) for child in self._children.values()))

    async def launch(self, launch: Launch) -> None:
        """Start a process, unless there is one for this launch."""
        if shutil.which(self._command[0]) is None:
            raise LauncherError(
                f"there is no program `{self._command[0]}`", where="local", fix="Check the launcher's command."
            )
        if self._closed:
            raise LauncherError("this launcher has been closed", where="local", fix="Open a new one.")
        if launch.launch_id in self._children:
            return
        self._forget_old()
        inherited = os.environ if self._environment is None else self._environment
        child = self._children[launch.launch_id] = Child(launch.launch_id)
        try:
            await child.start(self._command, {**inherited, **launch.told()})
        except OSError as error:
            del self._children[launch.launch_id]
            raise LauncherError(
                f"`{self._command[0]}` can't be started: {error.strerror or error}",
                where="local",
                fix="Check the launcher's command and how many processes this user may have.",
            ) from error

    async def launched(self) -> Sequence[Launched]:
        """All processes that have not been removed."""
        return [child.seen() for child in self._children.values()]

    async def remove(self, launch_id: str, *, grace_s: float) -> None:
        """SIGTERM now, SIGKILL after the grace."""
        if child := self._children.get(launch_id):
            child.ending = child.ending or asyncio.create_task(
                self._removed(child, grace_s), name=f"local launcher: remove {launch_id}"
            )
            await asyncio.sleep(0)  # the signal is on its way when this returns

    async def logs(self, launch_id: str, *, lines: int = 50) -> str:
        """The last lines it wrote, both streams as they came."""
        child = self._children.get(launch_id)
        return child.written(lines) if child else ""

    async def _removed(self, child: Child, grace_s: float) -> None:
        await child.end(grace_s)
        self._children.pop(child.launch_id, None)

    def _forget_old(self) -> None:
        over = [launch_id for launch_id, child in self._children.items() if child.over]
        for launch_id in over[: max(0, len(over) - KEPT_RUNNERS)]:
            del self._children[launch_id]


class Child:
    """One process, what it has written and how it ended."""

    def __init__(self, launch_id: str) -> None:
        self.launch_id = launch_id
        self.ending: asyncio.Task[None] | None = None
        self._output = bytearray()
        self._started_at = time.time()
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None

    async def start(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start it in a session of its own, without input, its output going to us."""
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *_tied(command),
                env=dict(environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                start_new_session=True,
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        asyncio.get_running_loop().add_reader(reading, self._read, reading)
        self._watch = asyncio.create_task(self._watched(reading), name=f"local launcher: {self.launch_id}")

    @property
    def over(self) -> bool:
        """Whether the process has ended and been reaped."""
        return self._process is not None and self._process.returncode is not None

    def seen(self) -> Launched:
        """As `launched` tells it."""
        state, reason = self._state()
        pid = self._process.pid if self._process else 0
        return Launched(
            launch_id=self.launch_id,
            name=f"process {pid}" if pid else "process",
            state=state,
            reason=reason,
            started_at=self._started_at,
        )

    def written(self, lines: int) -> str:
        """The last lines."""
        return "\n".join(self._output.decode(errors="replace").splitlines()[-lines:])

    async def end(self, grace_s: float) -> None:
        """Ask it to leave; kill it and all its own children when it has not left after the grace."""
        if self._process is None or self._watch is None:
            return
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(asyncio.shield(self._watch), grace_s)
        except TimeoutError:
            logger.bind(launch=self.launch_id).warning("a runner did not leave in time and is killed")
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._watch

    def _state(self) -> tuple[Literal["starting", "running", "gone", "failed"], str]:
        if self._process is None:
            return "starting", ""
        match self._process.returncode:
            case None:
                return "running", "is being removed" if self.ending else ""
            case 0:
                return "gone", ""
            case code if code < 0:
                return "failed", f"was ended by {signal.Signals(-code).name}"
            case code:
                return "failed", f"exited with code {code}"

    def _signal(self, number: signal.Signals) -> None:
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def _watched(self, reading: int) -> None:
        """Wait for the end, reap it, and read what is left."""
        if self._process:
            await self._process.wait()
        asyncio.get_running_loop().remove_reader(reading)
        self._read(reading)
        os.close(reading)

    def _read(self, reading: int) -> None:
        """Take what is there; past the limit, the oldest goes."""
        try:
            piece = os.read(reading, KEPT_BYTES)
        except BlockingIOError:
            return
        self._output += piece
        del self._output[:-KEPT_BYTES]
        if not piece:
            asyncio.get_running_loop().remove_reader(reading)  # all writers are gone


def _tied(command: Sequence[str]) -> list[str]:
    """The command, told to end with this process where the kernel can promise it."""
    if not sys.platform.startswith("linux"):
        return list(command)
    return [sys.executable, "-IS", tether.__file__, str(os.getpid()), *command]


@hookimpl
def register_launchers(launchers: Registry[Launcher]) -> None:
    """Offer `local`."""
    launchers.add(LocalLauncher())
