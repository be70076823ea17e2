"""What a drawing can be overlaid with: how often each part was used, by tests or in one conversation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from framework.flows.drawing.picture import Card, Picture, Row


@dataclass(kw_only=True)
class Marks:
    """How often the parts of one flow were used."""

    kind: Literal["coverage", "transcript"]
    nodes: dict[str, int] = field(default_factory=dict)
    """Node → how often it was entered."""
    routes: dict[str, int] = field(default_factory=dict)
    """How often a way out was taken: `node/number` of a route, `node/tool/number` of one on a tool's result, else
    `node/key`."""
    asides: dict[str, int] = field(default_factory=dict)
    """`interrupts/name`, `timers/name`, `limits/name`, `no_input`, `no_match`, `on_error` → how often it counted."""
    steps: list[str] = field(default_factory=list)
    """The nodes of a conversation in the order in which they were entered."""

    def card(self, card: Card) -> int | None:
        """How often a node was entered, or an interrupt, timer or limit counted; None where that isn't known."""
        if card.path[:1] == ("nodes",):
            return self.nodes.get(card.name, 0)
        own = [hits for key, hits in self.asides.items() if key in (card.name, "/".join(map(str, card.path)))]
        counted = self.kind == "coverage" and card.kind in ("interrupt", "timer")
        return sum(own) if own or counted else None

    def row(self, card: Card, row: Row) -> int | None:
        """How often a way out was taken; None where it isn't known of this kind of way."""
        if card.path[:1] != ("nodes",):
            return None
        number = row.route if row.tool is None else f"{row.tool}/{row.route}"
        keys = [f"{card.name}/{row.key}", *([] if row.route is None else [f"{card.name}/{number}"])]
        known = [self.routes[key] for key in keys if key in self.routes]
        if known:
            return sum(known)
        return 0 if row.route is not None or self.kind == "transcript" else None

    def used(self, hits: int | None) -> str:
        """The class of what was used so often: what tests leave out is a gap, what one conversation does is none."""
        if hits is None:
            return ""
        if hits:
            return " used"
        return " unused" if self.kind == "coverage" else " unseen"

    def totals(self, picture: Picture) -> dict[str, tuple[int, int]]:
        """Of what tests used how much: `nodes`, `routes`, and what counts everywhere."""
        if self.kind != "coverage":
            return {}
        rows = [hits for card in picture.cards for row in card.rows if (hits := self.row(card, row)) is not None]
        asides = [hits for card in picture.asides if (hits := self.card(card)) is not None]
        nodes = [hits for card in picture.cards if (hits := self.card(card)) is not None]
        counts = {"nodes": nodes, "routes": rows, "everywhere": asides}
        return {part: (sum(1 for hits in found if hits), len(found)) for part, found in counts.items() if found}


def from_coverage(coverage: Mapping[str, Any], flow: str) -> Marks:
    """Marks of a flow from what `convo test --coverage-json` wrote.

    Raises:
        ValueError: It has not that shape, or knows nothing of the flow.
    """
    flows = coverage.get("flows", coverage)
    found = flows.get(flow) if isinstance(flows, Mapping) else None
    if not isinstance(found, Mapping):
        raise ValueError(f"it says nothing about a flow `{flow}`")  # noqa: TRY004 - of what it says, not of its type
    asides: dict[str, int] = {}
    for part in ("interrupts", "timers", "limits"):
        asides.update({f"{part}/{name}": hits for name, hits in _counts(found, part).items()})
    routes = dict(_counts(found, "routes"))
    for key, hits in _counts(found, "rungs").items():
        for ladder in ("no_input", "no_match"):
            if key.split("/")[0] in ("defaults", ladder) and ladder in key:
                asides[ladder] = asides.get(ladder, 0) + hits
        node, _, rest = key.rpartition("/no_")
        if node and node != "defaults" and rest.rpartition("/")[2].isdigit():
            ladder, _, number = f"no_{rest}".rpartition("/")
            routes[f"{node}/{ladder}/{int(number) - 1}"] = hits
    return Marks(kind="coverage", nodes=_counts(found, "nodes"), routes=routes, asides=asides)


def _counts(found: Mapping[str, Any], part: str) -> dict[str, int]:
    counts = found.get(part) or {}
    if not isinstance(counts, Mapping) or not all(type(hits) is int for hits in counts.values()):
        raise ValueError(f"`{part}` is no map of names to numbers")
    return {str(name): hits for name, hits in counts.items()}


def from_events(events: Iterable[Mapping[str, Any]], pictures: Mapping[str, Picture], flow: str) -> dict[str, Marks]:
    """Marks of a flow and of those it called, from the events of one conversation."""
    marks = {name: Marks(kind="transcript") for name in pictures}
    called = [flow]
    for event in events:
        data = event.get("data")
        kind, data = event.get("type"), data if isinstance(data, Mapping) else {}
        here = marks.get(called[-1]) or Marks(kind="transcript")
        if kind == "node.entered":
            name, depth = str(data.get("node")), data.get("depth") or 0
            called = _called(called, depth, name, pictures)
            here = marks.get(called[-1]) or here
            here.nodes[name] = here.nodes.get(name, 0) + 1
            here.steps.append(name)
        elif kind == "node.left":
            _left(here, data, pictures.get(called[-1]))
    return marks


def _called(called: list[str], depth: Any, node: str, pictures: Mapping[str, Picture]) -> list[str]:
    """The flows on the stack at a depth; a deeper one is that of the subflow node one came from."""
    if not isinstance(depth, int) or depth + 1 == len(called):
        return called
    if depth + 1 < len(called):
        return called[: depth + 1]
    subflows = [card.subflow for card in pictures[called[-1]].cards if card.subflow] if called[-1] in pictures else []
    holders = [name for name in subflows if name in pictures and pictures[name].card(node) is not None]
    return [*called, *(holders[:1] or [called[-1]])]


def _left(here: Marks, data: Mapping[str, Any], picture: Picture | None) -> None:
    node, cause = str(data.get("node")), data.get("cause")
    cause = cause if isinstance(cause, Mapping) else {}
    match cause.get("kind"):
        case "route" if "ladder" in cause:
            key = f"{node}/{cause['ladder']}/{int(cause.get('rung') or 1) - 1}"
        case "route" if "route" in cause:
            key = f"{node}/{cause['route']}"
        case "route":
            key = f"{node}/end"
        case "function":
            key = _function(picture, node, str(cause.get("function")), data.get("to"))
        case "interrupt" | "timer" | "limit" as kind:
            name = str(cause.get(kind) or cause.get("name") or "")
            key = f"{kind}s/{name}" if kind != "limit" else "limits"
            here.asides[key] = here.asides.get(key, 0) + 1
            return
        case "error":
            here.asides["on_error"] = here.asides.get("on_error", 0) + 1
            return
        case _:
            return
    here.routes[key] = here.routes.get(key, 0) + 1


def _function(picture: Picture | None, node: str, function: str, to: Any) -> str:
    """The key of the row that a function's call took."""
    card = picture.card(node) if picture else None
    for row in card.rows if card else ():
        called = row.tool or row.label.split(":")[0]
        if row.trigger == "function" and called == function and row.to == to:
            return f"{node}/{row.key}"
    return f"{node}/functions/{function}"
