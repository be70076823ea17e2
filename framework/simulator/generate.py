"""Write scenarios that see everything a flow can do, as few as can be."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from framework.engine.plan import NodePlan, Plan, Way
from framework.simulator.coverage import Hits, Target, targets
from framework.simulator.facts import Fact
from framework.simulator.facts import path as entered
from framework.simulator.load import Case
from framework.simulator.play import Result, play
from framework.simulator.scenario import ScenarioFile
from framework.simulator.search import LIMIT, Choice, Explorer, Map
from framework.simulator.stage import Stage

LONGEST = 60
"""Choices in one scenario, at most."""
TO_THE_END = 12
"""How many more choices may be made so that a conversation comes to its end."""
ROUND = 200
"""How many scenarios are tried."""


@dataclass
class Draft:
    """A scenario in the making."""

    choices: list[Choice] = field(default_factory=list)
    turns: list[dict[str, Any]] = field(default_factory=list)
    tools: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    transfers: dict[str, list[str]] = field(default_factory=dict)
    errors: dict[str, None] = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)
    hits: Hits = field(default_factory=Hits)
    slots: dict[str, Any] = field(default_factory=dict)
    ended: str | None = None
    last: str = ""

    def begins(self, choice: Choice, call: Explorer) -> None:
        """The conversation has begun."""
        self.choices.append(choice)
        self.inputs = dict(choice.what)
        self.turns.append({})
        self._look(call)

    def goes_on(self, choice: Choice, before: Explorer, call: Explorer) -> None:
        """Something has happened."""
        self.choices.append(choice)
        match choice.kind:
            case "tool":
                self.tools.setdefault(before.open[0].tool, []).append(mock(choice.what))
            case "transfer":
                self.transfers.setdefault(before.handing[0].target, []).append(choice.what)
            case _:
                made = turn(choice)
                if not call.asked:
                    made.pop("model", None)
                self.turns.append(made)
        self._look(call)

    def _look(self, call: Explorer) -> None:
        facts = list(call.facts)
        self.hits = self.hits + call.news()
        expected: dict[str, Any] = self.turns[-1].setdefault("expect", {})
        if nodes := entered(facts):
            self.last = nodes[-1]
        if call.ended is not None:
            self.ended = call.ended
            expected.clear()
            expected["end"] = call.ended
        else:
            expected["node"] = call.node
            changed = _changed(facts, call)
            expected.setdefault("slots", {}).update(changed)
        self.errors.update(dict.fromkeys(fact.data["code"] for fact in facts if fact.event == "error"))

    def written(self, number: int, *, expects: bool = True) -> dict[str, Any]:
        """As a scenario file has it; without `expects` only what happened, and nothing is demanded."""
        turns = [_tidy(one if expects else {k: v for k, v in one.items() if k != "expect"}) for one in self.turns]
        if self.ended is None:
            turns.append({"hang_up": True})
        name = f"way {number}, to {self.last}" + (f" ({self.ended})" if self.ended else "")
        made: dict[str, Any] = {"name": name}
        if self.inputs:
            made["inputs"] = self.inputs
        if self.tools:
            made["tools"] = {tool: answers[0] if len(answers) == 1 else answers for tool, answers in self.tools.items()}
        if self.transfers:
            made["transfers"] = self.transfers
        made["turns"] = [one for one in turns if one]
        if self.errors and expects:
            made["finally"] = {"errors": list(self.errors)}
        return made


def _changed(facts: Iterable[Fact], call: Explorer) -> dict[str, Any]:
    names = [fact.data["slot"] for fact in facts if fact.event in ("slot.set", "slot.cleared")]
    masked = {fact.data["slot"] for fact in facts if fact.event == "slot.set" and fact.data["value"] == "***"}
    return {name: call.slots.get(name) for name in names if name not in masked}


def _tidy(one: dict[str, Any]) -> dict[str, Any]:
    """A turn with its expectations as a list."""
    wanted = {name: value for name, value in one.get("expect", {}).items() if value not in ({}, None)}
    rest = {name: value for name, value in one.items() if name != "expect"}
    return {**rest, **({"expect": [wanted]} if wanted else {})}


def turn(choice: Choice) -> dict[str, Any]:
    """What a person or the world does, as a turn of a scenario."""
    more = dict(choice.more)
    made: dict[str, Any] = {choice.kind: choice.what}
    if choice.kind == "wait":
        made = {"wait": duration(choice.what)}
    if "data" in more:
        made = {"arrive": {choice.what: more["data"]} if more["data"] else choice.what}
    for key in ("takes", "interrupts"):
        if key in more:
            made[key] = duration(more[key])
    if "model" in more:
        made["model"] = [step.model_dump(exclude_unset=True) for step in more["model"]]
    return made


def mock(reply: Any) -> dict[str, Any]:
    """How a tool answered, as a mock."""
    if reply.outcome == "timeout":
        return {"timeout": True}
    made = {"result": reply.result} if reply.outcome == "value" else {"error": reply.message}
    return {**made, "delay": duration(reply.delay_s)} if reply.delay_s else made


def duration(seconds: float) -> str:
    """A stretch of time as people write it.

    >>> duration(6.0), duration(90.5), duration(7200)
    ('6s', '1m30s500ms', '2h')
    """
    rest, told = round(seconds * 1000), ""
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, rest = divmod(rest, size)
        told += f"{count}{unit}" if count else ""
    return told or "0s"


# --- Which ways to go -------------------------------------------------------------------


@dataclass(frozen=True)
class Generated:
    """Scenarios, and what they see."""

    flow: str
    scenarios: tuple[dict[str, Any], ...]
    there: tuple[Target, ...]
    seen: Hits
    unreached: tuple[tuple[Target, str], ...]
    """What can't be seen, and why."""
    head: Mapping[str, Any]
    note: str = ""
    """What the file is, in its first line."""

    def as_yaml(self) -> str:
        """The scenario file."""
        about = self.note or f"Written by `convo test --generate {self.flow}`: all that the flow can do, in few calls"
        parts = [f"# {about}.\n"]
        parts += [f"# Not reached: {kind} {name}: {why}\n" for (_, kind, name), why in self.unreached]
        parts += [_line(name, value) for name, value in self.head.items()]
        parts.append("scenarios:\n")
        for scenario in self.scenarios:
            parts += _scenario(scenario)
        return "".join(parts)


