"""What an operator's plans lead to: nothing above the cap, nothing twice, and rest when nothing changes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from framework.control.plan import plan
from framework.control.records import Runner
from framework.control.seen import Seen, Underway
from framework.control.settings import OperatorSettings
from framework.control.steps import Clear, Dispatch, Fail, Keep, Remove, Retire, Start
from framework.plugins.launchers import Launched

HOME = "shared.default.any"
TENANT = "acme.default.any"
OLD = "shared.default.b1"
POOLS = (HOME, TENANT, OLD)

TICK_S = 1.0
REGISTERS_AFTER = 3


@dataclass
class World:
    """Here an operator's plans come true: runners register after a while, sessions last, time is a number."""

    settings: OperatorSettings
    queue: dict[str, int] = field(default_factory=dict)
    runners: dict[str, Runner] = field(default_factory=dict)
    launches: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    """Launch → pool, capacity, when."""
    keeps: frozenset[str] = frozenset()
    target: dict[str, int] = field(default_factory=dict)
    idle_since: dict[str, int] = field(default_factory=dict)
    tick: int = 0
    made: int = 0

    def seen(self) -> Seen:
        now = self.tick * TICK_S
        return Seen(
            runners=tuple(self.runners.values()),
            idle_s={rid: now - self.idle_since[rid] * TICK_S for rid, one in self.runners.items() if not one.owned},
            waiting={pool: many for pool, many in self.queue.items() if many},
            launches=tuple(
                Underway(launch_id=launch, pool=pool, age_s=now - at * TICK_S)
                for launch, (pool, _, at) in self.launches.items()
            ),
            launched=tuple(
                Launched(launch_id=launch, name=launch, state="running")
                for launch in [*self.launches, *(one.launch for one in self.runners.values() if one.launch)]
            ),
            keeps=self.keeps,
        )

    def slots(self) -> int:
        """All slots, those of launches under way and of pods that are to come included."""
        coming = sum(capacity for _, capacity, _ in self.launches.values())
        taking = sum(one.owned if one.draining else one.capacity for one in self.runners.values())
        pods = sum(
            max(0, target - len(self.standing(pool))) * self.settings.capacity for pool, target in self.target.items()
        )
        return coming + taking + pods

    def standing(self, pool: str) -> list[Runner]:
        return [one for one in self.runners.values() if one.pool == pool and not one.launch and not one.draining]

    def live(self) -> int:
        return sum(one.owned for one in self.runners.values())

    def work(self, *, operators: int = 1) -> list:
        """One turn of so many operators that all have seen the same."""
        seen = self.seen()
        steps = plan(seen, self.settings)
        for _ in range(operators):
            for step in steps:
                self.do(step)
        return steps

    def do(self, step) -> None:
        match step:
            case Start(pool=pool, under_way=want, capacities=capacities):
                for capacity in capacities:
                    if sum(one == pool for one, _, _ in self.launches.values()) >= want:
                        break
                    self.made += 1
                    kind = "c" if capacity == 1 else "w"
                    self.launches[f"{kind}{self.made:011d}"] = pool, capacity, self.tick
            case Dispatch(queue=queue, pool=pool):
                for rid, one in self.runners.items():
                    if one.pool == pool:
                        given = min(one.free, self.queue.get(queue, 0), self.settings.max_slots - self.live())
                        self.queue[queue] -= given
                        self.runners[rid] = replace(one, owned=one.owned + given)
            case Retire(runner_id=rid):
                self.runners[rid] = replace(self.runners[rid], draining=True)
            case Keep(pool=pool, runners=many):
                self.target[pool] = many
            case _:
                assert not isinstance(step, Fail | Clear | Remove), "nothing fails here"

    def pass_time(self) -> None:
        """One tick: what was launched registers, what was drained and is empty leaves, pods come and go."""
        self.tick += 1
        for launch, (pool, capacity, at) in [*self.launches.items()]:
            if self.tick - at >= REGISTERS_AFTER:
                del self.launches[launch]
                self.add(pool, capacity, launch=launch)
        for rid in [rid for rid, one in self.runners.items() if one.draining and not one.owned]:
            del self.runners[rid]
        for pool, target in self.target.items():
            for _ in range(target - len(self.standing(pool))):
                self.add(pool, self.settings.capacity)
            idle = [one.runner_id for one in self.standing(pool) if not one.owned]
            for rid in idle[: max(0, len(self.standing(pool)) - target)]:
                del self.runners[rid]
        for rid, one in self.runners.items():
            if one.owned:
                self.idle_since[rid] = self.tick

    def add(self, pool: str, capacity: int = 1, *, launch: str = "", owned: int = 0, at: int | None = None) -> str:
        self.made += 1
        rid = f"r{self.made}"
        self.idle_since[rid] = self.tick
        registered = self.tick if at is None else at
        self.runners[rid] = Runner(
            runner_id=rid, capacity=capacity, pool=pool, launch=launch, owned=owned, registered_at=registered
        )
        return rid

    def settle(self, ticks: int = 300) -> list[list]:
        """So many turns; the steps of each."""
        turns = []
        for _ in range(ticks):
            turns.append(self.work())
            self.pass_time()
        return turns


