"""A zygote and the workers forked from it, as their supervisor sees them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from loguru import logger
from pydantic import BaseModel, ValidationError

from framework.errors import FrameworkError
from framework.processes.child import OsProcess, started
from framework.processes.messages import (
    FROM_ZYGOTE,
    Broken,
    Fork,
    Forked,
    Preparing,
    Reaped,
    Unforkable,
    Warm,
    line,
)
from framework.processes.settings import Deadlines

PACKET = 65_536
_REPORT_S = 1.0
"""How long a zygote may take to say with which code a worker exited."""


class NotReadyError(FrameworkError):
    """The zygote could not load what sessions need."""


class LostError(FrameworkError):
    """The zygote was ready and is gone, or has to go: a new one may do better."""


class UnforkableError(FrameworkError):
    """What was loaded keeps threads: a fork would not have them and might wait for them for ever."""


def can_fork() -> bool:
    """Whether this system has what forked workers are watched with."""
    if sys.platform != "linux":
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return hasattr(signal, "pidfd_send_signal")


class ForkedProcess:
    """A worker, held by a descriptor of the process itself, which never comes to mean another one."""

    def __init__(self, pid: int, pidfd: int) -> None:
        self.pid = pid
        self.why = ""
        self._pidfd = pidfd
        self._unreported = False
        self._loop = asyncio.get_running_loop()
        self._code: asyncio.Future[int] = self._loop.create_future()
        self._loop.add_reader(pidfd, self._exited)

    def send_signal(self, number: signal.Signals, /) -> None:
        """Signal it, if it is there."""
        if self._pidfd >= 0:
            signal.pidfd_send_signal(self._pidfd, number)

    async def wait(self) -> int:
        """Its exit code, once it is gone."""
        return await asyncio.shield(self._code)

    def reaped(self, code: int) -> None:
        """It is gone and its code is known."""
        if not self._code.done():
            self._code.set_result(code)
        self._close()

    def orphaned(self, why: str) -> None:
        """Its zygote is gone: the kernel ends it, and to be certain so do we."""
        self.why = self.why or why
        if self._unreported:
            self.reaped(-signal.SIGKILL)
        with contextlib.suppress(OSError):
            self.send_signal(signal.SIGKILL)

    def _exited(self) -> None:
        self._loop.remove_reader(self._pidfd)
        self._unreported = True
        self._loop.call_later(0 if self.why else _REPORT_S, self.reaped, -signal.SIGKILL)

    def _close(self) -> None:
        if self._pidfd >= 0:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1


class Brood:
    """One zygote, started with the first worker that is asked for."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], deadlines: Deadlines) -> None:
        self._command = command
        self._environment = environment
        self._deadlines = deadlines
        self._process: OsProcess | None = None
        self._control: socket.socket | None = None
        self._exit: asyncio.Task[None] | None = None
        self._settled = asyncio.Event()
        self._warm = False
        self._problem: FrameworkError | None = None
        self._starting = asyncio.Lock()
        self._asked: dict[str, asyncio.Future[ForkedProcess]] = {}
        self.workers: dict[int, ForkedProcess] = {}
        self.doing = "starting"
        self.gone = False

    @property
    def pid(self) -> int:
        """The zygote's number; 0 before it was started and after its end."""
        return self._process.pid if self._process and not self.gone else 0

    async def fork(self, control: socket.socket, path: Path) -> ForkedProcess:
        """A worker that has everything loaded; it is told what to do over `control`."""
        await self._until_warm()
        asked: asyncio.Future[ForkedProcess] = asyncio.get_running_loop().create_future()
        self._asked[str(path)] = asked
        try:
            self._send(Fork(socket=str(path)), control)
            async with asyncio.timeout(self._deadlines.fork_s):
                return await asked
        except (TimeoutError, OSError):
            await self.kill()
            raise LostError("the process that workers are forked from did not answer") from None
        finally:
            self._asked.pop(str(path), None)

    async def end(self) -> None:
        """Let the zygote go, and what it may still have."""
        if self._process is None or self._exit is None:
            return
        self._hang_up()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._deadlines.cancel_s):
                await asyncio.shield(self._exit)
        await self.kill()

    async def kill(self) -> None:
        """End the zygote at once."""
        if self._process is None or self._exit is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await asyncio.shield(self._exit)

    async def _until_warm(self) -> None:
        async with self._starting:
            if self._process is None:
                await self._start()
        try:
            async with asyncio.timeout(self._deadlines.warm_s):
                await self._settled.wait()
        except TimeoutError:
            await self.kill()
            raise NotReadyError(f"it was not ready after {self._deadlines.warm_s:g} s ({self.doing})") from None
        if self._problem or not self._warm:
            raise self._problem or NotReadyError(f"the process that loads everything died ({self.doing})")

    async def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._process = await started(self._command, theirs, self._environment)
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        ours.setblocking(False)
        self._control = ours
        asyncio.get_running_loop().add_reader(ours, self._readable)
        self._exit = asyncio.create_task(self._await_exit(self._process), name="zygote: exit")

    def _send(self, message: BaseModel, control: socket.socket) -> None:
        if self._control is None:
            raise ConnectionError
        socket.send_fds(self._control, [line(message)], [control.fileno()])

    def _readable(self) -> None:
        while self._control is not None:
            try:
                written, handed, _, _ = socket.recv_fds(self._control, PACKET, 1)
            except BlockingIOError:
                return
            except OSError:
                written, handed = b"", []
            if not written:
                self._hang_up()
                return
            self._take(written, handed)

    def _take(self, written: bytes, handed: list[int]) -> None:
        try:
            message = FROM_ZYGOTE.validate_json(written)
        except ValidationError:
            logger.error("the zygote said what nobody understands")
            return
        match message:
            case Preparing():
                self.doing = message.text
            case Warm():
                self.doing, self._warm = "ready", True
                self._settled.set()
            case Broken():
                self._problem = NotReadyError(message.message, fix=message.fix)
                self._settled.set()
            case Unforkable():
                self._problem = UnforkableError(message.why)
                self._settled.set()
            case Forked():
                self._forked(message, handed[0])
            case Reaped():
                if worker := self.workers.pop(message.pid, None):
                    worker.reaped(message.code)

    def _forked(self, message: Forked, pidfd: int) -> None:
        worker = self.workers[message.pid] = ForkedProcess(message.pid, pidfd)
        asked = self._asked.get(message.socket)
        if asked and not asked.done():
            asked.set_result(worker)
        else:  # whoever asked has gone
            worker.send_signal(signal.SIGKILL)

    def _hang_up(self) -> None:
        if self._control is not None:
            asyncio.get_running_loop().remove_reader(self._control)
            self._control.close()
            self._control = None

    async def _await_exit(self, process: OsProcess) -> None:
        code = await process.wait()
        self._readable()  # what it said last counts
        self._hang_up()
        logger.bind(pid=process.pid, code=code).debug("zygote gone")
        self.gone = True
        self._settled.set()
        for worker in self.workers.values():
            worker.orphaned(f"the process it was forked from ended (code {code})")
        self.workers.clear()
        for asked in self._asked.values():
            if not asked.done():
                asked.set_exception(ConnectionError("the zygote is gone"))
