"""Faults under load: nothing that was accepted is lost, started twice or spoken for by two, whatever breaks.

Each test prints a table of what was done and what came of it; `-s` shows it also where all is well.
"""

from __future__ import annotations

import random
import sys

import pytest
from chaos import faults
from chaos.naive_stage import NaiveStage
from chaos.rounds import FEW, Table, play_all
from chaos.stage import Stage

from framework import failpoints

SEED = 1
NIGHTLY_SEED = 7
NIGHTLY_ROUNDS = 200
NIGHTLY_HITS = 5
AGAIN = 3
"""How often a fault that has hit nothing is tried again: its step was not reached in that round."""
LAUNCHING = [faults.at(step, "kill") for step in faults.LAUNCHING]
COLD = 6
"""Sessions of a round for which runners have to be launched first."""
LAUNCHED = {"CONVO_LAUNCHER": "local", "MAX_BOTS": "4", "CONVO_OPERATOR_IDLE_SECS": "3"}
"""Operators that have few runners, and let go at once what nobody needs."""


async def sparing(stage: Stage, rounds, seed: int, table: Table, *, sessions: int = FEW) -> None:
    """Play rounds, and those faults again that have hit nothing."""
    await play_all(stage, rounds, seed, table, sessions=sessions)
    every = {fault.name: fault for faults_of_round in rounds for fault in faults_of_round}
    for number in range(1, AGAIN + 1):
        await play_all(stage, [[every[name]] for name in table.missed], seed + 1000 * number, table, sessions=sessions)


def shown(table: Table) -> None:
    sys.stdout.write(f"\n{table}\n")


def rounds_of_all(rng: random.Random) -> list[list[faults.Fault]]:
    """Every fault once: two at steps and one of another kind in each round, and those that make the store forget alone."""
    steps = rng.sample(faults.AT_STEPS, len(faults.AT_STEPS))
    return [*faults.mixed(rng, steps[::2], steps[1::2], faults.KINDS), *([one] for one in faults.FORGETTING)]


def test_every_step_is_among_the_faults():
    of_steps = {fault.where for fault in faults.AT_STEPS} | {*faults.LAUNCHING}
    assert of_steps == {*failpoints.STEPS}


@pytest.mark.timeout(900)
async def test_whatever_breaks_every_session_ends_once_and_nobody_speaks_for_another(tmp_path):
    table = Table()
    async with Stage(tmp_path) as stage:
        await sparing(stage, rounds_of_all(random.Random(SEED)), SEED, table)
        assert stage.leaks() == []
    shown(table)
    assert table.violations == []
    assert table.missed == []
    assert table.all.sessions >= 0.9 * FEW * table.all.rounds  # the others were never answered, so not accepted
    assert not stage.processes()


@pytest.mark.timeout(300)
async def test_operators_that_die_while_they_launch_runners_leave_no_session_without_one(tmp_path):
    table = Table()
    async with Stage(tmp_path, runners=0, **LAUNCHED) as stage:
        await sparing(stage, [[fault] for fault in LAUNCHING], SEED, table, sessions=COLD)
    shown(table)
    assert table.violations == []
    assert table.missed == []
    assert not stage.processes()


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("way", "must_see"), [("pop", {"never started", "leaked"}), ("move", {"started twice", "stale words", "leaked"})]
)
async def test_a_naive_dispatcher_is_caught(tmp_path, way, must_see):
    table = Table()
    rounds = [[faults.at("operator.dispatched", "kill"), faults.at("operator.swept", "kill")], [faults.stop("runner")]]
    async with NaiveStage(tmp_path, way=way) as stage:
        await play_all(stage, rounds, SEED, table)
    shown(table)
    assert {violation.partition(":")[0] for violation in table.violations} >= must_see


@pytest.mark.nightly
@pytest.mark.timeout(3600)
async def test_two_hundred_rounds_hit_every_step_five_times(tmp_path):
    table, rng = Table(), random.Random(NIGHTLY_SEED)
    for name in ("cold", "warm"):
        (tmp_path / name).mkdir()
    try:
        async with Stage(tmp_path / "cold", runners=0, **LAUNCHED) as stage:
            for _ in range(AGAIN * NIGHTLY_HITS):
                rounds = [[fault] for fault in LAUNCHING if table.hits(fault) < NIGHTLY_HITS]
                await play_all(stage, rounds, rng.randrange(10**6), table, sessions=COLD)
        async with Stage(tmp_path / "warm") as stage:
            while table.all.rounds < NIGHTLY_ROUNDS:
                await play_all(stage, rounds_of_all(rng), rng.randrange(10**6), table)
            for _ in range(AGAIN * NIGHTLY_HITS):
                rounds = [[fault] for fault in faults.AT_STEPS if table.hits(fault) < NIGHTLY_HITS]
                await play_all(stage, rounds, rng.randrange(10**6), table)
            assert stage.leaks() == []
    finally:
        shown(table)
    assert table.violations == []
    assert [fault.name for fault in [*LAUNCHING, *faults.AT_STEPS] if table.hits(fault) < NIGHTLY_HITS] == []
    assert not stage.processes()
