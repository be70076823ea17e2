"""What an operator decides: one scene for each rule."""

from dataclasses import replace

import pytest

from framework.control.plan import plan
from framework.control.records import Runner
from framework.control.seen import Seen, Trouble, Underway
from framework.control.settings import OperatorSettings
from framework.control.steps import Clear, Dispatch, Fail, Keep, Remove, Retire, Start
from framework.plugins.launchers import Launched

HOME = "shared.default.any"
TENANT = "acme.default.any"
OLD = "shared.default.b1"
NEW = "shared.default.b2"


def runner(name, pool=HOME, *, capacity=1, owned=0, launch=None, at=0, **more):
    launch = f"c{name:0>11}" if launch is None else launch
    return Runner(runner_id=name, capacity=capacity, pool=pool, owned=owned, launch=launch, registered_at=at, **more)


def starts(steps):
    return {step.pool: step.capacities for step in steps if isinstance(step, Start)}


def retired(steps):
    return {step.runner_id for step in steps if isinstance(step, Retire)}


# --- Refill ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "capacities"),
    [
        pytest.param(Seen(), (1, 1, 1), id="an empty world gets its warm slots"),
        pytest.param(Seen(waiting={HOME: 2}), (1,) * 5, id="who waits comes on top of the reserve"),
        pytest.param(Seen(runners=(runner("a"), runner("b"), runner("c"))), None, id="enough is enough"),
        pytest.param(
            Seen(runners=(runner("a", owned=1), runner("b"), runner("c"))), (1,), id="what was taken is refilled"
        ),
        pytest.param(
            Seen(launches=(Underway(launch_id="c1", pool=HOME),), runners=(runner("a"),)), (1,), id="what comes counts"
        ),
        pytest.param(
            Seen(runners=(runner("a", draining=True), runner("b", draining=True), runner("c"))),
            (1, 1),
            id="runners that leave don't count",
        ),
        pytest.param(
            Seen(arrivals={HOME: 0.5}, cold_s=9.0), (1,) * 5, id="as many as come while one starts, where that is more"
        ),
        pytest.param(Seen(waiting={HOME: 500}), (1,) * 10, id="no more at once than the spawn limit"),
        pytest.param(Seen(waiting={HOME: 500}, recent=118), (1, 1), id="no more a minute than the spawn limit"),
        pytest.param(Seen(launched=None, waiting={HOME: 5}), None, id="nothing while the launcher doesn't answer"),
        pytest.param(
            Seen(troubles={HOME: Trouble(failures=3, pause_s=4)}), None, id="nothing in the pause after a failure"
        ),
        pytest.param(Seen(troubles={HOME: Trouble(failures=3)}), (1,), id="one try after the pause"),
        pytest.param(
            Seen(troubles={HOME: Trouble(failures=3)}, launches=(Underway(launch_id="c1", pool=HOME),)),
            None,
            id="one try at a time",
        ),
    ],
)
def test_launches(seen, capacities):
    assert starts(plan(seen, OperatorSettings(warm=3))).get(HOME) == capacities


def test_a_pool_without_a_reserve_launches_only_for_those_who_wait():
    assert starts(plan(Seen(waiting={TENANT: 2}), OperatorSettings(warm=0))) == {TENANT: (1, 1)}
    assert plan(Seen(), OperatorSettings(warm=0)) == []


def test_warm_runners_with_several_slots_are_launched_for_several_sessions():
    settings = OperatorSettings(warm=3, capacity=4)
    assert starts(plan(Seen(waiting={HOME: 6}), settings)) == {HOME: (4, 4, 4)}
    assert starts(plan(Seen(), replace(settings, max_slots=3))) == {HOME: (3,)}


def test_the_start_names_how_many_are_to_be_under_way_in_all():
    seen = Seen(launches=(Underway(launch_id="c1", pool=HOME),))
    assert plan(seen, OperatorSettings(warm=3)) == [Start(pool=HOME, under_way=3, capacities=(1, 1))]


def test_those_who_wait_come_before_the_reserve_of_another_pool():
    steps = plan(Seen(waiting={TENANT: 2}), OperatorSettings(warm=3, max_slots=2))
    assert starts(steps) == {TENANT: (1, 1)}


