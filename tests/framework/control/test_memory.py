"""What an operator remembers between two looks."""

import pytest

from framework.control.arrivals import Arrivals
from framework.control.memory import LONGEST_PAUSE_S, PAUSE_S, SETTLED_S, Look, Memory
from framework.control.records import Runner
from framework.plugins.launchers import Launched

POOL = "shared.default.any"


def runner(name="r", *, launch="", owned=0):
    return Runner(runner_id=name, capacity=1, pool=POOL, launch=launch, owned=owned)


def test_it_measures_how_long_a_runner_has_been_idle_and_a_launch_under_way():
    memory = Memory()
    look = Look(runners=(runner("a"), runner("b", owned=1)), launches={"c1": POOL})
    memory.seen(look, 100.0)
    seen = memory.seen(look, 103.0)
    assert seen.idle_s == {"a": 3.0}
    assert seen.launches[0].age_s == 3.0
    memory.seen(Look(runners=(runner("a", owned=1),)), 104.0)
    assert memory.seen(Look(runners=(runner("a"),)), 105.0).idle_s == {"a": 0.0}


def test_a_stranger_is_what_neither_a_launch_nor_a_runner_explains():
    memory = Memory()
    there = tuple(Launched(launch_id=name, name=name, state="running") for name in ("c1", "c2", "c3"))
    look = Look(launched=there, launches={"c1": POOL}, runners=(runner(launch="c2"),))
    memory.seen(look, 0.0)
    assert memory.seen(look, 5.0).strangers_s == {"c3": 5.0}


def test_a_start_is_measured_from_the_first_look_at_it_to_its_registration():
    memory = Memory()
    memory.seen(Look(), 0.0)
    memory.seen(Look(launches={"c1": POOL}), 1.0)
    before = memory.seen(Look(launches={"c1": POOL}), 2.0).cold_s
    after = memory.seen(Look(runners=(runner(launch="c1"),)), 31.0).cold_s
    assert before < after < 30.0


def test_a_launch_that_vanishes_without_a_runner_has_failed_whoever_gave_it_up():
    memory = Memory()
    memory.seen(Look(), 0.0)
    memory.seen(Look(launches={"c1": POOL, "c2": POOL}), 1.0)
    seen = memory.seen(Look(launches={"c2": POOL}), 2.0)
    assert (seen.troubles[POOL].failures, seen.troubles[POOL].pause_s) == (1, PAUSE_S)


def test_a_failure_is_counted_once_though_it_is_seen_twice():
    memory = Memory()
    memory.seen(Look(), 0.0)
    memory.seen(Look(launches={"c1": POOL}), 1.0)
    memory.failed("c1", POOL, 1.5)
    assert memory.seen(Look(), 2.0).troubles[POOL].failures == 1


def test_pauses_double_up_to_five_minutes():
    memory = Memory()
    for number in range(20):
        memory.failed(f"c{number}", POOL, 0.0)
        expected = min(LONGEST_PAUSE_S, PAUSE_S * 2**number)
        assert memory.seen(Look(launches={f"c{n}": POOL for n in range(20)}), 0.0).troubles[POOL].pause_s == expected


@pytest.mark.parametrize(("owned", "after"), [(1, 0.0), (0, SETTLED_S)], ids=["a session", "a while"])
def test_a_runner_that_works_or_lives_ends_the_row(owned, after):
    memory = Memory()
    memory.failed("c0", POOL, 0.0)
    there = runner(launch="c1")
    assert memory.seen(Look(runners=(there,)), 1.0).troubles
    assert not memory.seen(Look(runners=(runner(launch="c1", owned=owned),)), 1.0 + after).troubles


def test_launches_of_the_last_minute_are_counted():
    memory = Memory()
    memory.started(2, 0.0)
    memory.started(1, 30.0)
    assert memory.seen(Look(), 59.0).recent == 3
    assert memory.seen(Look(), 61.0).recent == 1


def test_a_rush_is_seen_soon_and_forgotten_slowly():
    arrivals, joined = Arrivals(), 0
    arrivals.count({"joined:a": 7}, 0.0)
    for second in range(1, 11):
        joined += 4
        rate = arrivals.count({"joined:a": 7 + joined}, float(second))["a"]
    assert 3.0 < rate < 4.0
    for second in range(11, 31):
        rate = arrivals.count({"joined:a": 47}, float(second))["a"]
    assert 0.2 < rate < 1.0


def test_a_store_that_forgot_its_counters_is_no_rush_and_no_trouble():
    arrivals = Arrivals()
    arrivals.count({"joined:a": 700}, 0.0)
    assert arrivals.count({"joined:a": 2}, 1.0) == {}
    assert arrivals.count({}, 1.0) == {}
    assert arrivals.count({"ended": 5}, 2.0) == {}
