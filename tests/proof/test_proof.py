"""The engine's proof: whatever a valid flow is and whatever happens to it in whatever order, the laws hold.

The flows and what happens are drawn by Hypothesis; the engine is the one that runs in production. Faults that are put
into it on purpose are noticed.
"""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from framework.cli.main import main as convo
from framework.engine.plan import Plan
from framework.sessions.orders import ORDER
from tests.proof import faults
from tests.proof.authors import PROJECT, Case, Workshop
from tests.proof.strategies import CASES
from tests.proof.world import ORDERS, BrokenError, World
from tests.proof.written import write

ORDINARY = 500
NIGHTLY = 10_000
SHARE = 0.01

VERBS = ("say", "instruct", "collect", "run", "subflow", "transfer", "wait", "decide")
TRIGGERS = ("if", "outcome", "intent", "keys", "event", "after", "tool")
MET = (
    *(f"verb {name}" for name in VERBS),
    *(f"trigger {name}" for name in TRIGGERS),
    *(f"order {name}" for name in ORDERS),
    "interrupt",
    "timer",
    "rung of no_input",
    "rung of no_match",
    "limit",
    "resumed",
)
"""What must have happened in cases enough."""

GATHERED: list[tuple[Case, Plan]] = []
"""The cases of the ordinary run, for the faults."""


@pytest.fixture(scope="session")
def workshop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("proof") / "project"
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return Workshop(folder)


def _drawn(examples: int, act: Callable[[Case], None], phases: tuple[Phase, ...]) -> None:
    """Draw cases, and act on each."""

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=[*HealthCheck], phases=phases)
    @given(CASES)
    def run(case: Case) -> None:
        act(case)

    run()


def _proven(workshop: Workshop, examples: int, folder: Any) -> Counter[str]:
    """Play cases; what happened in how many of them. The smallest that breaks a law is written down."""
    met: Counter[str] = Counter()
    last: dict[str, Any] = {}

    def act(case: Case) -> None:
        plan = workshop.plan(case)
        world = World(plan, case)
        try:
            world.play()
        except BrokenError as broken:
            last.update(world=world, why=str(broken))
            raise
        met.update(dict.fromkeys(world.met, 1))
        met["cases"] += 1
        met["steps"] += len(world.given)
        if len(GATHERED) < ORDINARY:
            GATHERED.append((case, plan))

    try:
        _drawn(examples, act, (Phase.generate, Phase.shrink))
    except BaseException as error:
        if "world" not in last:
            raise
        file = write(last["world"], last["why"], folder / "found")
        message = f"{last['why']}\n\nIt is written down: cd {folder / 'found'} && convo test {file}"
        raise AssertionError(message) from error
    return met


def _print(met: Counter[str]) -> None:
    sys.stdout.write(f"\n{met['cases']} cases, {met['steps']} steps; in how many of 100 cases:\n")
    for name, cases in sorted(met.items()):
        if name not in ("cases", "steps") and not name.startswith("input "):
            sys.stdout.write(f"  {name:32} {100 * cases / met['cases']:5.1f}\n")


def test_every_kind_of_order_is_given():
    assert set(ORDERS) == {*ORDER.json_schema()["discriminator"]["mapping"]}


@pytest.mark.timeout(900)
def test_the_laws_hold_whatever_happens(workshop, tmp_path):
    met = _proven(workshop, ORDINARY, tmp_path)
    _print(met)
    assert not [name for name in MET if not met[name]]


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_the_laws_hold_all_night(workshop, tmp_path):
    met = _proven(workshop, NIGHTLY, tmp_path)
    _print(met)
    assert met["cases"] >= NIGHTLY
    assert not {name: met[name] for name in MET if met[name] < SHARE * met["cases"]}


# --- Faults ------------------------------------------------------------------------------


def _cases(workshop: Workshop) -> list[tuple[Case, Plan]]:
    """The cases of the ordinary run; drawn now, where that has not been run."""
    if len(GATHERED) < ORDINARY:
        GATHERED.clear()
        _drawn(ORDINARY, lambda case: GATHERED.append((case, workshop.plan(case))), (Phase.generate,))
    return GATHERED[:ORDINARY]


def _caught(cases: list[tuple[Case, Plan]]) -> tuple[int, World, str] | None:
    """The number of the first case that notices, its world, and what it noticed."""
    for number, (case, plan) in enumerate(cases, 1):
        world = World(plan, case)
        try:
            world.play()
        except BrokenError as broken:
            return number, world, str(broken)
    return None


@pytest.mark.timeout(900)
@pytest.mark.parametrize("fault", faults.FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_is_noticed(fault, workshop, monkeypatch):
    cases = _cases(workshop)

    fault(monkeypatch)
    caught = _caught(cases)

    assert caught is not None
    sys.stdout.write(f"\n{fault.__name__}: case {caught[0]}: {caught[2].splitlines()[0][:120]}\n")


@pytest.mark.timeout(900)
def test_what_fails_is_written_as_a_scenario_that_fails_with_the_fault_and_passes_without(
    workshop, monkeypatch, tmp_path, capsys
):
    cases = _cases(workshop)
    folder = tmp_path / "found"
    with monkeypatch.context() as patch:
        faults.a_frame_not_popped(patch)
        caught = _caught(cases)
        assert caught is not None
        file = write(caught[1], caught[2], folder)
        monkeypatch.chdir(folder)
        with_it = convo(["test", str(file)])
        told = capsys.readouterr().out
    without = convo(["test", str(file)])

    assert (with_it, without) == (1, 0), told
    assert caught[2].splitlines()[0][:60] in told.replace("\n", " ")


@pytest.mark.timeout(900)
def test_a_failing_example_becomes_small_and_is_named(workshop, monkeypatch, tmp_path):
    faults.an_order_settled_twice(monkeypatch)

    with pytest.raises(AssertionError, match="convo test") as failed:
        _proven(workshop, 60, tmp_path)

    scenario = tmp_path / "found" / "flows" / "tests" / "found.yaml"
    assert str(scenario) in str(failed.value)
    assert scenario.read_text().count("input: ") < 40
