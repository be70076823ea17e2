"""How many runners to launch, to hold and to let go. No clock, no network, no await.

The slots that are wanted are those of the sessions that wait, of those that live, and a buffer; never more than
`MAX_BOTS` in all. Sessions that wait come before buffers: where the cap leaves no slot for them, idle runners of other
pools are let go for theirs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from framework.control.fleet import Fleet, Pool
from framework.control.records import Runner
from framework.control.steps import Keep, Retire, Start, Step


def refill(fleet: Fleet) -> Iterator[Step]:
    """Let go what nobody needs, hold and launch what is missing."""
    chosen = _Chosen(fleet)
    pools = [pool for pool in fleet.pools.values() if fleet.is_current(pool.name)]
    for pool in sorted(pools, key=lambda one: (-one.shortage, one.name)):
        chosen.take(pool, pool.shortage, 1 if pool.kept else fleet.settings.capacity)
    if not fleet.seen.settling:
        leaving: set[str] = set()
        yield from _retire(fleet, leaving)
        yield from _make_room(fleet, leaving)
        for pool in pools:
            if pool.kept:
                coming, steps = _keep(fleet, pool, max(fleet.short, chosen.total))
                chosen.slots -= coming
                yield from steps
    for pool in pools:
        if not pool.kept:
            chosen.take(pool, pool.lacking - sum(chosen.of[pool.name]), fleet.settings.capacity)
    for pool in pools:
        if capacities := chosen.of[pool.name]:
            yield Start(pool=pool.name, under_way=pool.under_way + len(capacities), capacities=(*sorted(capacities),))


# --- Letting go -------------------------------------------------------------------------------------------------------


def _retire(fleet: Fleet, leaving: set[str]) -> Iterator[Step]:
    """Surplus runners that have been idle for long; of older builds first, since nothing new comes to them."""
    for pool in sorted(fleet.pools.values(), key=lambda one: (fleet.is_current(one.name), one.name)):
        if fleet.is_current(pool.name) or fleet.is_older(pool.name):
            surplus = pool.surplus
            for runner in fleet.long_idle(fleet.idle(pool)):
                if runner.capacity <= surplus:
                    surplus -= runner.capacity
                    leaving.add(runner.runner_id)
                    yield Retire(runner_id=runner.runner_id, why="nobody needs it")


def _make_room(fleet: Fleet, leaving: set[str]) -> Iterator[Step]:
    """Where sessions wait and the cap leaves no slot, other pools' idle runners go at once, not after their grace."""
    gone = sum(runner.capacity for runner in fleet.taking if runner.runner_id in leaving)
    short = fleet.short - max(0, _left(fleet)) - gone
    home = fleet.settings.home
    for pool in sorted(fleet.pools.values(), key=lambda one: (not fleet.is_older(one.name), one.name == home)):
        ours = fleet.is_current(pool.name) or fleet.is_older(pool.name)
        for runner in fleet.idle(pool) if ours and not pool.queued else ():
            if short > 0 and runner.runner_id not in leaving:
                short -= runner.capacity
                leaving.add(runner.runner_id)
                yield Retire(runner_id=runner.runner_id, why="sessions of another pool wait for its place")


# --- Holding ----------------------------------------------------------------------------------------------------------


def _keep(fleet: Fleet, pool: Pool, reserved: int) -> tuple[int, list[Step]]:
    """The warm part of a pool whose launcher holds it: slots that come with it, and what to do for it.

    It shrinks by as many as are idle. These are told to leave first, so that the place takes them and no others.
    """
    standing = pool.standing
    each = max((runner.capacity for runner in standing), default=fleet.settings.capacity)
    owned = sum(runner.owned for runner in standing)
    others = fleet.slots - sum(runner.capacity for runner in standing)
    most = max(math.ceil(owned / each), (fleet.settings.max_slots - others - reserved) // each)
    needed = math.ceil((owned + pool.buffer) / each)
    wanted = min(needed, most)
    idle: list[Runner] = [runner for runner in standing if not runner.owned]
    going = (idle if needed > most else fleet.long_idle(idle))[: max(0, len(standing) - wanted)]
    runners = max(wanted, len(standing) - len(going))
    retired = [Retire(runner_id=runner.runner_id, why="the pool shrinks") for runner in going]
    return max(0, runners - len(standing)) * each, [*retired, Keep(pool=pool.name, runners=runners)]


# --- Launching --------------------------------------------------------------------------------------------------------


def _left(fleet: Fleet) -> int:
    """Slots that the cap leaves."""
    return fleet.settings.max_slots - fleet.slots


class _Chosen:
    """Launches chosen so far, and how many more are allowed by cap, spawn limits and failures."""

    def __init__(self, fleet: Fleet) -> None:
        seen, settings = fleet.seen, fleet.settings
        self.of: dict[str, list[int]] = {}
        self.slots = _left(fleet)
        self._launches = min(settings.at_once - len(seen.launches), settings.per_minute - seen.recent)
        self._fleet = fleet

    @property
    def total(self) -> int:
        """Slots of all that is chosen."""
        return sum(sum(capacities) for capacities in self.of.values())

    def take(self, pool: Pool, missing: int, each: int) -> None:
        """Choose launches for so many slots, or for as many as may be."""
        chosen = self.of.setdefault(pool.name, [])
        while missing > 0 and min(self.slots, self._launches, self._fleet.tries(pool) - len(chosen)) > 0:
            capacity = min(each, self.slots)
            chosen.append(capacity)
            missing -= capacity
            self.slots -= capacity
            self._launches -= 1
