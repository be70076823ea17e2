"""How much of a flow was seen: nodes, routes, interrupts, rungs, timers and outcomes of tools."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from framework.engine.plan import NodePlan, Plan
from framework.engine.work import Note

if TYPE_CHECKING:
    from framework.simulator.load import Case
    from framework.simulator.play import Result
    from framework.simulator.stage import Stage

KINDS = ("nodes", "routes", "interrupts", "rungs", "timers", "tools")
"""What is counted, in the order in which it is shown."""

EVERYWHERE = ("interrupts", "timers")
"""What a flow has also while it runs another one."""

Target = tuple[str, str, str]
"""(flow, kind, name), such as `("clinic", "routes", "verify/0")`."""

OUTCOMES = {"value": "done", "error": "error", "timeout": "timeout", "cancelled": "error"}


@dataclass(frozen=True)
class Hits:
    """How often each target was seen."""

    counts: Counter[Target] = field(default_factory=Counter)

    def __add__(self, other: Hits) -> Hits:
        return Hits(self.counts + other.counts)

    def __contains__(self, target: Target) -> bool:
        return self.counts[target] > 0


def counted(notes: Iterable[Note]) -> Hits:
    """What a conversation has seen, by the engine's notes."""
    return Hits(Counter(target for note in notes if (target := _noted(note)) is not None))


def _noted(note: Note) -> Target | None:
    known = NAMED.get(note["note"])
    if known is None or (note["note"] == "route" and not note.get("held", True)):
        return None
    kind, name = known
    # What counts everywhere is the session's flow's, in whichever flow the conversation is at that moment.
    owner = note.get("of") if kind in EVERYWHERE else None
    return owner or note["flow"], kind, name(note)


def _route(note: Note) -> str:
    cause = note.get("cause") or {}
    return route(note["node"], note["route"], cause.get("function") if cause.get("kind") == "function" else None)


def _rung(note: Note) -> str:
    owner = "defaults" if note.get("of") == "defaults" else note["node"]
    return f"{owner}/{note['ladder']}/{note['rung']}"


def _tool(note: Note) -> str:
    return f"{note['tool']}/{OUTCOMES.get(note['outcome'], note['outcome'])}"


NAMED: dict[str, tuple[str, Callable[[Note], str]]] = {
    "node": ("nodes", lambda note: str(note["to"])),
    "route": ("routes", _route),
    "interrupt": ("interrupts", lambda note: str(note["name"])),
    "rung": ("rungs", _rung),
    "timer": ("timers", lambda note: str(note["name"])),
    "tool": ("tools", _tool),
}
"""Kind of note → what it counts as."""


def route(node: str, index: int, tool: str | None = None) -> str:
    """A route's name: `node/index`, and `node/tool/index` for one on the result of a tool.

    >>> route("help", 1), route("help", 0, "pizza.order")
    ('help/1', 'help/pizza.order/0')
    """
    return f"{node}/{tool}/{index}" if tool else f"{node}/{index}"


# --- What there is ----------------------------------------------------------------------


def targets(plan: Plan) -> list[Target]:
    """Everything in a flow that can be seen, in the order of the file."""
    found: dict[Target, None] = {}
    for name, node in plan.nodes.items():
        found[plan.flow, "nodes", name] = None
        for kind, what in _of_node(name, node):
            found[plan.flow, kind, what] = None
    for interrupt in plan.interrupts:
        if not interrupt.built_in:
            found[plan.flow, "interrupts", interrupt.name] = None
    for timer in plan.timers:
        found[plan.flow, "timers", timer.name] = None
    return sorted(found, key=lambda target: KINDS.index(target[1]))


def _of_node(name: str, node: NodePlan) -> Iterator[tuple[str, str]]:
    for way in node.ways:
        yield "routes", route(name, way.index)
    for offered in node.offered:
        for way in offered.ways:
            yield "routes", route(name, way.index, offered.offer.name)
        if offered.tool is not None:
            outcomes = ("done", "error", *(["declined"] if offered.confirm else []))
            yield from (("tools", f"{offered.tool}/{outcome}") for outcome in outcomes)
    if node.tool is not None:
        yield from (("tools", f"{node.tool}/{outcome}") for outcome in ("done", "error", "timeout"))
    if node.hears:
        yield from _rungs(name, node)


def _rungs(name: str, node: NodePlan) -> Iterator[tuple[str, str]]:
    """A ladder that all nodes inherit is counted once, whichever node climbed it."""
    for which, ladder in (("no_input", node.no_input if node.asks else None), ("no_match", node.no_match)):
        owner = name if ladder is not None and ladder.of == "node" else "defaults"
        for number in range(len(ladder.rungs) if ladder is not None else 0):
            yield "rungs", f"{owner}/{which}/{number + 1}"


@dataclass(frozen=True)
class Coverage:
    """What there is in some flows, and how often each of it was seen."""

    hits: Hits
    there: tuple[Target, ...]

    @classmethod
    def of(cls, plans: Iterable[Plan], hits: Hits) -> Coverage:
        """The coverage of these flows."""
        there = dict.fromkeys(target for plan in plans for target in targets(plan))
        return cls(hits, tuple(there))

    def missing(self) -> list[Target]:
        """What was never seen."""
        return [target for target in self.there if target not in self.hits]

    def share(self, flow: str | None = None, kind: str | None = None) -> float:
        """The share that was seen, from 0 to 1."""
        wanted = [t for t in self.there if flow in (None, t[0]) and kind in (None, t[1])]
        return sum(target in self.hits for target in wanted) / len(wanted) if wanted else 1.0

    def names(self) -> list[str]:
        """The flows, in the order in which they came."""
        return list(dict.fromkeys(target[0] for target in self.there))

    def as_json(self) -> dict[str, Any]:
        """`{flow: {nodes: {name: hits}, routes: {"node/index": hits}, interrupts, rungs, timers, tools}}`."""
        found: dict[str, dict[str, dict[str, int]]] = {flow: {kind: {} for kind in KINDS} for flow in self.names()}
        for flow, kind, name in self.there:
            found[flow][kind][name] = self.hits.counts[flow, kind, name]
        return found


def rows(coverage: Coverage) -> Iterator[Mapping[str, object]]:
    """Rows for people: a flow each, with the share of every kind and what is missing."""
    for flow in coverage.names():
        row: dict[str, object] = {"flow": flow}
        for kind in KINDS:
            of_kind = [t for t in coverage.there if t[:2] == (flow, kind)]
            if of_kind:
                row[kind] = f"{sum(t in coverage.hits for t in of_kind)}/{len(of_kind)}"
        row["covered"] = f"{100 * coverage.share(flow):.0f} %"
        yield row


def covered(results: Iterable[Result], cases: Iterable[Case], stage: Stage) -> Coverage:
    """What these scenarios saw of the flows that they are about."""
    pieces = [stage.piece(c.flow, c.scenario.personality or "", c.scenario.handlers or "") for c in cases]
    plans = {plan.flow: plan for piece in pieces for plan in piece.plan.flows.values()}
    return Coverage.of(plans.values(), sum((result.hits for result in results), Hits()))