def test_idle_runners_of_another_pool_make_room_at_once_where_the_cap_is_reached():
    seen = Seen(runners=(runner("a"), runner("b"), runner("c")), idle_s={"a": 1, "b": 9, "c": 5}, waiting={TENANT: 1})
    steps = plan(seen, OperatorSettings(warm=3, max_slots=3))
    assert retired(steps) == {"b"}
    assert starts(steps) == {}


def test_no_room_is_made_for_a_pool_whose_launches_fail():
    seen = Seen(runners=(runner("a"),), waiting={TENANT: 1}, troubles={TENANT: Trouble(failures=9, pause_s=60)})
    assert plan(seen, OperatorSettings(warm=1, max_slots=1)) == []


def test_no_room_is_made_for_a_build_that_gets_no_runners_any_more():
    seen = Seen(
        waiting={OLD: 2}, runners=(runner("o", OLD, owned=1, launch=""), runner("n", NEW, at=5)), idle_s={"n": 9}
    )
    assert plan(seen, OperatorSettings(warm=1, max_slots=2, build="b2")) == []


# --- Leftovers ------------------------------------------------------------------------------------------------------


def test_what_waits_goes_to_free_runners_of_its_pool():
    steps = plan(Seen(waiting={HOME: 2, TENANT: 1}, runners=(runner("a"),)), OperatorSettings(warm=0))
    assert [step for step in steps if isinstance(step, Dispatch)] == [Dispatch(queue=HOME, pool=HOME)]


def test_the_queue_of_a_build_that_nobody_serves_goes_to_this_build():
    settings = OperatorSettings(warm=0, build="b2")
    steps = plan(Seen(waiting={OLD: 1}, runners=(runner("a", NEW),)), settings)
    assert steps == [Dispatch(queue=OLD, pool=NEW)]
    assert starts(plan(Seen(waiting={OLD: 1}), settings)) == {NEW: (1,)}


def test_the_queue_of_a_build_that_is_still_served_is_left_to_it():
    settings = OperatorSettings(warm=0, build="b2")
    seen = Seen(waiting={OLD: 1}, runners=(runner("o", OLD, owned=1, launch=""), runner("n", NEW, at=5)))
    assert plan(seen, settings) == []
    leaving = replace(seen, runners=(runner("o", OLD, owned=1, draining=True), runner("n", NEW, at=5)))
    assert plan(leaving, settings) == [Dispatch(queue=OLD, pool=NEW)]


# --- Letting go -----------------------------------------------------------------------------------------------------


def test_surplus_runners_are_let_go_after_their_grace_those_idle_longest_first():
    seen = Seen(runners=tuple(runner(name) for name in "abcd"), idle_s={"a": 99, "b": 5, "c": 70, "d": 61})
    assert retired(plan(seen, OperatorSettings(warm=2, idle_secs=60))) == {"a", "c"}
    assert retired(plan(seen, OperatorSettings(warm=2, idle_secs=80))) == {"a"}


def test_runners_that_somebody_started_by_hand_are_left_alone():
    seen = Seen(runners=(runner("a", launch=""), runner("b", launch="")), idle_s={"a": 999, "b": 999})
    assert plan(seen, OperatorSettings(warm=0)) == []


def test_idle_runners_of_an_older_build_go_and_those_of_a_newer_one_stay():
    seen = Seen(
        runners=(runner("old", OLD, at=1), runner("mine", NEW, at=5), runner("next", "shared.default.b3", at=9)),
        idle_s={"old": 99, "mine": 99, "next": 99},
    )
    assert retired(plan(seen, OperatorSettings(warm=1, build="b2"))) == {"old"}


def test_an_older_build_serves_until_this_one_has_a_runner():
    seen = Seen(runners=(runner("old", OLD, at=1),), idle_s={"old": 99})
    assert retired(plan(seen, OperatorSettings(warm=1, build="b2"))) == set()


def test_nothing_is_let_go_while_runners_may_only_be_late():
    seen = Seen(runners=(runner("a"),), idle_s={"a": 999}, settling=True, keeps=frozenset({HOME}))
    assert plan(seen, OperatorSettings(warm=0)) == []


# --- Orphans --------------------------------------------------------------------------------------------------------


