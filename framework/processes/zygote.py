"""The process that loads everything once, plays one session through, and is then forked for each worker.

It does nothing else: no loop runs in it and it keeps no thread of Python's, because a fork has only the thread that
forked. It never hears of a session or a secret.
"""

from __future__ import annotations

import asyncio
import ctypes
import faulthandler
import gc
import os
import random
import select
import signal
import socket
import sys
import threading
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from loguru import logger
from pydantic import BaseModel

from framework import failpoints
from framework.log import set_up
from framework.processes.messages import Fork, Forked, Reaped, Unforkable, Warm, line
from framework.processes.worker import Backend, Worker, arguments, backend_of, live, prepare, rehearse_http

_PACKET = 65_536
_PR_SET_PDEATHSIG = 1
_THREADS_S = 2.0
"""How long threads that were used while everything was loaded may take to end."""
_NATIVE = 2
"""Threads that numpy's and onnxruntime's libraries keep; both are known to survive a fork."""
_GOING_S = 4.0
"""How long workers may take to go by themselves once the supervisor is gone."""


class Zygote:
    """Forks workers when told to, and says when one is gone."""

    def __init__(self, backend: Backend, control: socket.socket, *, client_s: float) -> None:
        self._backend = backend
        self._control = control
        self._client_s = client_s
        self._workers: dict[int, int] = {}
        self._poll = select.poll()
        self._libc = ctypes.CDLL(None)

    def serve(self) -> None:
        """Get ready, then fork until the supervisor is gone."""
        self._die_with_parent(signal.SIGTERM)
        rehearse_http()
        if not asyncio.run(prepare(self._backend, self._say)):
            return
        if why := unforkable():
            self._say(Unforkable(why=why))
            return
        warnings.filterwarnings("ignore", message=".*multi-threaded, use of fork")  # `unforkable` has looked
        gc.collect()
        gc.freeze()  # a collection in a worker would write to every page that it shares
        self._say(Warm())
        signal.signal(signal.SIGTERM, _leave)
        try:
            self._until_alone()
        except _LeavingError:
            logger.debug("the supervisor is gone")
        self._end_workers()

    def _until_alone(self) -> None:
        self._poll.register(self._control, select.POLLIN)
        while True:
            for number, _ in self._poll.poll():
                if number in self._workers:
                    self._reap(number)
                elif not self._heard():
                    return

    def _heard(self) -> bool:
        """Take one order; false when there will be none any more."""
        written, handed, _, _ = socket.recv_fds(self._control, _PACKET, 1)
        if not written:
            return False
        with socket.socket(fileno=handed[0]) as control:
            self._fork(Fork.model_validate_json(written), control)
        return True

    def _fork(self, asked: Fork, control: socket.socket) -> None:
        failpoints.reach("zygote.fork")
        zygote, pid = os.getpid(), os.fork()
        if not pid:
            self._become_worker(zygote, Path(asked.socket), control)
        number = os.pidfd_open(pid)  # nobody but us reaps it, so it still is the one
        self._workers[number] = pid
        self._poll.register(number, select.POLLIN)
        failpoints.reach("zygote.forked")
        self._say(Forked(socket=asked.socket, pid=pid), number)

    def _reap(self, number: int) -> None:
        pid = self._workers.pop(number)
        self._poll.unregister(number)
        os.close(number)
        _, status = os.waitpid(pid, 0)
        self._say(Reaped(pid=pid, code=os.waitstatus_to_exitcode(status)))

    def _become_worker(self, zygote: int, path: Path, control: socket.socket) -> NoReturn:
        """The new process: nothing of its siblings stays open in it, and it does not outlive its parent."""
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setsid()
        self._die_with_parent(signal.SIGKILL, of=zygote)
        self._control.close()
        for number in self._workers:
            os.close(number)
        reseed()
        failpoints.reach("worker.forked")

        async def work() -> None:
            await Worker(self._backend, control, path, client_s=self._client_s, prepared=True).run()

        live(work)

    def _die_with_parent(self, number: signal.Signals, *, of: int = 0) -> None:
        """Have the kernel signal this process when its parent ends; the parent may have ended before that."""
        self._libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if of and os.getppid() != of:
            os._exit(1)

    def _end_workers(self) -> None:
        """They have noticed, too; those that have not gone by themselves after a while are killed."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        deadline = time.monotonic() + _GOING_S
        self._poll.unregister(self._control)
        while self._workers and (left := deadline - time.monotonic()) > 0:
            for number, _ in self._poll.poll(left * 1000):
                self._reap(number)
        for number in self._workers:
            signal.pidfd_send_signal(number, signal.SIGKILL)

    def _say(self, message: BaseModel, *handed: int) -> None:
        try:
            socket.send_fds(self._control, [line(message)], handed)
        except OSError:
            logger.debug("the supervisor doesn't hear")


class _LeavingError(Exception):
    """The kernel says that the supervisor is gone."""


def _leave(*_: object) -> NoReturn:
    raise _LeavingError


def unforkable() -> str:
    """Why a fork of this process would not be safe; empty where it is."""
    deadline = time.monotonic() + _THREADS_S
    while (why := _threads()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return why


def _threads() -> str:
    ours = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    if ours:
        return f"what was loaded keeps the thread `{ours[0]}`"
    native = len([*Path("/proc/self/task").iterdir()]) - 1
    return f"what was loaded keeps {native} threads of native libraries" if native > _NATIVE else ""


def reseed() -> None:
    """Give this process chance of its own; Python's is renewed by `os.fork` itself, numpy's is not."""
    random.seed()
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Live as a zygote. Leaves by `os._exit`, like its workers."""
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    set_up()
    asked = arguments("zygote", argv)
    code = 0
    try:
        Zygote(backend_of(asked), socket.socket(fileno=asked.control), client_s=asked.client_s).serve()
    except BaseException:  # noqa: BLE001 - whatever it was: say it, and go
        logger.opt(exception=True).error("a zygote died")
        code = 1
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
