"""One worker process as its supervisor sees it: started, spoken to, watched and, in the end, gone."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

from loguru import logger
from pydantic import BaseModel, ValidationError

from framework.processes.messages import FROM_WORKER, Beat, Broken, Leave, Preparing, Warm, line
from framework.processes.settings import Deadlines

OsProcess = asyncio.subprocess.Process
_STDERR = 2
_LAST_WORDS_S = 1.0
Hear = Callable[["Child", Any], None]
"""Called with each message of a worker, and with `None` when the process is gone."""


class Process(Protocol):
    """A process of the operating system, however it was started."""

    @property
    def pid(self) -> int:
        """Its number; another process may have it once `wait` has returned."""
        ...

    @property
    def why(self) -> str:
        """Why it ended, where that is known and not its own doing."""
        ...

    def send_signal(self, number: signal.Signals, /) -> None:
        """Signal it, and never a stranger that has its number now."""
        ...

    async def wait(self) -> int:
        """Its exit code, once it is gone; below zero for a signal."""
        ...


class Child:
    """A worker. Whoever started it awaits `end`, so that no process is left behind."""

    def __init__(
        self,
        process: Process,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        socket_path: Path,
        hear: Hear,
    ) -> None:
        self.pid = process.pid
        self.socket = socket_path
        self.sessions: set[str] = set()
        self.tenant = ""
        self.retired = False
        """Gets no further session."""
        self.warm = False
        self.settled = asyncio.Event()
        """It is warm, or gone."""
        self.gone = asyncio.Event()
        self.broken: Broken | None = None
        self.doing = "starting"
        self.beat: Beat | None = None
        self.why = ""
        """Why its supervisor has ended it, where that isn't the end of its sessions."""
        self.pss_mb = 0.0
        """Its own memory and its share of what it shares, as last measured."""
        self._born = self._heard_at = asyncio.get_running_loop().time()
        self._process = process
        self._reader, self._writer = streams
        self._hear = hear
        self._tasks = [
            asyncio.create_task(self._listen(), name=f"worker {self.pid}: listen"),
            asyncio.create_task(self._await_exit(), name=f"worker {self.pid}: exit"),
        ]

    @property
    def silent_s(self) -> float:
        """Seconds since the worker last said anything."""
        return asyncio.get_running_loop().time() - self._heard_at

    @property
    def age_s(self) -> float:
        """Seconds since it was started."""
        return asyncio.get_running_loop().time() - self._born

    @property
    def fate(self) -> str:
        """Why it is gone, in a sentence's half; empty where nobody knows."""
        return self.why or self._process.why

    @property
    def state(self) -> Literal["starting", "idle", "busy", "ending"]:
        """What it is there for at the moment."""
        if self.retired or self.gone.is_set():
            return "ending"
        return "busy" if self.sessions else "idle" if self.warm else "starting"

    def send(self, message: BaseModel) -> None:
        """Say something; a worker that is gone doesn't mind."""
        if not self._writer.is_closing():
            self._writer.write(line(message))

    async def end(self, deadlines: Deadlines, *, ask: bool = True) -> None:
        """Make the process be gone: ask, then SIGTERM, then SIGKILL."""
        self.retired = True
        self.send(Leave())
        if not ask or not await self._gone_within(deadlines.cancel_s):
            self.signal(signal.SIGTERM)
            if not await self._gone_within(deadlines.term_s):
                self.signal(signal.SIGKILL)
        await self.gone.wait()

    async def kill(self, deadlines: Deadlines) -> None:
        """End a process that no longer answers; its stacks go to stderr first (SIGABRT, faulthandler)."""
        self.retired = True
        self.signal(signal.SIGABRT)
        if not await self._gone_within(deadlines.term_s):
            self.signal(signal.SIGKILL)
        await self.gone.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send the process a signal, if it is there."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def _gone_within(self, patience: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self.gone.wait()
        return self.gone.is_set()

    async def _listen(self) -> None:
        with contextlib.suppress(ConnectionError, asyncio.LimitOverrunError, ValueError):
            while written := await self._reader.readline():
                self._heard_at = asyncio.get_running_loop().time()
                self._take(written)
        self._writer.close()

    def _take(self, written: bytes) -> None:
        try:
            message = FROM_WORKER.validate_json(written)
        except ValidationError:
            logger.bind(pid=self.pid).warning("a worker said what nobody understands")
            return
        match message:
            case Preparing():
                self.doing = message.text
            case Warm():
                self.doing, self.warm = "ready", True
                self.settled.set()
            case Broken():
                self.broken = message
            case Beat():
                self.beat = message
        self._hear(self, message)

    async def _await_exit(self) -> None:
        code = await self._process.wait()
        # What it said last counts; but a process that it started may hold its socket open, and isn't waited for.
        await asyncio.wait({self._tasks[0]}, timeout=_LAST_WORDS_S)
        self._tasks[0].cancel()
        logger.bind(pid=self.pid, code=code).debug("worker gone")
        self.warm = False
        self.gone.set()
        self.settled.set()
        self._hear(self, None)
        with contextlib.suppress(OSError):
            self.socket.unlink()


async def started(command: Sequence[str], control: socket.socket, environment: Mapping[str, str]) -> OsProcess:
    """A program of ours, given one end of a socket pair and the name of its descriptor."""
    starting = asyncio.create_task(
        asyncio.create_subprocess_exec(
            *command,
            *("--control", str(control.fileno())),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=_STDERR,  # stdout is the supervisor's, for what a person or program reads
            env=dict(environment),
            pass_fds=[control.fileno()],
            start_new_session=True,  # Ctrl-C is the supervisor's to pass on
        ),
        name="start a process",
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:  # half a process can't be waited for: let it be whole first
        process = await starting
        process.kill()
        await process.wait()
        raise
