"""Look, plan, do: sweep deadlines and keep as many runners as are needed. Any number of operators may run at once.

The loops survive whatever store and launcher do; each call has a deadline. What an operator leaves half done when it
dies, another one finds in the store.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from loguru import logger

from framework import failpoints
from framework.control.acts import STORE_S, Acts, Done
from framework.control.attempts import Attempts
from framework.control.fleet import OVER, Fleet
from framework.control.memory import Look, Memory
from framework.control.plan import plan
from framework.control.records import Swept
from framework.control.seen import Seen
from framework.control.settings import OperatorSettings
from framework.control.store import Store
from framework.errors import FrameworkError, UserError
from framework.plugins.launchers import Launched, Launcher

LOOK_S = 10.0
"""For the launcher to list what it has."""
TURN_S = 120.0
CLOSE_S = 15.0
LONGEST_PAUSE_S = 2.0
FRESH_S = 10.0
"""A sweep or a look that is older is no sign of readiness."""


@dataclass
class Figures:
    """What an operator has seen, for metrics."""

    sweeps: int = 0
    plans: int = 0
    runners_dead: int = 0
    requeued: int = 0
    failed: int = 0
    pools: dict[str, dict[str, int]] = field(default_factory=dict)
    """Pool → `want` and `have` slots, `free`, `coming`, `queued` and `runners`."""


class Operator:
    """One operator. Without a launcher it sweeps and dispatches only."""

    def __init__(
        self,
        store: Store,
        launcher: Launcher | None,
        settings: OperatorSettings,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._launcher = launcher
        self._opened = False
        self._settings = settings
        self._now = now
        self._memory = Memory()
        self._attempts = Attempts()
        self._acts = Acts(store, launcher, settings, self._memory, self._attempts, now)
        self._settling = True
        self._turned_at = now()
        self._good_at: dict[str, float] = {}
        self._draining: set[str] = set()
        self.figures = Figures()

    @property
    def done(self) -> Done:
        """How often it did what."""
        return self._acts.done

    @property
    def progress_s(self) -> float:
        """Seconds since a loop last came round, well or not: health is that it goes on."""
        return self._now() - self._turned_at

    @property
    def problem(self) -> str:
        """Why it is of no use at present; empty where it is."""
        now, troubles = self._now(), self._attempts.troubles
        if said := [troubles[what] for what in ("sweep", "look", "change", "launcher") if what in troubles]:
            return "; ".join(dict.fromkeys(said))
        late = [what for what in ("sweep", "look") if now - self._good_at.get(what, now - FRESH_S) >= FRESH_S]
        return f"no {' and no '.join(late)} has succeeded lately" if late else ""

    async def run(self) -> None:
        """Work until cancelled; then leave at once, with what is half done for others.

        Raises:
            UserError: The launcher is set up wrongly.
        """
        if self._launcher:
            self._opened = await self._attempts.succeed("launcher", self._launcher.open(), LOOK_S, fatal=UserError)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._every(self._settings.sweep_secs, self.sweep), name="operator: sweep")
                group.create_task(self._every(self._settings.plan_secs, self.turn), name="operator: plan")
        finally:
            await self._close()

    async def sweep(self) -> bool:
        """Move what is past its deadline; whether the store did."""
        failpoints.reach("operator.sweep")
        swept = await self._attempts.make("sweep", self._store.sweep(), STORE_S)
        failpoints.reach("operator.swept")
        if swept is None:
            return False
        self._attempts.troubles.pop("change", None)  # it takes changes again
        self._good_at["sweep"] = self._now()
        self._settling = swept.quarantine_ms > 0
        self._note(swept)
        return True

    async def turn(self) -> bool:
        """Look once, and do what is to be done about it; whether it could look."""
        look = await self._look()
        if look is None:
            return False
        seen = self._memory.seen(look, self._now())
        self._measure(seen)
        self._draining = {runner.runner_id for runner in look.runners if runner.draining}
        for step in plan(seen, self._settings):
            await self._acts.do(step)
        self.figures.plans += 1
        self._good_at["look"] = self._now()
        return True

    async def settled(self) -> None:
        """Until everything that was begun is done."""
        await self._acts.settled()

    # --- Looking ----------------------------------------------------------------------------------------------------

    async def _look(self) -> Look | None:
        launched, facts = await asyncio.gather(
            self._look_at_launcher(), self._attempts.make("look", self._look_at_store(), STORE_S)
        )
        if facts is None:
            return None
        launches, runners, waiting, counts = facts
        return Look(
            runners=(*runners,),
            waiting={pool: sum(tenants.values()) for pool, tenants in waiting.items()},
            launches={launch: pool for launch, (pool, _) in launches.items()},
            launched=launched,
            counts=counts,
            keeps=frozenset(pool for pool in {self._settings.home, *waiting} if self._keeps(pool)),
            settling=self._settling,
        )

    async def _look_at_store(self) -> tuple[Any, ...]:
        # Launches first: a runner that registers meanwhile is then seen twice rather than not at all.
        launches = await self._store.launches()
        return launches, await self._store.runners(), await self._store.waiting(), await self._store.counts()

    async def _look_at_launcher(self) -> tuple[Launched, ...] | None:
        launcher = self._launcher
        if launcher is None:
            return None
        if not self._opened:
            self._opened = await self._attempts.succeed("launcher", launcher.open(), LOOK_S)
        if not self._opened:
            return None
        found = await self._attempts.make("launcher", launcher.launched(), LOOK_S)
        return None if found is None else (*found,)

    def _keeps(self, pool: str) -> bool:
        return self._launcher is not None and self._opened and self._launcher.keeps(pool)

    def _measure(self, seen: Seen) -> None:
        pools = Fleet(seen, self._settings).pools.values()
        self.figures.pools = {
            pool.name: {
                "want": pool.queued + pool.buffer + sum(runner.owned for runner in pool.runners),
                "have": sum(runner.capacity for runner in pool.runners),
                "free": pool.free,
                "coming": pool.coming,
                "queued": pool.queued,
                "runners": len(pool.runners),
            }
            for pool in pools
        }

    def _note(self, swept: Swept) -> None:
        self.figures.sweeps += 1
        self.figures.runners_dead += len(swept.runners)
        self.figures.requeued += len(swept.requeued)
        self.figures.failed += len(swept.failed)
        for runner in swept.runners:
            if runner in self._draining:
                logger.bind(runner=runner).info("a runner has left")
            else:
                logger.bind(runner=runner).warning("a runner has not been heard of and is given up")
        for session in swept.requeued:
            logger.bind(session=session).warning("a session is queued again")
        for session in swept.failed:
            logger.bind(session=session).warning("a session has failed")

    # --- Going on ---------------------------------------------------------------------------------------------------

    async def _every(self, secs: float, work: Callable[[], Coroutine[Any, Any, bool]]) -> None:
        """Do it again and again; after failures less often."""
        failures = 0
        while True:
            began = self._now()
            good = await self._attempts.make(f"whole {work.__name__}", work(), TURN_S)
            self._turned_at = self._now()
            failures = 0 if good else failures + 1
            pause = min(max(LONGEST_PAUSE_S, secs), secs * 2 ** min(failures, 10))
            await asyncio.sleep(max(0.0, pause - (self._now() - began)) if good else pause)

    async def _close(self) -> None:
        await self._acts.close()
        if self._launcher and self._opened:
            await self._attempts.succeed("launcher", self._launcher.close(), CLOSE_S)
            with contextlib.suppress(FrameworkError, TimeoutError):
                async with asyncio.timeout(STORE_S):
                    await self._forget_ended(self._launcher)

    async def _forget_ended(self, launcher: Launcher) -> None:
        """Launches whose processes ended with this one: so that the next operator does not wait for them."""
        under_way = await self._store.launches()
        for one in await launcher.launched():
            if one.state in OVER and one.launch_id in under_way:
                await self._store.unlaunch(one.launch_id)
