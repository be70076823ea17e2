"""Every way that a conversation can take, one choice at a time: what people say, tools answer and time does."""

from __future__ import annotations

import copy
import heapq
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from framework.engine import effects, inputs
from framework.engine.plan import NodePlan, Plan, Way
from framework.engine.work import Work
from framework.simulator.coverage import Hits, Target, counted
from framework.simulator.hands import Called, Reply, timed_out
from framework.simulator.mind import Mind
from framework.simulator.scenario import ModelStep
from framework.simulator.simulation import Simulation
from framework.simulator.values import NOISE, Values, refusal

LIMIT = 4_000
"""How many different situations are looked at."""
CLIMB = 6
"""How high a ladder is climbed before rungs count as the same."""
TELLS = (
    "flow", "node", "awaiting", "aside", "halted", "muted", "paused", "limited", "failing", "timed", "pending", "reason"
)  # fmt: skip
"""Parts of the state that tell situations apart as they are."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that may happen next, as a scenario says it."""

    kind: str
    """`start`, a key of a turn (`user`, `wait`, `press`, `arrive`, `order`), `tool` or `transfer`."""
    what: Any
    more: tuple[tuple[str, Any], ...] = ()
    """Other keys of the turn."""


class _Nowhere(list[Any]):
    """A list that forgets what is put into it: a search needs no record."""

    def append(self, item: Any) -> None:
        """Forget it."""


@dataclass
class Explorer(Simulation):
    """A simulation that stops at each call of a tool and each transfer, for somebody to say how it ends."""

    open: list[Called] = field(default_factory=list)
    """Calls that nobody has answered."""
    handing: list[effects.Transfer] = field(default_factory=list)
    """Transfers that nobody has answered."""
    mind: Mind = field(default_factory=Mind)
    asked: bool = True
    """Whether the model did all that it was told to, at the last choice."""

    def __post_init__(self) -> None:
        self.model = self.mind
        self.record = _Nowhere()
        self.events = _Nowhere()

    def fork(self) -> Explorer:
        """The same conversation once more, to go on in another way."""
        twin = copy.copy(self)
        for name in ("said", "messages", "talking", "later", "open", "handing"):
            setattr(twin, name, list(getattr(self, name)))
        twin.facts, twin.trace = [], []
        twin.calls, twin.fates = dict(self.calls), dict(self.fates)
        twin.mind = twin.model = Mind()
        return twin

    def _calltool(self, effect: effects.CallTool) -> list[inputs.Input]:
        self.open.append(self._called(effect))
        return []

    def _canceltool(self, effect: effects.CancelTool) -> list[inputs.Input]:
        self.open = [called for called in self.open if called.call != effect.call]
        return super()._canceltool(effect)

    def _transfer(self, effect: effects.Transfer) -> list[inputs.Input]:
        self.handing.append(effect)
        return []

    @property
    def present(self) -> Plan:
        """The flow that runs."""
        return self.plan.flows[self.state["flow"] or self.plan.flow]

    @property
    def wants_a_yes(self) -> str:
        """What the model wants to call as soon as the person agrees, and the person is asked about; else empty."""
        call = Work(self.plan, self.state).asked
        return "" if call is None else self.state["calls"][call]["name"]

    @property
    def confirms(self) -> bool:
        """Whether the person is asked for a yes: to what was understood, or to what the model wants to call."""
        collect = self.state["collect"] or {}
        return collect.get("confirming") is not None or bool(self.wants_a_yes)

    def settle(self, patience_s: float = 180.0) -> bool:
        """Let time pass until somebody must choose."""
        until = self.now + patience_s
        while self.ended is None and not self.open and not self.handing and not self.quiet:
            at = self.next()
            if at is None or at > until:
                return False
            self._go_to(at)
        return True

    def _go_to(self, at: float) -> None:
        if self.later and self.later[0][0] <= max(self.now, at) and isinstance(self.later[0][2], inputs.ToolFinished):
            self.now = max(self.now, at)
            _, _, finished = heapq.heappop(self.later)
            self.happens(cast("inputs.ToolFinished", finished))
            return
        super()._go_to(at)

    def take(self, choice: Choice) -> None:
        """Let it happen, and all that follows by itself."""
        more = dict(choice.more)
        self.mind.told(more.get("model", ()))
        match choice.kind:
            case "user":
                self.wait(more.get("interrupts", 0.0))
                self.says(choice.what, more.get("takes"))
            case "hang_up":
                self.hang_up()
            case "wait":
                self.passes(choice.what)
            case "press":
                self.outside("press", choice.what)
            case "arrive":
                self.outside("arrive", choice.what, **more.get("data", {}))
            case "order":
                self.order(**choice.what)
            case "tool":
                self._answered(choice.what)
            case "transfer":
                self._handed(choice.what)
        self.settle()
        self.asked = self.mind.left() == 0
        self.mind.drop(self.mind.left())

    def _answered(self, reply: Reply) -> None:
        called = self.open.pop(0)
        if reply.outcome == "timeout":
            late = timed_out(called)
            self._schedule(late.delay_s, self._finished(called.call, late, self.now + late.delay_s))
            return
        if reply.delay_s:
            self._schedule(reply.delay_s, self._finished(called.call, reply, self.now + reply.delay_s))
            return
        self.happens(self._finished(called.call, reply, self.now))

    def _handed(self, outcome: Any) -> None:
        transfer = self.handing.pop(0)
        self.happens(inputs.Transferred(at=self.now, transfer=transfer.transfer, outcome=outcome))

    def news(self) -> Hits:
        """What was seen since this was asked last."""
        found = counted(self.trace or ())
        self.trace, self.facts = [], []
        return found


