"""Many calls by simulated callers, and what became of them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from framework.documents import scan
from framework.simulator.callers import Caller, Persona, RuleCaller
from framework.simulator.coverage import Hits
from framework.simulator.facts import Fact
from framework.simulator.generate import Draft, Generated
from framework.simulator.hands import Reply, Script
from framework.simulator.invariants import DEAD_AIR_S, Broken, Ran, broken, broken_by_all
from framework.simulator.load import checked, is_scenario
from framework.simulator.play import scripted
from framework.simulator.search import Choice, Explorer, Map
from framework.simulator.stage import Piece, Stage
from framework.simulator.values import Values

if TYPE_CHECKING:
    from framework.project import Project

STEPS = 400
"""How many things may happen in one call."""
SLOW_S = (0.05, 2.5)
"""How long tools take."""


@dataclass(frozen=True)
class Report:
    """What became of all calls."""

    flow: str
    persona: str
    runs: tuple[Ran, ...]
    broken: tuple[Broken, ...]

    def shares(self) -> list[tuple[str, float]]:
        """Reasons of ends with their shares, the most frequent first."""
        counts = Counter(ran.reason for ran in self.runs)
        return [(reason, count / len(self.runs)) for reason, count in counts.most_common()]

    def failing(self) -> dict[str, list[int]]:
        """Invariant → the seeds of the calls in which it did not hold."""
        found: dict[str, list[int]] = {}
        for one in self.broken:
            seeds = found.setdefault(one.invariant, [])
            if one.seed is not None and one.seed not in seeds:
                seeds.append(one.seed)
        return found

    def as_json(self) -> dict[str, Any]:
        """The report for programs."""
        turns = [ran.turns for ran in self.runs]
        return {
            "flow": self.flow,
            "persona": self.persona,
            "runs": len(self.runs),
            "ends": {reason: round(share, 4) for reason, share in self.shares()},
            "turns": {"median": median(turns), "most": max(turns)},
            "broken": [{"invariant": b.invariant, "why": b.why, "seed": b.seed} for b in self.broken],
        }


def simulate(
    piece: Piece,
    stage: Stage,
    persona: Persona,
    *,
    runs: int,
    seed: int = 0,
    dead_air_s: float = DEAD_AIR_S,
    on_run: Callable[[Ran], None] = lambda _: None,
    caller: Callable[[int], Caller] | None = None,
) -> Report:
    """Let a persona call a flow again and again, and look whether everything held that must.

    Args:
        piece: The flow.
        stage: Where tools and their schemas are found.
        persona: Who calls.
        runs: How often.
        seed: Of the first call; each call has the next.
        dead_air_s: How long the bot may keep somebody waiting.
        on_run: Hears of each call.
        caller: Makes the caller for a seed, instead of one by rules.
    """
    world = _World(piece, stage, persona)
    made = caller or (lambda number: RuleCaller(persona, world.values, number))
    found = []
    for number in range(seed, seed + runs):
        found.append(world.run(number, made(number)))
        on_run(found[-1])
    wrong = [one for ran in found for one in broken(ran, dead_air_s)]
    return Report(piece.plan.flow, persona.persona, tuple(found), (*wrong, *broken_by_all(found)))


class _World:
    """What surrounds all calls: answers of tools, and values worth giving."""

    def __init__(self, piece: Piece, stage: Stage, persona: Persona) -> None:
        self.piece = piece
        self.persona = persona
        self.values = Values.of(piece.plan.flows)
        self.schemas = {name: tool.result_schema for name, tool in stage.tools(piece).items()}
        self.mocks = mocks(piece, stage)

    def run(self, seed: int, caller: Caller) -> Ran:
        """One call."""
        chance = random.Random(seed)  # noqa: S311 - the same seed must give the same call
        script = Script({tool: [scripted(one) for one in answers] for tool, answers in self.mocks.items()})
        ways = Map(self.piece.plan, self.schemas, channel="voice")
        begin = chance.choice(ways.beginnings())
        call, draft, facts = ways.begun(begin), Draft(), list[Fact]()
        facts += call.facts
        draft.begins(begin, call)
        stuck = False
        for _ in range(STEPS):
            if call.ended is not None:
                break
            choice = self._choice(call, chance, script, caller)
            if choice is None:
                stuck = True
                break
            before: Any = SimpleNamespace(open=list(call.open), handing=list(call.handing))
            call.facts = []
            call.take(choice)
            facts += call.facts
            draft.goes_on(choice, before, call)
        reason = "stuck" if stuck else call.ended or "endless"
        if facts and facts[-1].event == "session.ended" and reason == "hangup" and _patience(caller, self.persona):
            reason = "gave_up"
        turns = sum(fact.event == "user.said" for fact in facts)
        scenario = {**draft.written(seed, expects=False), "name": f"seed {seed}", "channel": "voice"}
        return Ran(
            seed=seed,
            reason=reason,
            turns=turns,
            seconds=facts[-1].at - facts[0].at,
            facts=facts,
            cooperative=getattr(caller, "cooperative", True),
            scenario=scenario,
        )

    def _choice(self, call: Explorer, chance: random.Random, script: Script, caller: Caller) -> Choice | None:
        if call.handing:
            return Choice("transfer", chance.choice(("done", "done", "done", "no_answer", "busy")))
        if call.open:
            return Choice("tool", self._reply(call, chance, script))
        return caller.next(call) if call.quiet else None

    def _reply(self, call: Explorer, chance: random.Random, script: Script) -> Reply:
        called = call.open[0]
        if called.tool in self.mocks:
            return script.call(called)
        delay = round(chance.uniform(*SLOW_S), 2)
        if chance.random() < self.persona.tools_fail:
            return Reply(outcome="error", code="failed", message="That does not work.", delay_s=delay)
        return Reply(
            result=chance.choice(self.values.results_of(called.tool, self.schemas.get(called.tool))), delay_s=delay
        )


def _patience(caller: Caller, persona: Persona) -> bool:
    return getattr(caller, "turns", 0) > persona.patience


def mocks(piece: Piece, stage: Stage) -> dict[str, list[Any]]:
    """Answers of tools that the flow's own scenario file has for all of its scenarios."""
    path = stage.project.root / "flows" / "tests" / f"{piece.plan.flow}.yaml"
    if not path.is_file():
        return {}
    source, problems, texts = scan(path, stage.project.root, mode="ours")
    if source is None or not is_scenario(source.value):
        return {}
    suite = checked(source, problems, texts, path, stage.project)
    tools: dict[str, Any] = suite.common.tools if suite.common else {}
    listed = {tool: one if isinstance(one, list) else [one] for tool, one in tools.items() if not isinstance(one, str)}
    return {tool: answers for tool, answers in listed.items() if answers}


