"""Play a scenario file of Pipecat's eval harness against a bot that is served at a URL."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipecat.evals.scenario import EvalScenarioFile
from pipecat.evals.session import EvalSession, EvalSessionParams

CONNECT_S = 60


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """How one scenario went."""

    name: str
    failures: tuple[str, ...]
    log: tuple[str, ...]


async def evaluate(path: Path, name: str, url: str, cache: Path) -> Evaluated:
    """Play one scenario of a file; `cache` is where the harness keeps what it has spoken."""
    scenario = EvalScenarioFile.load(path)[name]
    params = EvalSessionParams(connect_timeout_s=CONNECT_S, cache_dir=str(cache))
    result = await EvalSession.from_scenario(scenario, url, params=params).run()
    told = [str(getattr(one, "message", None) or one) for one in getattr(result, "failures", ())]
    if not result.passed and not told:
        told = [str(getattr(result, "skipped", "") or "the harness did not come to its end")]
    return Evaluated(name=name, failures=tuple(told), log=tuple(map(str, result.debug_log or ())))