# --- Situations -------------------------------------------------------------------------


@dataclass
class Situation:
    """Where a conversation may stand, and where it can go from there."""

    call: Explorer
    path: tuple[Choice, ...]
    """How it was first reached."""
    exits: list[tuple[Choice, str, Hits]] | None = None
    """(choice, situation, what is seen on the way); None until somebody looked."""

    @property
    def where(self) -> str:
        """The step of the flow, and what is known: situations that differ in what was counted until then share it."""
        state = self.call.state
        collect = state["collect"] or {}
        asked = f"{collect.get('asking')} {bool(collect.get('confirming'))}"
        open_ = [called.tool for called in self.call.open]
        return f"{state['flow']} {state['node']} {asked} {open_} {self.call.wants_a_yes} {sorted(state['slots'])}"


class Map:
    """The situations of a flow, found from its beginning on, the nearest first.

    Args:
        plan: The flow.
        results: Tool → JSON Schema of its result, as far as it has one.
        channel: `text` or `voice`.
    """

    def __init__(self, plan: Plan, results: Mapping[str, Any], channel: str = "text", limit: int = LIMIT) -> None:
        self.plan = plan
        self.channel = channel
        self.limit = limit
        self.values = Values.of(plan.flows)
        self._results = results
        self.situations: dict[str, Situation] = {}
        self.starts: list[tuple[Choice, str, Hits]] = []
        self.whole = True
        """Whether everything was looked at."""

    def explore(self, enough: Callable[[set[Target]], bool], tick: Callable[[int], None] = lambda _: None) -> None:
        """Look at situations until `enough` says so of what was seen, or there are no new ones."""
        seen: set[Target] = set()
        todo: list[tuple[int, int, int, str]] = []
        looked: Counter[str] = Counter()

        def found(key: str, hits: Hits, *, new: bool) -> None:
            seen.update(hits.counts)
            if new:
                place = self.situations[key]
                heapq.heappush(todo, (looked[place.where], len(place.path), len(self.situations), key))

        for choice in self.beginnings():
            call = self.begun(choice)
            hits = call.news()
            key, new = self._place(call, (choice,))
            self.starts.append((choice, key, hits))
            found(key, hits, new=new)
        while todo and not enough(seen):
            if len(self.situations) >= self.limit:
                break
            before, depth, number, key = heapq.heappop(todo)
            here = self.situations[key]
            if looked[here.where] > before:  # others like it came first: those that are rare go before it
                heapq.heappush(todo, (looked[here.where], depth, number, key))
                continue
            looked[here.where] += 1
            for _, to, hits, new in self._look(here):
                found(to, hits, new=new)
            tick(len(self.situations))
        self.whole = not todo

    def begun(self, choice: Choice) -> Explorer:
        """A conversation that begins so."""
        call = Explorer(self.plan, channel=self.channel)
        call.start(slots=choice.what)
        call.settle()
        return call

    def exits(self, call: Explorer) -> list[tuple[Choice, str, Hits]]:
        """Where a conversation that stands so can go."""
        situation = self.situations.get(self.key(call))
        if situation is None:
            situation = self.situations[self.key(call)] = Situation(call.fork(), ())
        if situation.exits is None:
            list(self._look(situation))
        return situation.exits or []

    def _look(self, situation: Situation) -> Iterator[tuple[Choice, str, Hits, bool]]:
        situation.exits = []
        for choice in self.choices(situation.call):
            twin = situation.call.fork()
            twin.take(choice)
            hits = twin.news()
            key, new = self._place(twin, (*situation.path, choice))
            situation.exits.append((choice, key, hits))
            yield choice, key, hits, new

    def _place(self, call: Explorer, path: tuple[Choice, ...]) -> tuple[str, bool]:
        key = self.key(call)
        new = key not in self.situations
        if new:
            self.situations[key] = Situation(call, path, [] if call.ended is not None else None)
        return key, new

    def key(self, call: Explorer) -> str:
        """What tells a situation from others."""
        state = call.state
        if call.ended is not None:
            return f"ended {call.ended}"
        kept = {name: state[name] for name in TELLS}
        at = sorted((at, name) for name, at in state["deadlines"].items())
        kept["deadlines"] = [name if name.startswith("timer") else name.partition(":")[0] for _, name in at]
        kept["visits"] = self._visits(state["flow"], state["visits"])
        kept["slots"] = self._slots(state["flow"], state["slots"])
        kept["collect"] = self._collect(state["flow"], state["collect"])
        kept["rungs"] = {name: min(count, CLIMB) for name, count in state["rungs"].items()}
        kept["turns"] = min(state["turns"], self.values.turns)
        kept["silence"] = len(state["silence"]["asked"])
        kept["stack"] = [self._frame(frame) for frame in state["stack"]]
        kept["open"] = [called.tool for called in call.open]
        kept["asking"] = call.wants_a_yes
        kept["handing"] = [transfer.target for transfer in call.handing]
        return json.dumps(kept, sort_keys=True, default=str)

    def _visits(self, flow: str | None, visits: Mapping[str, int]) -> dict[str, int]:
        """Entries into the nodes whose routes count them, and no others."""
        counted = self.values.visits
        return {name: min(n, counted[flow or "", name]) for name, n in visits.items() if (flow or "", name) in counted}

    def _slots(self, flow: str | None, slots: Mapping[str, Any]) -> dict[str, Any]:
        """Values that some condition looks at; of others only that they are set."""
        return {name: self.values.told_apart(flow or "", name, value, slots) for name, value in slots.items()}

    def _collect(self, flow: str | None, collect: Mapping[str, Any] | None) -> Any:
        if collect is None:
            return None
        confirming = (collect.get("confirming") or {}).get("slot")
        held = sorted(collect.get("held") or ())
        return [flow, collect.get("asking"), confirming, held, dict(collect.get("attempts") or {})]

    def _frame(self, frame: Mapping[str, Any]) -> dict[str, Any]:
        flow = frame.get("flow")
        kept = {name: value for name, value in frame.items() if name in ("flow", "node", "kind", "return")}
        kept["slots"] = self._slots(flow, frame.get("slots") or {})
        kept["visits"] = self._visits(flow, frame.get("visits") or {})
        kept["collect"] = self._collect(flow, frame.get("collect"))
        return kept

    # --- What may happen --------------------------------------------------------------

    def beginnings(self) -> list[Choice]:
        """Ways to start: one for each set of inputs worth trying."""
        plan = self.plan
        today = Explorer(plan).today.date()
        made: list[dict[str, Any]] = [{}]
        for name in plan.inputs:
            values = self.values.inputs(plan, plan.slots[name], today)
            made = [{**one, name: value} for one in made for value in values][:24]
        return [Choice("start", one) for one in made]

    def choices(self, call: Explorer) -> list[Choice]:
        """What may happen next, the most ordinary first."""
        if call.ended is not None:
            return []
        if call.handing:
            return [Choice("transfer", outcome) for outcome in ("done", "no_answer", "busy", "error")]
        if call.open:
            return list(self._outcomes(call.open[0]))
        if not call.quiet:
            return []
        return list(_once(self._person(call)))

    def _outcomes(self, called: Called) -> Iterator[Choice]:
        for result in self.values.results_of(called.tool, self._results.get(called.tool)):
            yield Choice("tool", Reply(result=result))
        yield Choice("tool", Reply(outcome="error", code="failed", message="That does not work."))
        yield Choice("tool", Reply(outcome="timeout"))

    def _person(self, call: Explorer) -> Iterator[Choice]:
        plan = call.present
        node = plan.nodes[call.state["node"]]
        language = call.expects().language
        if call.confirms:
            yield from (Choice("user", word) for word in self.values.yes_no(language))
        elif node.kind == "collect":
            yield from self._answers(call, plan, language)
        if node.kind == "instruct":
            yield from self._model(call, node)
        else:
            yield from (choice for way in node.ways for choice in _meant(way))
        yield Choice("user", NOISE[0])
        for interrupt in [*self.plan.interrupts, *plan.interrupts]:
            if not interrupt.built_in and (interrupt.nodes is None or node.name in interrupt.nodes):
                yield from _meant(interrupt.way)
        yield from self._arrivals(call, plan, node)
        yield from self._time(call)
        yield from (Choice("order", {"kind": "goto", "node": name}) for name in self.operators if name in plan.nodes)

    operators: tuple[str, ...] = ()
    """Nodes that only an order can reach."""

    def _answers(self, call: Explorer, plan: Plan, language: str) -> Iterator[Choice]:
        collect = call.state["collect"] or {}
        slot = plan.slots.get(collect.get("asking") or "")
        if slot is not None:
            words = self.values.answers(plan, slot, language, call.today.date())
            yield from (Choice("user", said) for said in words)
            yield from (Choice("press", keys) for keys in self.values.keys(plan, slot, language, call.today.date()))
        if (said := refusal(language)) is not None:
            yield Choice("user", said)

    def _model(self, call: Explorer, node: NodePlan) -> Iterator[Choice]:
        for offered in node.offered:
            if offered.way is not None and offered.examples:
                yield Choice("user", offered.examples[0])
            arguments = self.values.arguments(offered.offer.properties, offered.offer.required)
            step = ModelStep(call={offered.offer.name: arguments})
            words = offered.examples[0] if offered.examples else NOISE[0]
            if offered.way is None or not offered.examples:
                yield Choice("user", words, (("model", (step,)),))
        if call.plan.on_error is not None:
            yield Choice("user", NOISE[0], (("model", (ModelStep(fail="no answer"),)),))

    def _arrivals(self, call: Explorer, plan: Plan, node: NodePlan) -> Iterator[Choice]:
        waited = [way.event for way in node.ways if way.event is not None]
        waited += [one.way.event for one in [*self.plan.interrupts, *plan.interrupts] if one.way.event is not None]
        for type_ in dict.fromkeys(waited):
            for data in self.values.event_data(plan, type_, call.today.date(), call.slots):
                yield Choice("arrive", type_, (("data", data),))

    def _time(self, call: Explorer) -> Iterator[Choice]:
        """Silence until something happens by itself, and a person who speaks until a timer or limit is due."""
        at = call.next()
        if at is not None:
            yield Choice("wait", _up(at - call.now))
        for name, due in sorted(call.state["deadlines"].items(), key=lambda pair: pair[1]):
            if name.partition(":")[0] in ("timer", "duration") and due > call.now:
                yield Choice("user", NOISE[0], (("takes", _up(due - call.now)),))


def _meant(way: Way) -> Iterator[Choice]:
    if way.intent is not None:
        yield Choice("user", way.examples[0] if way.examples else way.intent)
    for keys in way.keys[:1]:
        yield Choice("press", keys)


def _up(seconds: float) -> float:
    """A stretch of time in whole milliseconds, none too short."""
    return max(1, int(seconds * 1000 + 0.999)) / 1000


def _once(choices: Iterable[Choice]) -> Iterator[Choice]:
    seen: set[str] = set()
    for choice in choices:
        if (key := repr(choice)) not in seen:
            seen.add(key)
            yield choice
