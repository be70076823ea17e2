"""Do what an operator has planned. Slow work goes on beside its loop, and nothing is done twice at once."""

from __future__ import annotations

import asyncio
import secrets
import string
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from loguru import logger

from framework import failpoints
from framework.control.attempts import Attempts
from framework.control.memory import Memory
from framework.control.seen import COLD, WARM
from framework.control.settings import OperatorSettings
from framework.control.steps import Clear, Dispatch, Fail, Keep, Remove, Retire, Start, Step
from framework.control.store import Store
from framework.errors import FrameworkError
from framework.plugins.launchers import Launch, Launcher

STORE_S = 5.0
"""For one look into the store, or one change."""
ACT_S = 60.0
"""For one launch or removal."""
LOGS_S = 10.0
LOG_LINES = 20
KEEP_AGAIN_S = 30.0
"""How often a number of warm runners is set again though it hasn't changed."""
_LETTERS = string.ascii_lowercase + string.digits


@dataclass
class Done:
    """How often an operator did what."""

    dispatched: int = 0
    retired: int = 0
    launches: dict[str, int] = field(default_factory=dict)
    """By pool."""
    launch_failures: dict[str, int] = field(default_factory=dict)
    """By pool."""


class Acts:
    """The hands of one operator."""

    def __init__(
        self,
        store: Store,
        launcher: Launcher | None,
        settings: OperatorSettings,
        memory: Memory,
        attempts: Attempts,
        now: Callable[[], float],
    ) -> None:
        self._store = store
        self._given = launcher
        self._settings = settings
        self._memory = memory
        self._attempts = attempts
        self._now = now
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._kept: dict[str, tuple[int, float]] = {}
        self.done = Done()

    async def do(self, step: Step) -> None:
        """Do one step, or begin it."""
        match step:
            case Dispatch():
                failpoints.reach("operator.dispatch")
                given = await self._attempts.make("change", self._store.dispatch(step.queue, step.pool), STORE_S)
                failpoints.reach("operator.dispatched")
                self.done.dispatched += given or 0
            case Retire():
                await self._retire(step)
            case Start():
                await self._start(step)
            case Keep():
                self._keep(step)
            case Fail():
                self._begin(step.launch_id, self._fail(step))
            case Clear():
                self._begin(step.launch_id, self._clear(step))
            case Remove():
                self._begin(step.launch_id, self._remove(step))

    async def settled(self) -> None:
        """Until everything that was begun is done."""
        while self._tasks:
            await asyncio.wait([*self._tasks.values()])

    async def close(self) -> None:
        """Stop at once; what is half done, another operator finds in the store."""
        for task in (tasks := [*self._tasks.values()]):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def _launcher(self) -> Launcher:
        assert self._given is not None  # noqa: S101 - without one, nothing is planned for it
        return self._given

    async def _retire(self, step: Retire) -> None:
        draining = self._store.drain(step.runner_id, if_idle=step.if_idle)
        left = await self._attempts.make("change", draining, STORE_S)
        if left is None or left < 0 or (left and step.if_idle):
            return
        logger.bind(runner=step.runner_id, why=step.why).info("a runner is let go")
        self.done.retired += 1

    # --- Launching --------------------------------------------------------------------------------------------------

    async def _start(self, step: Start) -> None:
        """Reserve, then launch: so that operators together launch no more than one would."""
        capacities = {_launch_id(capacity): capacity for capacity in step.capacities}
        patience_ms = int(self._settings.launch_secs * 1000)
        reserving = self._store.launch(step.pool, step.under_way, patience_ms, [*capacities])
        failpoints.reach("operator.reserve")
        reserved = await self._attempts.make("change", reserving, STORE_S) or []
        failpoints.reach("operator.reserved")
        self._memory.started(len(reserved), self._now())
        for launch_id in reserved:
            told = dict(self._settings.told)
            launch = Launch(launch_id=launch_id, pool=step.pool, capacity=capacities[launch_id], environment=told)
            self._begin(launch_id, self._launch(launch))

    async def _launch(self, launch: Launch) -> None:
        _count(self.done.launches, launch.pool)
        bound = logger.bind(launch=launch.launch_id, pool=launch.pool, slots=launch.capacity)
        bound.info("a runner is launched")
        try:
            async with asyncio.timeout(ACT_S):
                await self._launcher.launch(launch)
                failpoints.reach("operator.launched")
        except FrameworkError as error:
            # Nothing was started, so nobody need wait for it.
            self._failed(launch.launch_id, launch.pool, error.message)
            await self._attempts.make("change", self._store.unlaunch(launch.launch_id, error.message), STORE_S)

    async def _fail(self, step: Fail) -> None:
        """Whoever forgets it first removes it: its runner may have registered just now."""
        if await self._attempts.make("change", self._store.unlaunch(step.launch_id, step.why), STORE_S):
            self._failed(step.launch_id, step.pool, step.why, await self._logs(step.launch_id))
            await self._end(step.launch_id)

    def _failed(self, launch_id: str, pool: str, why: str, lines: str = "") -> None:
        self._memory.failed(launch_id, pool, self._now())
        _count(self.done.launch_failures, pool)
        logger.bind(launch=launch_id, pool=pool, why=why, written=lines).warning("a launch has failed")

    # --- Removing ---------------------------------------------------------------------------------------------------

    async def _clear(self, step: Clear) -> None:
        if step.why:
            lines = await self._logs(step.launch_id)
            bound = logger.bind(launch=step.launch_id, pool=step.pool, why=step.why, written=lines)
            bound.warning("a runner has failed")
            if step.pool:
                self._memory.failed(step.launch_id, step.pool, self._now())
        await self._end(step.launch_id)

    async def _remove(self, step: Remove) -> None:
        logger.bind(launch=step.launch_id, why=step.why).warning("a runner is removed")
        await self._end(step.launch_id)

    async def _end(self, launch_id: str) -> None:
        removing = self._launcher.remove(launch_id, grace_s=self._settings.grace_secs)
        await self._attempts.succeed("removal", removing, ACT_S)

    async def _logs(self, launch_id: str) -> str:
        return (
            await self._attempts.make("reading of logs", self._launcher.logs(launch_id, lines=LOG_LINES), LOGS_S) or ""
        )

    # --- Holding ----------------------------------------------------------------------------------------------------

    def _keep(self, step: Keep) -> None:
        runners, at = self._kept.get(step.pool, (-1, 0.0))
        if runners == step.runners and self._now() - at < KEEP_AGAIN_S:
            return
        self._kept[step.pool] = step.runners, self._now()
        if runners != step.runners:
            logger.bind(pool=step.pool, runners=step.runners).info("warm runners are wanted")
        self._begin(f"keep {step.pool}", self._hold(step))

    async def _hold(self, step: Keep) -> None:
        if not await self._attempts.succeed("launcher", self._launcher.keep(step.pool, step.runners), ACT_S):
            self._kept.pop(step.pool, None)

    # --- Beside the loop --------------------------------------------------------------------------------------------

    def _begin(self, key: str, work: Coroutine[Any, Any, None]) -> None:
        if key in self._tasks:
            work.close()
            return
        task = asyncio.create_task(self._attempts.make("work", work, 2 * ACT_S), name=f"operator: {key}")
        self._tasks[key] = task
        task.add_done_callback(lambda _: self._tasks.pop(key, None))


def _count(what: dict[str, int], pool: str) -> None:
    what[pool] = what.get(pool, 0) + 1


def _launch_id(capacity: int) -> str:
    """A name that no other launch has: 12 lower-case letters and digits."""
    return (COLD if capacity == 1 else WARM) + "".join(secrets.choice(_LETTERS) for _ in range(11))
