"""Everything on one machine: gateway, operator and runner in one process tree, over an embedded store or Redis."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from loguru import logger

from framework.control.connection import Connection
from framework.control.operator import Operator
from framework.control.records import OPEN
from framework.control.settings import environment_from, limits_from, operator_settings_from, redis_from, store_from
from framework.control.store import Store
from framework.errors import StoreError
from framework.processes.gateway import Gateway, GatewaySettings
from framework.processes.runner import Runner, make_runner
from framework.processes.serving import heeding
from framework.processes.settings import RunnerSettings
from framework.project import Project
from framework.web.keyring import keyring_of
from framework.web.ports import Readiness

CANCEL_S = 2.0
"""For the sessions that still wait to be told, when the embedded store ends."""
TOKEN = "CONVO_RUNNER_TOKEN"  # noqa: S105 - a variable's name


class Machine:
    """Gateway, operator and runner of one process; the runner's workers are its children."""

    def __init__(self, settings: RunnerSettings, environment: dict[str, str], *, host: str, port: int) -> None:
        self._settings = settings
        # The runner's door is for this gateway alone, also on a machine with other users.
        self._environment = {TOKEN: secrets.token_urlsafe(32), **{k: v for k, v in environment.items() if v}}
        self.embedded = not redis_from(environment)
        """Whether the store ends with this process."""
        self._store = self._make_store()
        self._gateway = Gateway(
            self._store,
            lambda: Project.find(settings.root),
            GatewaySettings.of(Project.find(settings.root), self._environment, stack=settings.stack),
            host=host,
            port=port,
            keyring=keyring_of(
                settings.root, store=None if self.embedded else self._store, environment=self._environment
            ),
        )
        self._runner: Runner = make_runner(settings, self._environment, port=0, store=self._store, own_signals=False)
        own = replace(operator_settings_from(self._environment), launcher="none")
        self._operator = Operator(self._store, None, own)

    @property
    def url(self) -> str:
        """Where the page and the gateway's API are."""
        return self._gateway.url

    @property
    def fix(self) -> str:
        """What helps against the problem that `readiness` names."""
        return self._runner.fix

    def readiness(self) -> Readiness | None:
        """Whether a session would start now; `None` before the first look."""
        return self._runner.readiness()

    async def run(self, *, watch: Callable[[Machine], Any] | None = None) -> None:
        """Serve until told to leave by a signal; the gateway stays until the last session is over."""
        await self._store.ping()  # one who names a store that isn't there is told so, not kept waiting
        gateway = asyncio.create_task(self._gateway.run(signals=False), name="machine: gateway")
        operator = asyncio.create_task(self._operator.run(), name="machine: operator")
        runner = asyncio.create_task(self._runner.run(), name="machine: runner")
        watching = [asyncio.create_task(watch(self), name="machine: watch")] if watch else []
        with heeding(self._runner.signals):
            try:
                await self._until_left({gateway, operator, runner, *watching}, runner)
            finally:
                self._runner.leave(drain_s=0.0)
                await asyncio.gather(runner, return_exceptions=True)
                await self._tell_those_who_wait()
                self._gateway.leave()
                for task in (operator, *watching):
                    task.cancel()
                await asyncio.gather(gateway, operator, *watching, return_exceptions=True)
                await self._store.close()

    def _make_store(self) -> Store:
        if not self.embedded:
            return store_from(self._environment)
        return Store(
            Connection.embedded(),
            environment=environment_from(self._environment),
            limits=limits_from(self._environment),
        )

    async def _until_left(self, tasks: set[asyncio.Task[Any]], runner: asyncio.Task[Any]) -> None:
        """Until the runner has left; whatever fails before that, is raised."""
        while not runner.done():
            done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
                if task.get_name() == "machine: gateway":
                    return

    async def _tell_those_who_wait(self) -> None:
        """What still waits in a store that ends now has an outcome, too."""
        if not self.embedded:
            return
        with contextlib.suppress(StoreError, TimeoutError):
            async with asyncio.timeout(CANCEL_S):
                waiting, _ = await self._store.sessions(states=OPEN, limit=1000)
                for record in waiting:
                    await self._store.cancel(record.session_id, "shutdown")
                if waiting:
                    logger.bind(sessions=len(waiting)).warning("sessions were cancelled, since their store ends here")
