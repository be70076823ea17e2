"""Where workers come from: forked from a process that has loaded everything, or else each a program of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from loguru import logger

from framework.documents.reader import PROJECT
from framework.processes.brood import Brood, LostError, UnforkableError, can_fork
from framework.processes.child import Child, Hear, OsProcess, Process, started
from framework.processes.messages import LINE_LIMIT
from framework.processes.settings import RunnerSettings
from framework.project import Project

_QUIET = {"OPENBLAS_NUM_THREADS": "1", "ORT_DISABLE_TELEMETRY": "1"}
"""Libraries that would start threads when they are imported: a fork doesn't have them, and sessions are what runs side
by side here. Without them a zygote has one thread."""
_READ_ONCE = {".py", ".toml", ".yaml", ".json"}


class Spawned:
    """A worker that was started as a program."""

    why = ""

    def __init__(self, process: OsProcess) -> None:
        self._process = process
        self.pid = process.pid
        self.send_signal = process.send_signal

    async def wait(self) -> int:
        """Its exit code, once it is gone."""
        return await self._process.wait()


class Nursery:
    """Makes the workers of one supervisor."""

    def __init__(self, settings: RunnerSettings, folder: Path, environment: Mapping[str, str], hear: Hear) -> None:
        self._settings = settings
        self._folder = folder
        self._environment = {**_QUIET, **environment}
        self._hear = hear
        self._forks = settings.workers.fork and can_fork()
        self._brood: Brood | None = None
        self._former: set[Brood] = set()
        self._ending: set[asyncio.Task[None]] = set()
        self._code = 0

    @property
    def forks(self) -> bool:
        """Whether workers are forked."""
        return self._forks

    @property
    def zygote(self) -> int:
        """The process that workers are forked from; 0 where there is none."""
        return self._brood.pid if self._brood else 0

    @property
    def doing(self) -> str:
        """What is done before a worker can be started, for people who wait."""
        return self._brood.doing if self._brood else "starting"

    async def child(self) -> Child:
        """A new worker; it says itself when it is ready. Raises `FrameworkError` where none can be made."""
        path = self._folder / f"{os.urandom(6).hex()}.sock"
        ours, theirs = socket.socketpair()
        streams = await asyncio.open_unix_connection(sock=ours, limit=LINE_LIMIT)
        try:
            process = await self._forked(theirs, path) if self._forks else None
            process = process or await self._spawned(theirs, path)
        except BaseException:
            streams[1].close()
            raise
        finally:
            theirs.close()
        return Child(process, streams, path, self._hear)

    async def close(self) -> None:
        """End the processes that workers are forked from, and with them what they still have."""
        broods, self._former = [*self._former, *([self._brood] if self._brood else [])], set()
        self._brood = None
        await asyncio.gather(*(brood.end() for brood in broods), *self._ending)

    async def _forked(self, control: socket.socket, path: Path) -> Process | None:
        """A forked worker, or `None` where it turns out that forking isn't safe."""
        try:
            with contextlib.suppress(LostError):
                return await self._current().fork(control, path)
            return await self._current().fork(control, path)
        except UnforkableError as why:
            logger.bind(why=why.message).warning("workers can't be forked here and are started one by one: slower")
            self._forks = False
            await self.close()
            return None

    def _current(self) -> Brood:
        """The brood of the project as it is now: code that was changed is read by a new process."""
        self._dismiss()
        code = fingerprint(self._settings.root)
        if self._brood and (self._brood.gone or code != self._code):
            self._former.add(self._brood)
            self._brood = None
        if self._brood is None:
            command = _command(self._settings, "zygote")
            self._brood, self._code = Brood(command, self._environment, self._settings.deadlines), code
        return self._brood

    def _dismiss(self) -> None:
        """End former broods once the last of their workers is gone."""
        for brood in [brood for brood in self._former if not brood.workers]:
            self._former.discard(brood)
            task = asyncio.create_task(brood.end(), name="nursery: end a former brood")
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def _spawned(self, control: socket.socket, path: Path) -> Process:
        """A worker that gets ready by itself, and says so."""
        command = [*_command(self._settings, "worker"), "--socket", str(path)]
        return Spawned(await started(command, control, self._environment))


def fingerprint(root: Path) -> int:
    """Of the code and settings that are read once for all workers: another number when any of it has changed."""
    project = Project.find(root, strict=False)
    files = {path for folder in project.plugin_folders for path in folder.rglob("*") if path.suffix in _READ_ONCE}
    files.add(project.root / PROJECT)
    return hash(frozenset((path, path.stat().st_mtime_ns) for path in files if path.is_file()))


def _command(settings: RunnerSettings, program: str) -> list[str]:
    return [
        *(sys.executable, "-m", f"framework.processes.{program}"),
        *("--root", str(settings.root), "--backend", settings.backend),
        *("--client-s", str(settings.deadlines.client_s)),
        *(("--stack", settings.stack) if settings.stack else ()),
    ]