def _scenario(scenario: Mapping[str, Any]) -> Iterator[str]:
    yield "\n" + _line("- name", scenario["name"], "  ")
    for key, value in scenario.items():
        if key == "turns":
            yield "    turns:\n"
            yield from (f"      - {_inline(one)}\n" for one in value)
        elif key == "tools":
            yield "    tools:\n"
            yield from (_line(tool, answers, "      ") for tool, answers in value.items())
        elif key != "name":
            yield _line(key, value, "    ")


def _line(key: str, value: Any, indent: str = "") -> str:
    return f"{indent}{key}: {_inline(value)}\n"


def _inline(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=1_000_000, sort_keys=False, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...").strip()


def generate(
    flow: Path, stage: Stage, *, handlers: str = "", limit: int = LIMIT, tick: Callable[[int], None] = lambda _: None
) -> Generated:
    """Search for ways through a flow that see all of it, and write them down.

    Args:
        flow: Its file.
        stage: Where it is made ready.
        handlers: The module with the functions of a FlowConfig.
        limit: How many situations are looked at.
        tick: Hears how many situations have been looked at so far.
    """
    piece = stage.piece(flow, handlers=handlers)
    there = tuple(target for plan in piece.plan.flows.values() for target in targets(plan))
    schemas = {name: tool.result_schema for name, tool in stage.tools(piece).items()}
    ways = Map(piece.plan, schemas, limit=limit)
    ways.operators = tuple(name for name, node in piece.flow.nodes.items() if node.entry == "operator")
    ways.explore(set(there).issubset, tick)
    head = {"name": piece.plan.flow, **_about(flow, piece.plan, stage), **({"handlers": handlers} if handlers else {})}
    finder = _Finder(ways, set(there))
    kept = _fewest(
        [_Tried(draft, _tried(draft, n, head, flow, stage)) for n, draft in enumerate(finder.drafts(), 1)], there
    )
    seen = sum((one.result.hits for one in kept), Hits())
    unreached = [(target, why(target, piece.plan, seen, ways)) for target in there if target not in seen]
    scenarios = tuple(one.draft.written(number) for number, one in enumerate(kept, 1))
    return Generated(piece.plan.flow, scenarios, there, seen, tuple(unreached), head)


def _about(flow: Path, plan: Plan, stage: Stage) -> dict[str, Any]:
    """How a scenario file names the flow, where its own name doesn't."""
    if stage.project.names("flows").count(plan.flow) and stage.project.flow_path(plan.flow).resolve() == flow.resolve():
        return {}
    inside = flow.resolve().is_relative_to(stage.project.root)
    return {"flow": str(flow.resolve().relative_to(stage.project.root)) if inside else str(flow.resolve())}


@dataclass(frozen=True)
class _Tried:
    draft: Draft
    result: Result


def _tried(draft: Draft, number: int, head: Mapping[str, Any], flow: Path, stage: Stage) -> Result:
    """Play a draft as `convo test` will."""
    file = ScenarioFile.model_validate({**head, "scenarios": [draft.written(number)]})
    return play(Case(file.written_out()[0], "generated", flow), stage)


def _fewest(tried: Sequence[_Tried], there: Sequence[Target]) -> list[_Tried]:
    """Leave out what others see as well, the shortest first; what doesn't play as it was found is left out, too."""
    wanted = set(there)
    kept = [one for one in tried if not one.result.failures]
    for one in sorted(kept, key=lambda each: len(each.draft.choices)):
        others = Counter(t for other in kept if other is not one for t in set(other.result.hits.counts) & wanted)
        if all(others[target] for target in set(one.result.hits.counts) & wanted):
            kept.remove(one)
    return kept


@dataclass(frozen=True)
class _Step:
    """What one choice does: from which situation to which, and what is seen."""

    here: str
    choice: Choice
    to: str
    hits: Hits

    @property
    def ends(self) -> bool:
        return self.to.startswith("ended")


class _Finder:
    """Goes from what has not been seen to what has not been seen, by the shortest way."""

    def __init__(self, ways: Map, wanted: set[Target]) -> None:
        self._ways = ways
        self._left = set(wanted)
        self._tried: set[tuple[str, str]] = set()

    def drafts(self) -> Iterator[Draft]:
        """One scenario after another, until there is nothing new to see."""
        for _ in range(ROUND):
            draft = self._draft()
            if draft is None:
                return
            yield draft

    def _draft(self) -> Draft | None:
        start = self._best_start()
        if start is None:
            return None
        draft, call = Draft(), self._ways.begun(start)
        draft.begins(start, call)
        before = len(self._left)
        self._left -= set(draft.hits.counts)
        while len(draft.choices) < LONGEST and call.ended is None:
            way = self._next(call, last=False) or self._next(call, last=True)
            if way is None:
                break
            call = self._follow(draft, call, way)
        if len(self._left) == before:
            return None
        return self._to_the_end(draft, call)

    def _best_start(self) -> Choice | None:
        """A beginning from which something new can be seen."""
        for choice, key, hits in self._ways.starts:
            if set(hits.counts) & self._left or self._way(key, self._fresh):
                return choice
        return None

    def _follow(self, draft: Draft, call: Explorer, way: Sequence[Choice]) -> Explorer:
        for choice in way:
            if call.ended is not None:
                break
            self._tried.add((self._ways.key(call), repr(choice)))
            after = call.fork()
            after.take(choice)
            draft.goes_on(choice, call, after)
            self._left -= set(draft.hits.counts)
            call = after
        return call

    def _next(self, call: Explorer, *, last: bool) -> list[Choice] | None:
        """The shortest way to something new; `last` says whether the conversation may end with it."""
        self._ways.exits(call)
        return self._way(self._ways.key(call), lambda step: self._fresh(step) and (last or not step.ends))

    def _fresh(self, step: _Step) -> bool:
        return bool(set(step.hits.counts) & self._left) and (step.here, repr(step.choice)) not in self._tried

    def _way(self, key: str, wanted: Callable[[_Step], bool], longest: int = LONGEST) -> list[Choice] | None:
        """The shortest way from a situation to a choice that is wanted."""
        todo: deque[tuple[str, list[Choice]]] = deque([(key, [])])
        seen = {key}
        while todo:
            here, way = todo.popleft()
            situation = self._ways.situations.get(here)
            for choice, to, hits in (situation.exits or ()) if situation else ():
                step = _Step(here, choice, to, hits)
                if wanted(step):
                    return [*way, choice]
                if to not in seen and not step.ends and len(way) < longest:
                    seen.add(to)
                    todo.append((to, [*way, choice]))
        return None

    def _to_the_end(self, draft: Draft, call: Explorer) -> Draft:
        """Let the conversation come to its end, where one is near."""
        for _ in range(TO_THE_END):
            if call.ended is not None:
                break
            self._ways.exits(call)
            way = self._way(self._ways.key(call), lambda step: step.ends, TO_THE_END)
            if way is None:
                break
            call = self._follow(draft, call, way[:1])
        return draft


# --- What can't be seen -----------------------------------------------------------------


def why(target: Target, plan: Plan, seen: Hits, ways: Map) -> str:
    """Why something was not reached, as far as one can tell."""
    if not ways.whole:
        return f"not found among the first {ways.limit} situations"
    flow, kind, name = target
    here = plan.flows.get(flow, plan)
    if kind == "routes":
        return _why_route(here, name, seen)
    sentences = {
        "nodes": "nothing that was tried leads there",
        "rungs": "nobody is silent or misunderstood so often there",
        "interrupts": "it never counted",
        "timers": "the conversation never lasts so long where it counts",
        "tools": "no call of it ended so",
    }
    return sentences[kind]


def _why_route(plan: Plan, name: str, seen: Hits) -> str:
    node, number = name.split("/", maxsplit=1)[0], name.rsplit("/", 1)[-1]
    if (plan.flow, "nodes", node) not in seen:
        return "its node is never entered"
    way = _way(plan.nodes[node], name, int(number))
    if way is None:
        return "its tool is never called"
    if way.guard is not None:
        return f"`{getattr(way.guard, 'text', way.guard)}` never held"
    if way.outcomes is not None:
        return f"the node never ended with {', '.join(f'`{one}`' for one in sorted(way.outcomes))}"
    return "an earlier route is always taken"


def _way(node: NodePlan, name: str, number: int) -> Way | None:
    if name.count("/") == 1:
        return next((way for way in node.ways if way.index == number), None)
    tool = name.split("/")[1]
    offered = next((one for one in node.offered if one.offer.name == tool), None)
    return next((way for way in offered.ways if way.index == number), None) if offered else None
