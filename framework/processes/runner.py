"""The runner's supervisor: keep workers warm, serve the door, drain, leave. Never imports Pipecat."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvicorn

from framework.errors import FrameworkError, UserError
from framework.log import set_up
from framework.processes.settings import RunnerSettings
from framework.processes.supervisor import Supervisor
from framework.project import Project
from framework.web.auth import Guard, is_loopback
from framework.web.forward import MESSAGE_LIMIT
from framework.web.ports import Readiness
from framework.web.runner import Door, make_app

PORT = 8080


class Runner:
    """One runner, from bound port to last process gone."""

    def __init__(
        self,
        settings: RunnerSettings,
        project: Callable[[], Project],
        *,
        host: str = "127.0.0.1",
        port: int = PORT,
        token: str = "",
    ) -> None:
        self._settings = settings
        self._project = project
        self._socket = bind(host, port, token)
        self._token = token
        self._supervisor: Supervisor | None = None
        self._leaving = asyncio.Event()
        self._hurry = asyncio.Event()
        self._drain_s = settings.drain_s

    @property
    def url(self) -> str:
        """Where the page is."""
        host, port = self._socket.getsockname()[:2]
        shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - read, not bound
        return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"

    def readiness(self) -> Readiness | None:
        """Whether a session would start now; `None` before the first look."""
        return self._supervisor.readiness() if self._supervisor else None

    @property
    def fix(self) -> str:
        """What helps against the problem that `readiness` names."""
        return self._supervisor.pool.fix if self._supervisor else ""

    def leave(self, *, drain_s: float | None = None) -> None:
        """Begin to leave; asked a second time, don't wait for anybody."""
        if self._leaving.is_set():
            self._hurry.set()
        if drain_s is not None:
            self._drain_s = drain_s
        self._leaving.set()

    async def run(self, *, watch: Callable[[Runner], Any] | None = None) -> None:
        """Serve until told to leave, by `leave` or a signal; `watch` may show people how far it is."""
        supervisor = self._supervisor = Supervisor(self._settings)
        server = self._server(supervisor)
        with self._signals():
            serving = asyncio.create_task(server.serve(sockets=[self._socket]), name="runner: http")
            watching = asyncio.create_task(watch(self), name="runner: watch") if watch else None
            supervisor.open()
            try:
                await self._until_leaving(serving, watching)
                await self._drain(supervisor)
            finally:
                await supervisor.close()
                server.should_exit = True
                for task in (serving, *([watching] if watching else [])):
                    if task is watching:
                        task.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await task

    def _server(self, supervisor: Supervisor) -> uvicorn.Server:
        door = Door(
            sessions=supervisor,
            project=self._project,
            guard=Guard(self._token),
            stack=self._settings.stack,
            test_profile=self._settings.test_profile,
        )
        config = uvicorn.Config(
            make_app(door),
            interface="asgi3",
            log_config=None,
            access_log=False,
            lifespan="off",
            ws_max_size=MESSAGE_LIMIT,
            ws_ping_interval=2.0,  # a client that vanished without a word is noticed within five seconds
            ws_ping_timeout=3.0,
            timeout_graceful_shutdown=2,
        )
        server = uvicorn.Server(config)
        server.capture_signals = contextlib.nullcontext  # type: ignore[assignment,method-assign]  # ours to handle
        return server

    async def _until_leaving(self, serving: asyncio.Task[None], watching: asyncio.Task[Any] | None) -> None:
        leaving = asyncio.create_task(self._leaving.wait(), name="runner: until leaving")
        waited: set[asyncio.Task[Any]] = {serving, leaving} | ({watching} if watching else set())
        while not leaving.done() and not serving.done():
            done, waited = await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        leaving.cancel()

    async def _drain(self, supervisor: Supervisor) -> None:
        draining = asyncio.create_task(supervisor.drain(self._drain_s), name="runner: drain")
        hurry = asyncio.create_task(self._hurry.wait(), name="runner: hurry")
        await asyncio.wait({draining, hurry}, return_when=asyncio.FIRST_COMPLETED)
        for task in (draining, hurry):
            task.cancel()
        await asyncio.gather(draining, hurry, return_exceptions=True)

    @contextlib.contextmanager
    def _signals(self) -> Any:
        """SIGTERM lets sessions finish; Ctrl-C asks them to end now."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.leave)
        loop.add_signal_handler(signal.SIGINT, lambda: self.leave(drain_s=0.0))
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGTERM)
            loop.remove_signal_handler(signal.SIGINT)


def bind(host: str, port: int, token: str) -> socket.socket:
    """The listening socket, or a sentence that says why there is none."""
    if not token and not is_loopback(host):
        raise UserError(
            f"the runner does not listen on {host} without a token",
            fix="Set CONVO_RUNNER_TOKEN to a long random text, or leave --host out to serve this machine only.",
        )
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UserError(f"port {port} is in use", fix=f"Choose another one with --port {port + 1}.") from None
        if error.errno == errno.EACCES:
            raise UserError(f"port {port} needs more rights", fix="Choose one above 1023 with --port.") from None
        raise UserError(f"can't listen on {host}:{port}: {error.strerror}", fix="Check --host and --port.") from None
    return listening


def settings_from(root: Path, environment: dict[str, str], *, stack: str = "") -> RunnerSettings:
    """The runner's settings, as far as the environment changes them."""
    settings = RunnerSettings(root=root, stack=stack, test_profile=environment.get("CONVO_PROFILE") == "test")
    return replace(
        settings,
        spare=_number(environment, "CONVO_RUNNER_SPARE", settings.spare),
        max_sessions=_number(environment, "MAX_BOTS", settings.max_sessions),
        drain_s=float(_number(environment, "CONVO_DRAIN_SECS", int(settings.drain_s))),
    )


def _number(environment: dict[str, str], name: str, default: int) -> int:
    text = environment.get(name, "")
    if text and not text.isdigit():
        raise UserError(f"{name} is `{text}`, which is no whole number", fix=f"Set it to one, such as {default}.")
    return int(text) if text else default


async def serve(
    settings: RunnerSettings, *, host: str, port: int, token: str, watch: Callable[[Runner], Any] | None = None
) -> None:
    """Bind, run, leave."""
    runner = Runner(settings, lambda: Project.find(settings.root), host=host, port=port, token=token)
    await runner.run(watch=watch)


def main(argv: Sequence[str] | None = None) -> int:
    """`python runner.py`: serve the project of the working directory."""
    parser = argparse.ArgumentParser(prog="runner.py", description="Hold voice and text sessions on this machine.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; others than loopback want a token")
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--stack", default="", help="use this stack for every bot")
    asked = parser.parse_args(argv)
    set_up()
    try:
        settings = settings_from(Project.find().root, dict(os.environ), stack=asked.stack)
        token = os.environ.get("CONVO_RUNNER_TOKEN", "")
        asyncio.run(serve(settings, host=asked.host, port=asked.port, token=token, watch=_say_where))
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except FrameworkError as error:
        sys.stderr.write(f"{error}\n")
        return 3
    return 0


async def _say_where(runner: Runner) -> None:
    """Say where the runner listens, once; programs read this line."""
    sys.stdout.write(f"runner: {runner.url}\n")
    sys.stdout.flush()