settings = st.builds(
    OperatorSettings,
    warm=st.integers(0, 6),
    capacity=st.integers(1, 5),
    max_slots=st.integers(0, 20),
    at_once=st.integers(1, 12),
    idle_secs=st.just(5.0),
)


@st.composite
def worlds(draw):
    made = World(draw(settings))
    made.keeps = draw(st.sampled_from([frozenset(), frozenset({HOME})]))
    for pool, capacity, standing, at in draw(
        st.lists(st.tuples(st.sampled_from(POOLS), st.integers(1, 4), st.booleans(), st.integers(-9, 0)), max_size=6)
    ):
        if standing and pool in made.keeps:
            capacity = made.settings.capacity  # noqa: PLW2901 - all pods of a Deployment are alike
        owned = draw(st.integers(0, capacity))
        made.add(pool, capacity, launch="" if standing else f"c{made.made:011d}", owned=owned, at=at)
    if HOME in made.keeps:
        made.target[HOME] = len(made.standing(HOME))
    made.queue = draw(st.dictionaries(st.sampled_from(POOLS), st.integers(0, 8), max_size=3))
    return made


@given(worlds(), st.integers(1, 40))
def test_slots_never_pass_the_cap(made, ticks):
    most = max(made.settings.max_slots, made.slots())
    for _ in range(ticks):
        made.work()
        assert made.slots() <= most
        made.pass_time()
        most = max(made.settings.max_slots, min(most, made.slots()))


@given(worlds(), st.integers(2, 4))
def test_operators_that_have_seen_the_same_launch_what_one_would(made, operators):
    seen = made.seen()
    wanted = {step.pool: len(step.capacities) for step in plan(seen, made.settings) if isinstance(step, Start)}
    made.work(operators=operators)
    under_way = [pool for pool, _, _ in made.launches.values()]
    assert {pool: under_way.count(pool) for pool in under_way} == wanted


@given(worlds())
def test_a_world_that_does_not_change_comes_to_rest(made):
    turns = made.settle(60)
    told = [[step for step in turn if not isinstance(step, Keep | Dispatch)] for turn in turns]
    assert told[40:] == [[]] * 20, told
    kept = [[step for step in turn if isinstance(step, Keep)] for turn in turns]
    assert all(turn == kept[-1] for turn in kept[40:])


@given(worlds())
def test_at_rest_whoever_can_be_served_is_served(made):
    made.settle(60)
    seen = made.seen()
    if any(seen.waiting.values()):
        fixed = made.slots() >= made.settings.max_slots or made.live() >= made.settings.max_slots
        assert fixed or all(pool == OLD for pool in seen.waiting)


@given(st.integers(0, 30), st.integers(1, 8), st.integers(0, 60), st.booleans())
def test_an_empty_world_ends_with_its_warm_slots(warm, capacity, most, held):
    made = World(OperatorSettings(warm=warm, capacity=capacity, max_slots=most))
    made.keeps = frozenset({HOME}) if held else frozenset()
    made.settle(40)
    slots = sum(one.capacity for one in made.runners.values())
    fits = most // capacity * capacity if held else most
    assert slots == min(math.ceil(warm / capacity) * capacity, fits)


@given(worlds(), st.data())
def test_sessions_that_come_and_go_leak_no_slot(made, data):
    for _ in range(30):
        made.work()
        made.pass_time()
        for rid, one in [*made.runners.items()]:
            if one.owned and data.draw(st.integers(0, 3)) == 0:
                made.runners[rid] = replace(one, owned=one.owned - 1)
    for rid, one in [*made.runners.items()]:
        made.runners[rid] = replace(one, owned=0)
    made.queue.clear()
    made.settle(60)
    launched_slots = sum(one.capacity for one in made.runners.values() if one.launch and one.pool == HOME)
    assert launched_slots < made.settings.warm + made.settings.capacity + 4
    assert not made.launches
