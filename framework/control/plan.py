"""Decide what an operator should do next. No clock, no network, no await.

Order of the steps: sessions that wait get what is free; what is dead is cleared away; what nobody needs is let go; what
is missing is launched. Every step can be done twice, or by two operators at once, without harm.
"""

from __future__ import annotations

from collections.abc import Iterator

from framework.control.fleet import OVER, Fleet
from framework.control.refill import refill
from framework.control.seen import Seen
from framework.control.settings import OperatorSettings
from framework.control.steps import Clear, Dispatch, Fail, Remove, Retire, Step
from framework.plugins.launchers import Launched


def plan(seen: Seen, settings: OperatorSettings) -> list[Step]:
    """What to do about what was seen.

    >>> plan(Seen(), OperatorSettings(warm=2))
    [Start(pool='shared.default.any', under_way=2, capacities=(1, 1))]
    >>> plan(Seen(waiting={"shared.default.any": 1}), OperatorSettings(warm=0))
    [Start(pool='shared.default.any', under_way=1, capacities=(1,))]
    """
    fleet = Fleet(seen, settings)
    steps: list[Step] = [*_dispatch(fleet)]
    if seen.launched is not None:
        steps += [*_tidy(fleet, seen.launched), *refill(fleet)]
    return steps


def _dispatch(fleet: Fleet) -> Iterator[Step]:
    """What `join`, `renew` and `register` left over: a slot came free while nobody looked, or a build was replaced."""
    free = {name: pool.free for name, pool in fleet.pools.items()}
    for queue in sorted(queue for queue, many in fleet.seen.waiting.items() if many):
        pool = fleet.server(queue)
        if free.get(pool, 0):
            yield Dispatch(queue=queue, pool=pool)


def _tidy(fleet: Fleet, launched: tuple[Launched, ...]) -> Iterator[Step]:
    """Launches that came to nothing, processes without a runner, runners without a process."""
    seen, settings = fleet.seen, fleet.settings
    theirs = {one.launch_id: one for one in launched}
    for launch in seen.launches:
        one = theirs.get(launch.launch_id)
        if one and one.state in OVER:
            yield Fail(launch_id=launch.launch_id, pool=launch.pool, why=one.reason or "it ended before it registered")
        elif launch.age_s >= settings.launch_secs:
            why = f"it did not register within {settings.launch_secs:g} s"
            told = f": {one.reason}" if one and one.reason else ""
            yield Fail(launch_id=launch.launch_id, pool=launch.pool, why=why + told)
    under_way = {launch.launch_id for launch in seen.launches}
    for one in launched:
        if one.launch_id not in under_way:
            yield from _of_process(fleet, one)


def _of_process(fleet: Fleet, one: Launched) -> Iterator[Step]:
    """A process whose runner has registered once, or of which the store knows nothing."""
    seen, settings = fleet.seen, fleet.settings
    runner = fleet.by_launch.get(one.launch_id)
    if one.state in OVER:
        if runner and not runner.draining:
            yield Retire(runner_id=runner.runner_id, why="its process is over", if_idle=False)
        failed = one.reason or "it failed"
        yield Clear(
            launch_id=one.launch_id, pool=runner.pool if runner else "", why=failed if one.state == "failed" else ""
        )
    elif seen.settling:
        return
    elif runner is None:
        if seen.strangers_s.get(one.launch_id, 0.0) >= settings.launch_secs:
            yield Remove(launch_id=one.launch_id, why="the store knows nothing of it")
    elif runner.draining and not runner.owned and seen.idle_s.get(runner.runner_id, 0.0) >= 2 * settings.grace_secs:
        yield Remove(launch_id=one.launch_id, why="it has nothing to do any more and did not leave")
