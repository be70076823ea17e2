"""The conversation of `clinic` as a text session and on the simulator, in turns; and `convo test` on the shipped suite.

`python -m benchmarks.programs.simulated`
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import time
from pathlib import Path

from loguru import logger

from benchmarks.programs import clinic, report
from framework.cli.commands import test as command
from framework.plugins.host import PluginHost
from framework.project import Project
from framework.simulator.load import Case
from framework.simulator.mind import Mind
from framework.simulator.play import Player, answering
from framework.simulator.scenario import ModelStep
from framework.simulator.simulation import Simulation
from framework.simulator.stage import Piece, Stage
from framework.simulator.suite import find, run

BATCH = 20
"""How often the simulator plays for each text session, so that both take about the same time."""


def simulated(piece: Piece, case: Case, stage: Stage, lines: tuple[str, ...], times: int) -> float:
    """The CPU seconds of the conversation on the simulator, from its first turn to its end."""
    steps = [ModelStep(say=step.say, call=step.call) for step in clinic.STEPS]
    took = 0.0
    for _ in range(times):
        with contextlib.ExitStack() as opened:
            hands, _ = answering(case, piece, stage, opened, None)
            call = Simulation(piece.plan, model=Mind(steps), hands=hands)
            call.start()
            call.settle()
            began = time.process_time()
            for line in lines:
                call.says(line)
                call.settle()
            took += time.process_time() - began
            if call.ended is None:
                raise SystemExit("the simulation did not come to its end")
    return took / times


def suite(stage: Stage, cases: list[Case]) -> tuple[float, float]:
    """The CPU seconds of `convo test` on the shipped suite without its start-up, and of its conversations alone."""
    began = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        results = run(
            cases,
            stage,
            jobs=1,
            on_result=command.Listener(lambda _: None, verbose=False, as_json=False, fail_fast=False),
        )
        command.conclude(results, 0.0)
    whole = time.process_time() - began
    alone = sum(_alone(case, stage) for case in cases)
    return whole, alone


def _alone(case: Case, stage: Stage) -> float:
    """The scenario's turns, with nothing expected of them."""
    scenario = case.scenario
    piece = stage.piece(case.flow, scenario.personality or "", scenario.handlers or "")
    turns = [turn.model_copy(update={"expect": []}) for turn in scenario.turns or ()]
    bare = Case(scenario.model_copy(update={"turns": turns, "finally_": None}), case.file, case.flow)
    with contextlib.ExitStack() as opened:
        player = Player(bare, piece, answering(bare, piece, stage, opened, None))
        began = time.process_time()
        player.run()
        return time.process_time() - began


async def main(sessions: int) -> None:
    """Play both in turns; the figures are turns a CPU second, and CPU seconds of the suite."""
    project = Project.find()
    host = PluginHost.load(project)
    stage = Stage(project, host)
    piece = stage.piece(project.flow_path("clinic"), "ava")
    shipped = [case for case in find([Path("flows/tests")], project).cases if "compat" not in case.file]
    case = next(case for case in shipped if case.name.startswith("clinic/"))
    await clinic.played(project, host)
    simulated(piece, case, stage, clinic.LINES, 1)
    suite(stage, shipped)
    live = alone = whole = conversations = 0.0
    for _ in range(sessions):
        _, took = await clinic.played(project, host)
        live += took
        alone += simulated(piece, case, stage, clinic.LINES, BATCH)
        told, played = suite(stage, shipped)
        whole, conversations = whole + told, conversations + played
    turns = sessions * len(clinic.LINES)
    report(session=turns / live, simulator=turns / alone, whole=whole / sessions, alone=conversations / sessions)


if __name__ == "__main__":
    logger.remove()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=20)
    asyncio.run(main(parser.parse_args().sessions))
