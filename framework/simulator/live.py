"""The same scenarios against a live bot: through a runner of this project and Pipecat's own eval harness."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from framework.errors import UserError
from framework.flows import durations
from framework.project import Project
from framework.simulator.facts import ELSEWHERE, PIPECAT
from framework.simulator.load import Case
from framework.simulator.play import Failure, Result
from framework.simulator.scenario import TEXTS, Expectation, Scenario, Turn
from framework.simulator.stage import Stage

START_S = 120.0
"""How long a runner may take to be there."""
JUDGE = {"factory": "framework.runtime.evalkit.judge", "explainer": False}
HEARD = {
    "user": {"modality": "audio", "speech": {"factory": "framework.runtime.evalkit.caller"}},
    "judge": {"modality": "audio", "transcription": {"factory": "framework.runtime.evalkit.ear"}, "eval": JUDGE},
}
READ = {"judge": {"modality": "text", "eval": JUDGE}}
KEPT = (
    "within_ms",
    "text_contains",
    "text_excludes",
    "eval",
    "absent",
    "check_from",
    "name",
    "args",
    "calls",
    "marker",
)
UNSAID = ("arrive", "order")


def run(
    cases: Sequence[Case], stage: Stage, *, voice: bool, on_result: Callable[[Result], bool] = lambda _: True
) -> list[Result]:
    """Play scenarios against the bots of the project, one after another, in real time; tools are the real ones."""
    results = []
    with served(stage.project) as address, tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(cases):
            results.append(_one(case, stage, address, Path(folder) / f"{number}.yaml", voice=voice))
            if not on_result(results[-1]):
                break
    return results


def _one(case: Case, stage: Stage, address: str, file: Path, *, voice: bool) -> Result:
    base: dict[str, Any] = {"name": case.name, "file": case.file, "flow": str(case.flow)}
    bot = stage.piece(case.flow, case.scenario.personality or "", case.scenario.handlers or "").bot
    why = case.scenario.skip or _unsaid(case.scenario) or ("" if bot else "no bot of `convo.yaml` has this flow")
    if why:
        return Result(skipped=why, **base)
    from framework.runtime.evaluation import evaluate  # noqa: PLC0415 - imports Pipecat

    written, left = pipecat(case.scenario, voice=voice)
    file.write_text(yaml.safe_dump({"name": "live", "scenarios": [written]}, allow_unicode=True), "utf-8")
    began = time.perf_counter()
    found = asyncio.run(
        evaluate(file, f"live/{written['name']}", f"ws://{address}/ws?bot={bot}", file.parent / "cache")
    )
    failures = [
        Failure(line=case.line, expected="what the scenario says", happened=one, transcript=found.log[-14:])
        for one in found.failures
    ]
    turns = sum(turn.user is not None for turn in case.scenario.turns or ())
    return Result(failures=tuple(failures), seconds=time.perf_counter() - began, turns=turns, unjudged=left, **base)


def _unsaid(scenario: Scenario) -> str:
    """Why a scenario can't be played from outside."""
    for turn in scenario.turns or ():
        for key in UNSAID:
            if getattr(turn, key) is not None:
                return f"`{key}` can't be said by a caller"
        if turn.hang_up:
            return "`hang_up` is not something that Pipecat's harness does"
    return ""


def pipecat(scenario: Scenario, *, voice: bool) -> tuple[dict[str, Any], int]:
    """A scenario in Pipecat's own words, and how many expectations it can't say."""
    name = scenario.name.rsplit("/", 1)[-1]
    made: dict[str, Any] = {"name": name, **(HEARD if voice else READ)}
    for key in ("user", "judge", "context"):
        if (value := getattr(scenario, key)) is not None:
            made[key] = value
    if scenario.persona is not None:
        keys = ("persona", "goal", "success", "metrics", "simulator", "max_turns", "max_duration_s", "runs")
        return {**made, **{key: value for key in keys if (value := getattr(scenario, key))}}, 0
    turns, left = [], 0
    for turn in scenario.turns or ():
        expected = [(one, _expected(one, voice=voice)) for one in turn.expect]
        left += sum(said is None for _, said in expected)
        turns.append({**_input(turn), "expect": [said for _, said in expected if said is not None]})
    return {**made, "turns": turns, "stop_on_failure": scenario.stop_on_failure}, left


def _input(turn: Turn) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if turn.user is not None:
        made["user"] = turn.user if isinstance(turn.user, str) else [_part(one) for one in turn.user]
    if (keys := turn.press or turn.dtmf) is not None:
        made["dtmf"] = keys
    if turn.send_after is not None:
        made["send_after"] = turn.send_after.model_dump(exclude_none=True)
    elif turn.interrupts is not None:
        made["send_after"] = {"event": "llm_started", "delay_ms": round(durations.parse(turn.interrupts) * 1000)}
    made.update({key: value for key in ("audio", "image") if (value := getattr(turn, key)) is not None})
    return made


def _part(one: Any) -> Any:
    return one if isinstance(one, str) else {"pause_ms": one.pause_ms}


def _expected(one: Expectation, *, voice: bool) -> dict[str, Any] | None:
    """An expectation in Pipecat's words; None where it has none.

    By voice, words are compared with what the voice was given to say, criteria with what was heard of it.
    """
    texts = any(getattr(one, key) is not None for key in TEXTS)
    called = one.name is not None or one.calls is not None
    event = one.event or ("response" if texts else "function_call" if called else "")
    if event not in PIPECAT and event not in ELSEWHERE:
        return None
    said = one.model_dump(include=set(KEPT), exclude_unset=True, exclude_none=True)
    if one.text is not None:
        said["text_contains"] = one.text
    if one.text_matches is not None:
        said["eval"] = f"/{one.text_matches}/"
    if voice and event == "response" and "text_contains" in said and "eval" not in said:
        event = "tts_response"
    return {"event": event, **said}


@contextmanager
def served(project: Project) -> Iterator[str]:
    """A runner of the project in its test profile; yields `host:port`.

    Raises:
        UserError: It does not come up.
    """
    command = [sys.executable, "-c", "from framework.processes.runner import main; raise SystemExit(main())"]
    with tempfile.TemporaryDirectory() as state:
        environment: Mapping[str, str] = {
            **os.environ, "CONVO_PROFILE": "test", "CONVO_STATE": state, "CONVO_DRAIN_SECS": "0",
        }  # fmt: skip
        process = subprocess.Popen(  # noqa: S603 - our own program
            [*command, "--port", "0"], cwd=project.root, env=dict(environment), stdout=subprocess.PIPE, text=True
        )
        late = threading.Timer(START_S, process.kill)
        late.start()
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line.startswith("runner: http://"):
                raise UserError("no runner came up for the bots of this project", fix="Try `convo up` first.")
            yield line.removeprefix("runner: http://").strip()
        finally:
            late.cancel()
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