def told(report: Report) -> Iterator[str]:
    """The report for people."""
    runs = report.runs
    yield f"{len(runs)} calls by `{report.persona}` to `{report.flow}`, seeds {runs[0].seed} to {runs[-1].seed}"
    for reason, share in report.shares():
        yield f"  {reason:<16} {100 * share:5.1f} %"
    turns, seconds = [ran.turns for ran in runs], [ran.seconds for ran in runs]
    yield f"  turns: {median(turns):g} in the middle, {max(turns)} at most; {median(seconds):.0f} s of talking"
    if not report.broken:
        yield "Every invariant holds."
    for invariant, seeds in report.failing().items():
        first = next(one for one in report.broken if one.invariant == invariant)
        where = f" in {len(seeds)} calls, seeds {_few(seeds)}" if seeds else ""
        yield f"BROKEN {invariant}{where}: {first.why}"


def _few(seeds: Sequence[int], most: int = 10) -> str:
    shown = ", ".join(map(str, seeds[:most]))
    return shown if len(seeds) <= most else f"{shown}, …"


def failing(reports: Sequence[Report], project: Project) -> str | None:
    """A scenario file of the calls in which something did not hold; None where all is well."""
    flow, found = reports[0].flow, []
    for report in reports:
        seeds = {one.seed for one in report.broken}
        bad = [ran for ran in report.runs if ran.seed in seeds]
        found += [{**ran.scenario, "name": f"{report.persona}, seed {ran.seed}"} for ran in bad]
    if not found:
        return None
    named = flow in project.names("flows")
    head = {"name": flow} if named else {"name": flow, "flow": flow}
    return Generated(flow, tuple(found), (), Hits(), (), head, note="Simulated calls that went wrong").as_yaml()
