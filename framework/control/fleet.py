"""The arithmetic of pools: who takes sessions, who waits, what is on its way. No clock, no network, no await."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from framework.control.records import Runner
from framework.control.seen import Seen
from framework.control.settings import OperatorSettings

OVER = ("gone", "failed")


@dataclass(frozen=True, kw_only=True)
class Pool:
    """One pool, with the queue that its runners serve."""

    name: str
    queued: int = 0
    runners: tuple[Runner, ...] = ()
    """Those that take sessions."""
    under_way: int = 0
    coming: int = 0
    """Slots of the launches under way."""
    buffer: int = 0
    """Free slots that are wanted beside those for the queue."""
    kept: bool = False
    """Whether the launcher itself holds its warm runners."""

    @property
    def free(self) -> int:
        """Slots without a session."""
        return sum(runner.free for runner in self.runners)

    @property
    def shortage(self) -> int:
        """Sessions for which there is no slot, and none on its way."""
        return max(0, self.queued - self.free - self.coming)

    @property
    def lacking(self) -> int:
        """Slots that are missing for the queue and the buffer."""
        return max(0, self.queued + self.buffer - self.free - self.coming)

    @property
    def surplus(self) -> int:
        """Slots that neither queue nor buffer needs."""
        return max(0, self.free + self.coming - self.queued - self.buffer)

    @property
    def standing(self) -> tuple[Runner, ...]:
        """Runners that no operator launched: a Deployment's, or somebody's own."""
        return tuple(runner for runner in self.runners if not runner.launch)


class Fleet:
    """All pools of one look."""

    def __init__(self, seen: Seen, settings: OperatorSettings) -> None:
        self.seen = seen
        self.settings = settings
        ended = {one.launch_id for one in seen.launched or () if one.state in OVER}
        self.taking = tuple(
            runner
            for runner in seen.runners
            if not runner.draining and not runner.dead and not (runner.launch and runner.launch in ended)
        )

    @cached_property
    def pools(self) -> dict[str, Pool]:
        """The pools of this build, the home pool first; other builds' where runners take sessions."""
        served = dict.fromkeys([self.settings.home, *sorted(runner.pool for runner in self.taking)])
        for queue in sorted({*self.seen.waiting, *self.seen.arrivals}):
            served.setdefault(self.server(queue))
        served.update(dict.fromkeys(sorted({launch.pool for launch in self.seen.launches})))
        return {name: self._pool(name) for name in served}

    @cached_property
    def slots(self) -> int:
        """All slots there are or will be; of a runner that drains, those still taken."""
        taking = {runner.runner_id for runner in self.taking}
        there = sum(r.capacity if r.runner_id in taking else r.owned for r in self.seen.runners)
        return there + sum(pool.coming for pool in self.pools.values())

    @cached_property
    def short(self) -> int:
        """Sessions that wait for a slot that could be launched now."""
        return sum(one.shortage for one in self.pools.values() if self.is_current(one.name) and self.tries(one) > 0)

    def tries(self, pool: Pool) -> int:
        """How many launches failures leave a pool: any number, one at a time after a failure, none in a pause."""
        trouble = self.seen.troubles.get(pool.name)
        if trouble is None or not trouble.failures:
            return self.settings.at_once
        return 0 if trouble.pause_s > 0 else 1 - pool.under_way

    @cached_property
    def by_launch(self) -> dict[str, Runner]:
        """Launch → its runner."""
        return {runner.launch: runner for runner in self.seen.runners if runner.launch}

    def server(self, queue: str) -> str:
        """The pool whose runners serve a queue: its own, or this build's when nobody serves another build's."""
        return queue if queue in self._served else self.settings.current(queue)

    def is_current(self, pool: str) -> bool:
        """Whether a pool is of this build."""
        return self.settings.current(pool) == pool

    def is_older(self, pool: str) -> bool:
        """Whether a pool is of a build that was there before this one. A newer one is another operator's to shrink."""
        return not self.is_current(pool) and self._born(pool) < self._born(self.settings.home) < math.inf

    def idle(self, pool: Pool) -> list[Runner]:
        """Launched runners of a pool without a session, those that have had none for longest first."""
        idle = [runner for runner in pool.runners if runner.launch and not runner.owned]
        return sorted(
            idle, key=lambda one: (-self.seen.idle_s.get(one.runner_id, 0.0), one.registered_at, one.runner_id)
        )

    def long_idle(self, runners: Iterable[Runner]) -> list[Runner]:
        """Those whose grace is over."""
        return [r for r in runners if self.seen.idle_s.get(r.runner_id, 0.0) >= self.settings.idle_secs]

    @cached_property
    def _served(self) -> set[str]:
        return {runner.pool for runner in self.taking}

    def _born(self, pool: str) -> float:
        """When the first runner of a pool's build registered."""
        build = pool.rpartition(".")[2]
        born = [r.registered_at for r in self.taking if r.pool.rpartition(".")[2] == build]
        return min(born, default=math.inf)

    def _pool(self, name: str) -> Pool:
        seen, settings = self.seen, self.settings
        launches = [launch for launch in seen.launches if launch.pool == name]
        queues = {queue for queue in {*seen.waiting, *seen.arrivals} if self.server(queue) == name}
        expected = sum(seen.arrivals.get(queue, 0.0) for queue in queues) * seen.cold_s
        if name == settings.home:
            buffer = max(settings.warm, math.ceil(expected))
        else:
            buffer = round(expected) if self.is_current(name) else 0
        return Pool(
            name=name,
            queued=sum(seen.waiting.get(queue, 0) for queue in queues),
            runners=tuple(runner for runner in self.taking if runner.pool == name),
            under_way=len(launches),
            coming=sum(1 if launch.cold else settings.capacity for launch in launches),
            buffer=buffer,
            kept=name in seen.keeps and self.is_current(name),
        )
