"""The runner's supervisor: keep workers warm, serve the door, drain, leave. Never imports Pipecat."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvicorn

from framework.control.member import Member
from framework.control.settings import redis_from, store_from, whole
from framework.control.store import Store
from framework.errors import FrameworkError, SessionError, UserError
from framework.log import set_up
from framework.processes import autostart
from framework.processes.fleet import FleetSessions, Membership
from framework.processes.serving import config_of, exit_code, heeding, server_of
from framework.processes.settings import Deadlines, RunnerSettings, check_grace, keeps_of
from framework.processes.sockets import listen, url_of
from framework.processes.supervisor import Supervisor
from framework.project import Project
from framework.sessions.spec import SessionSpec
from framework.web.auth import Guard, is_loopback
from framework.web.forward import MESSAGE_LIMIT
from framework.web.ports import Readiness, Sessions
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
        store: Store | None = None,
        membership: Membership | None = None,
        only: SessionSpec | None = None,
        own_signals: bool = True,
    ) -> None:
        self._settings = settings
        self._store = store
        self._membership = membership or Membership()
        self._project = project
        self._socket = bind(host, port, token)
        self._token = token
        self._only = only
        self._failure: FrameworkError | None = None
        self._own_signals = own_signals
        self._supervisor: Supervisor | None = None
        self._member: Member | None = None
        self._leaving = asyncio.Event()
        self._hurry = asyncio.Event()
        self._drain_s = settings.drain_s

    @property
    def url(self) -> str:
        """Where the page is."""
        return url_of(self._socket)

    def readiness(self) -> Readiness | None:
        """Whether a session would start now; `None` before the first look."""
        return self._supervisor.readiness() if self._supervisor else None

    @property
    def fix(self) -> str:
        """What helps against the problem that `readiness` names."""
        return self._supervisor.pool.fix if self._supervisor else ""

    @property
    def signals(self) -> dict[signal.Signals, Callable[[], None]]:
        """SIGTERM lets sessions finish; Ctrl-C asks them to end now."""
        return {signal.SIGTERM: self.leave, signal.SIGINT: lambda: self.leave(drain_s=0.0)}

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
        member = self._member = self._make_member(supervisor)
        server = self._server(FleetSessions(supervisor, member) if member else supervisor)
        with heeding(self.signals if self._own_signals else {}):
            serving = asyncio.create_task(server.serve(sockets=[self._socket]), name="runner: http")
            watching = asyncio.create_task(watch(self), name="runner: watch") if watch else None
            supervisor.open()
            working = asyncio.create_task(self._work(supervisor, member), name="runner: work")
            try:
                await self._until_leaving({serving, working, *filter(None, (watching,))})
                await self._drain(supervisor, member)
            finally:
                await supervisor.close()
                if member:
                    await member.close()
                working.cancel()
                await asyncio.gather(working, return_exceptions=True)
                server.should_exit = True
                for task in (serving, *([watching] if watching else [])):
                    if task is watching:
                        task.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await task
        if self._failure:
            raise self._failure

    def _make_member(self, supervisor: Supervisor) -> Member | None:
        if self._store is None:
            return None
        about = self._membership.runner(supervisor.capacity, self.url)
        member = Member(self._store, about, on_drain=self._drained_from_outside, on_empty=self._had_one)
        supervisor.listener = member
        return member

    async def _work(self, supervisor: Supervisor, member: Member | None) -> None:
        """From the first warm worker on: take part in the fleet; begin the one session, if it was made for one."""
        while self._settings.spare and not supervisor.readiness().warm:  # noqa: ASYNC110 - the pool has no event for this
            await asyncio.sleep(0.02)
        if self._own_signals:  # the process is its own
            gc.collect()
            gc.freeze()  # what is loaded stays: a look at all of it, in the middle of calls, takes tens of milliseconds
        if member is None:
            if self._only:
                await autostart.until_over(supervisor, self._only)
                self.leave(drain_s=0.0)
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(member.run(supervisor), name="runner: member")
            group.create_task(self._leave_when_idle(member), name="runner: idle")
            if self._only:
                group.create_task(self._join_the_only(member, self._only), name="runner: only")

    async def _join_the_only(self, member: Member, spec: SessionSpec) -> None:
        if self._store and (problem := await autostart.join(self._store, member, spec)):
            self._failure = SessionError(problem)
            self.leave(drain_s=0.0)

    def _drained_from_outside(self) -> None:
        """An operator wants this runner to go; our own drain comes back as the same command."""
        if not self._leaving.is_set():
            self.leave()

    def _had_one(self) -> None:
        """A session is over: leave, if that was the last one for which this runner was made."""
        if self._member and 0 < self._membership.sessions <= self._member.had and not self._leaving.is_set():
            self.leave(drain_s=0.0)

    async def _leave_when_idle(self, member: Member) -> None:
        idle_since = time.monotonic()
        while patience := self._membership.idle_s:
            await asyncio.sleep(min(1.0, patience / 4))
            if member.held:
                idle_since = time.monotonic()
            elif time.monotonic() - idle_since > patience and not self._leaving.is_set():
                self.leave(drain_s=0.0)
                return

    def _server(self, sessions: Sessions) -> uvicorn.Server:
        door = Door(
            sessions=sessions,
            project=self._project,
            guard=Guard(self._token),
            stack=self._settings.stack,
            test_profile=self._settings.test_profile,
            webhook_secret=self._settings.webhook_secret,
            webhook_bot=self._settings.webhook_bot,
        )
        config = config_of(
            make_app(door),
            interface="asgi3",
            ws_max_size=MESSAGE_LIMIT,
            ws_ping_interval=2.0,  # a client that vanished without a word is noticed within five seconds
            ws_ping_timeout=3.0,
            timeout_graceful_shutdown=2,
        )
        return server_of(config)

    async def _until_leaving(self, tasks: set[asyncio.Task[Any]]) -> None:
        leaving = asyncio.create_task(self._leaving.wait(), name="runner: until leaving")
        waited: set[asyncio.Task[Any]] = {*tasks, leaving}
        serving = next(task for task in tasks if task.get_name() == "runner: http")
        while not leaving.done() and not serving.done():
            done, waited = await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        leaving.cancel()

    async def _drain(self, supervisor: Supervisor, member: Member | None) -> None:
        """Let the sessions go on for a while, unless somebody hurries."""

        async def drain() -> None:
            supervisor.draining = True
            if member:
                await member.drain()
            await supervisor.drain(self._drain_s)

        draining = asyncio.create_task(drain(), name="runner: drain")
        hurry = asyncio.create_task(self._hurry.wait(), name="runner: hurry")
        await asyncio.wait({draining, hurry}, return_when=asyncio.FIRST_COMPLETED)
        for task in (draining, hurry):
            task.cancel()
        await asyncio.gather(draining, hurry, return_exceptions=True)


def bind(host: str, port: int, token: str) -> socket.socket:
    """The listening socket, or a sentence that says why there is none."""
    if not token and not is_loopback(host):
        raise UserError(
            f"the runner does not listen on {host} without a token",
            fix="Set CONVO_RUNNER_TOKEN to a long random text, or leave --host out to serve this machine only.",
        )
    return listen(host, port)


def settings_from(root: Path, environment: dict[str, str], *, stack: str = "") -> RunnerSettings:
    """The runner's settings, as far as the environment changes them."""
    settings = RunnerSettings(
        root=root,
        stack=stack,
        keeps=keeps_of(environment),
        test_profile=environment.get("CONVO_PROFILE") == "test",
        webhook_secret=environment.get("DAILY_WEBHOOK_SECRET", ""),
        webhook_bot=environment.get("CONVO_WEBHOOK_BOT", ""),
    )
    if settings.test_profile:
        backend = environment.get("CONVO_BACKEND", "") or settings.backend
        settings = replace(settings, backend=backend, deadlines=Deadlines.read(environment))
    return replace(
        settings,
        spare=whole(environment, "CONVO_RUNNER_SPARE", settings.spare),
        max_sessions=whole(environment, "CONVO_CAPACITY", whole(environment, "MAX_BOTS", settings.max_sessions)),
        drain_s=float(whole(environment, "CONVO_DRAIN_SECS", int(settings.drain_s))),
    )