def launched(launch, state="running", reason=""):
    return Launched(launch_id=launch, name=launch, state=state, reason=reason)


def test_a_launch_that_never_registers_is_given_up_after_its_deadline():
    seen = Seen(
        launches=(Underway(launch_id="c1", pool=HOME, age_s=121), Underway(launch_id="c2", pool=HOME, age_s=9)),
        launched=(launched("c1"), launched("c2")),
    )
    assert plan(seen, OperatorSettings(warm=0)) == [
        Fail(launch_id="c1", pool=HOME, why="it did not register within 120 s")
    ]


def test_a_launch_that_is_given_up_says_what_its_place_knows():
    seen = Seen(
        launches=(Underway(launch_id="c1", pool=HOME, age_s=121),),
        launched=(launched("c1", "starting", "ImagePullBackOff: no such image"),),
    )
    [failed] = plan(seen, OperatorSettings(warm=0))
    assert failed.why == "it did not register within 120 s: ImagePullBackOff: no such image"


def test_a_launch_whose_process_ends_before_it_registers_is_given_up_at_once():
    seen = Seen(launches=(Underway(launch_id="c1", pool=HOME),), launched=(launched("c1", "failed", "no such image"),))
    assert plan(seen, OperatorSettings(warm=0)) == [Fail(launch_id="c1", pool=HOME, why="no such image")]


def test_a_runner_whose_process_is_over_gets_nothing_more_and_counts_no_more():
    seen = Seen(runners=(runner("a", launch="c1"),), launched=(launched("c1", "failed", "killed"),))
    assert plan(seen, OperatorSettings(warm=1)) == [
        Retire(runner_id="a", why="its process is over", if_idle=False),
        Clear(launch_id="c1", pool=HOME, why="killed"),
        Start(pool=HOME, under_way=1, capacities=(1,)),
    ]


def test_what_is_left_of_a_runner_that_ended_well_is_removed():
    assert plan(Seen(launched=(launched("c1", "gone"),)), OperatorSettings(warm=0)) == [Clear(launch_id="c1")]


def test_a_process_of_which_the_store_knows_nothing_is_removed_in_the_end():
    seen = Seen(launched=(launched("c1"), launched("c2")), strangers_s={"c1": 121, "c2": 3})
    assert plan(seen, OperatorSettings(warm=0)) == [Remove(launch_id="c1", why="the store knows nothing of it")]
    assert plan(replace(seen, settling=True), OperatorSettings(warm=0)) == []


def test_a_drained_runner_that_does_not_leave_is_removed():
    seen = Seen(runners=(runner("a", launch="c1", draining=True),), launched=(launched("c1"),), idle_s={"a": 61})
    assert [type(step) for step in plan(seen, OperatorSettings(warm=0))] == [Remove]
    busy = replace(seen, runners=(runner("a", launch="c1", draining=True, owned=1),))
    assert plan(busy, OperatorSettings(warm=0)) == []


# --- Pools that the launcher holds ----------------------------------------------------------------------------------


def kept(**more):
    return Seen(keeps=frozenset({HOME}), **more)


def test_a_held_pool_gets_its_number_and_those_who_wait_a_cold_runner_each():
    settings = OperatorSettings(warm=3, capacity=2)
    assert plan(kept(), settings) == [Keep(pool=HOME, runners=2)]
    steps = plan(kept(waiting={HOME: 2}), settings)
    assert steps == [Keep(pool=HOME, runners=2), Start(pool=HOME, under_way=2, capacities=(1, 1))]


def test_a_held_pool_grows_with_what_its_own_runners_hold():
    pods = (runner("p", launch="", owned=1), runner("q", launch="", owned=1), runner("c", owned=1))
    assert plan(kept(runners=pods), OperatorSettings(warm=2)) == [Keep(pool=HOME, runners=4)]


def test_a_held_pool_shrinks_by_its_idle_runners_which_leave_first():
    pods = (runner("p", launch="", owned=1), runner("q", launch=""), runner("r", launch=""))
    seen = kept(runners=pods, idle_s={"q": 99, "r": 3})
    assert plan(seen, OperatorSettings(warm=0, idle_secs=60)) == [
        Retire(runner_id="q", why="the pool shrinks"),
        Keep(pool=HOME, runners=2),
    ]