def make_runner(
    settings: RunnerSettings,
    environment: dict[str, str],
    *,
    host: str = "127.0.0.1",
    port: int = PORT,
    store: Store | None = None,
    own_signals: bool = True,
) -> Runner:
    """A runner as the environment wants it; in a fleet when it is given a store."""
    check_grace(settings.drain_s, environment, settings.deadlines)
    only = None
    membership = Membership.read(environment) if store else None
    if autostart.wanted(environment):
        only = autostart.spec_from(environment, Project.find(settings.root), test_profile=settings.test_profile)
        membership = autostart.apart(membership, only) if membership else None
    return Runner(
        settings,
        lambda: Project.find(settings.root),
        host=host,
        port=port,
        token=environment.get("CONVO_RUNNER_TOKEN", ""),
        store=store,
        membership=membership,
        only=only,
        own_signals=own_signals,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """`python runner.py`: serve the project of the working directory."""
    asked = _arguments(argv)
    set_up()
    environment = dict(os.environ) | ({"REDIS_URL": asked.redis} if asked.redis else {})
    return exit_code(lambda: asyncio.run(_serve(asked, environment)))


async def _serve(asked: argparse.Namespace, environment: dict[str, str]) -> None:
    settings = settings_from(Project.find().root, environment, stack=asked.stack)
    store = store_from(environment) if redis_from(environment) else None
    try:
        runner = make_runner(settings, environment, host=asked.host, port=asked.port, store=store)
        await runner.run(watch=_say_where)
    finally:
        if store:
            await store.close()


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="runner.py",
        description="Hold voice and text sessions on this machine; with REDIS_URL, as part of a fleet.",
        epilog="Environment: REDIS_URL, CONVO_RUNNER_TOKEN, CONVO_CAPACITY or MAX_BOTS (sessions at a time),"
        " CONVO_POOL, CONVO_RUNNER_ADDRESS (where gateways reach it), CONVO_DRAIN_SECS, CONVO_GRACE_SECS,"
        " CONVO_IDLE_SECS, CONVO_RUNNER_SPARE; RUNNER_AUTO_START=1 with SESSION_ID, DAILY_ROOM_URL, DAILY_TOKEN,"
        " USER_ID and CONVO_BOT begins one session at once and leaves with it.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; others than loopback want a token")
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--stack", default="", help="use this stack for every bot")
    parser.add_argument("--redis", default="", metavar="URL", help="the fleet's store; same as REDIS_URL")
    return parser.parse_args(argv)


async def _say_where(runner: Runner) -> None:
    """Say where the runner listens, once; programs read this line."""
    sys.stdout.write(f"runner: {runner.url}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
