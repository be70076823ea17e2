"""What a drawing shows of a flow: a card for each node with its ways out as rows, and what counts everywhere aside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from framework.flows import graph
from framework.flows.model import ActionUse, Branches, Flow, Function, Interrupt, Node, Route, Rung, Timer, ToolUse
from framework.plugins.tools import model_name

Trigger = Literal["always", "if", "outcome", "intent", "event", "after", "function", "ladder", "end"]
"""What makes a way out be taken."""

PLACEHOLDER = re.compile(r"\{\{ ?(.*?) ?\}\}")

LADDERS: dict[str, str] = {"no_input": "silence", "no_match": "not understood"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One way out of a node, or one thing that an interrupt or timer does."""

    trigger: Trigger
    label: str
    key: str = ""
    """Where it is written below its node, such as `next/0`."""
    route: int | None = None
    """The route's number, as notes, coverage and events count them."""
    tool: str | None = None
    """What the model calls the tool that the route belongs to."""
    to: str | None = None
    end: str | None = None
    effects: str = ""
    """What it does beside leading away, in a few words."""
    code: bool = False
    """Whether the label is an expression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A node, an interrupt, a timer, or a limit."""

    name: str
    kind: str
    """A node's verb, `say` or `decide`; else `interrupt`, `timer`, `limit` or `error`."""
    title: str
    lines: tuple[str, ...] = ()
    """What it says, asks, calls: the texts under the title."""
    rows: tuple[Row, ...] = ()
    path: tuple[str | int, ...] = ()
    """Where it is written."""
    subflow: str | None = None
    badges: tuple[str, ...] = ()
    """Short remarks: `operators only`, languages, a voice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A whole flow, ready to be laid out."""

    flow: str
    description: str
    initial: str
    cards: tuple[Card, ...]
    asides: tuple[Card, ...] = field(default=())

    def card(self, name: str) -> Card | None:
        """The card of a node."""
        return next((card for card in self.cards if card.name == name), None)


def picture(flow: Flow) -> Picture:
    """The drawing of a flow, before anything has a place."""
    return Picture(
        flow=flow.flow,
        description=flow.description or "",
        initial=flow.initial_node,
        cards=tuple(_card(flow, name, node) for name, node in flow.nodes.items()),
        asides=(*_interrupts(flow), *_timers(flow), *_nets(flow)),
    )


# --- Nodes ------------------------------------------------------------------


def _card(flow: Flow, name: str, node: Node) -> Card:
    kind = graph.verb(node)
    return Card(
        name=name,
        kind=kind,
        title=node.title or name,
        lines=tuple(_lines(node, kind)),
        rows=tuple(_rows(flow, node, kind)),
        path=("nodes", name),
        subflow=node.subflow,
        badges=tuple(_badges(node)),
    )


def _lines(node: Node, kind: str) -> Iterator[str]:
    if node.say is not None:
        yield f"“{words(node.say[0])}”"
    if task := _task(node, kind):
        yield task
    changes = [*(f"{slot} = {value}" for slot, value in node.set.items()), *(f"clears {slot}" for slot in node.clear)]
    if changes:
        yield words("; ".join(changes))
    if node.tools:
        yield f"may call {', '.join(use if isinstance(use, str) else use.as_ or use.name for use in node.tools)}"
    actions = [use.name if isinstance(use, ActionUse) else use for use in (*node.actions.enter, *node.actions.leave)]
    if actions:
        yield f"does {', '.join(actions)}"


def _task(node: Node, kind: str) -> str:
    """What the node's verb is given to do."""
    found = {
        "instruct": lambda: words(node.instruct) if node.instruct is not None else _messages(node),
        "collect": lambda: f"asks for {', '.join(node.collect or ())}",
        "run": lambda: f"{node.run}({', '.join(node.with_)})",
        "subflow": lambda: f"runs the flow {node.subflow}",
        "transfer": lambda: f"to {node.transfer}" + (", with a word before" if node.warm else ""),
        "wait": lambda: words(node.wait),
    }
    return found[kind]() if kind in found else ""


def _messages(node: Node) -> str:
    return " ".join(message.content for message in node.task_messages or ())


def _badges(node: Node) -> Iterator[str]:
    if node.entry == "operator":
        yield "operators only"
    if node.languages:
        yield " ".join(node.languages)
    if node.personality:
        yield node.personality
    if node.context_strategy in ("reset", "summarize"):
        yield {"reset": "new context", "summarize": "summary"}[node.context_strategy]
    if node.interruptible is False:
        yield "not interruptible"


# --- Ways out ---------------------------------------------------------------


def _rows(flow: Flow, node: Node, kind: str) -> Iterator[Row]:
    if isinstance(node.next, str):
        yield Row(trigger="always", label="then", key="next", route=0, to=node.next)
    else:
        yield from (route_row(route, f"next/{index}", index) for index, route in enumerate(node.next or ()))
    if (reason := _reason(node.end)) is not None:
        yield Row(trigger="end", label="ends", key="end", end=reason)
    for index, function in enumerate(node.functions):
        yield from _function_rows(function, f"functions/{index}")
    yield from _tool_rows(node.tools, "tools")
    if kind == "instruct":
        yield from _global_rows(flow)
        yield from _tool_rows(flow.tools, "everywhere/tools")
    if graph.hears(node):
        yield from _ladder_rows(node)
    if any(action.type == "end_conversation" for action in (*node.pre_actions, *node.post_actions)):
        yield Row(trigger="end", label="ends afterwards", key="post_actions", end="done")


def route_row(route: Route, key: str, index: int | None = None) -> Row:
    """A route as a row."""
    trigger, label, code = _trigger(route)
    return Row(
        trigger=trigger,
        label=label,
        key=key,
        route=index,
        to=route.destination,
        end=_reason(route.end),
        effects=_effects(route),
        code=code,
    )


def _trigger(route: Route) -> tuple[Trigger, str, bool]:
    guard = None if route.if_ is None else str(route.if_)
    found: tuple[Trigger, str] | None = None
    if route.outcome is not None:
        found = "outcome", ", ".join(route.outcome)
    elif route.intent is not None:
        found = "intent", route.intent
    elif route.event is not None:
        found = "event", route.event + (f" where {route.where}" if route.where is not None else "")
    elif route.after is not None:
        found = "after", f"after {route.after}"
    if found is not None:
        trigger, label = found
        return trigger, label if guard is None else f"{label}, if {guard}", False
    if guard is not None:
        return "if", guard, True
    return "always", "else" if route.else_ is not None else "then", False


def _effects(route: Route) -> str:
    parts = []
    if route.say:
        parts.append(f"says “{words(route.say[0])}”")
    parts += [f"{slot} = {value}" for slot, value in route.set.items()]
    if route.clear:
        parts.append(f"clears {', '.join(route.clear)}")
    if route.emit:
        parts.append(f"tells {route.emit if isinstance(route.emit, str) else ', '.join(route.emit)}")
    return "; ".join(parts)


def _function_rows(function: Function, key: str) -> Iterator[Row]:
    to = function.transition_to
    if isinstance(to, Branches):
        for value, target in to.cases.items():
            label = f"{function.name}: {to.field} = {value}"
            yield Row(trigger="function", label=label, key=f"{key}/transition_to/cases/{value}", to=target)
        if to.default:
            label = f"{function.name}: otherwise"
            yield Row(trigger="function", label=label, key=f"{key}/transition_to/default", to=to.default)
    else:
        yield Row(trigger="function", label=function.name, key=key, to=to)


def _tool_rows(uses: list[str | ToolUse], key: str) -> Iterator[Row]:
    """The ways out that follow from a tool's result."""
    for index, use in enumerate(uses):
        for number, route in enumerate(use.next if isinstance(use, ToolUse) else ()):
            assert isinstance(use, ToolUse)  # noqa: S101 - a plain name has no routes
            row = route_row(route, f"{key}/{index}/next/{number}", number)
            name = use.as_ or use.name
            label = name if row.label in ("then", "else") else f"{name}: {row.label}"
            yield replace(row, trigger="function", label=label, tool=use.as_ or model_name(use.name), code=False)


def _global_rows(flow: Flow) -> Iterator[Row]:
    for index, function in enumerate(flow.global_functions):
        for row in _function_rows(function, f"global_functions/{index}"):
            if row.to is not None:
                yield row


def _ladder_rows(node: Node) -> Iterator[Row]:
    """The rungs of the node's own ladders that lead away; those of `defaults` stand aside."""
    for ladder, label in LADDERS.items():
        rungs: Iterable[Rung] = getattr(node, ladder) or ()
        yield from (row for index, rung in enumerate(rungs) for row in _rung(rung, f"{ladder}/{index}", label, index))


def _rung(rung: Rung, key: str, label: str, index: int) -> Iterator[Row]:
    wait = f" {rung.after}" if rung.after else ""
    says = f"says “{words(rung.say[0])}”" if rung.say else ""
    yield Row(
        trigger="ladder",
        label=f"{label} {index + 1}{':' if wait else ''}{wait}",
        key=key,
        to=rung.goto,
        end=_reason(rung.end),
        effects=says,
    )


# --- What counts everywhere -------------------------------------------------


def _interrupts(flow: Flow) -> Iterator[Card]:
    for name, interrupt in flow.interrupts.items():
        path = ("interrupts", name)
        if interrupt is False:
            yield Card(name=name, kind="interrupt", title=name, lines=("switched off",), path=path)
            continue
        yield Card(
            name=name,
            kind="interrupt",
            title=name,
            lines=tuple(_says(interrupt)),
            rows=tuple(_interrupt_rows(interrupt)),
            path=path,
            subflow=interrupt.subflow,
            badges=_at(interrupt.nodes),
        )


def _says(thing: Interrupt | Timer) -> Iterator[str]:
    if thing.say:
        yield f"“{words(thing.say[0])}”"
    if thing.instruct is not None:
        yield words(thing.instruct)


def _interrupt_rows(interrupt: Interrupt) -> Iterator[Row]:
    trigger, label, code = _trigger(
        Route.model_construct(
            intent=interrupt.intent, event=interrupt.event, where=interrupt.where, if_=interrupt.if_, goto=None
        )
    )
    leads = interrupt.goto is not None or interrupt.end is not None or interrupt.subflow is not None
    back = interrupt.return_ or ("none" if interrupt.goto or interrupt.end else "resume")
    effects = {"resume": "then goes on", "restart": "then begins the node anew", "none": ""}[back]
    if interrupt.subflow:
        effects = f"runs {interrupt.subflow}" + (f", {effects}" if effects else "")
    yield Row(
        trigger=trigger,
        label=label if trigger != "always" else "built in",
        key="",
        to=interrupt.goto,
        end=_reason(interrupt.end),
        effects=effects if not leads or back != "none" or interrupt.subflow else "",
        code=code,
    )


def _timers(flow: Flow) -> Iterator[Card]:
    for name, timer in flow.timers.items():
        when = f"after {timer.after}" if timer.after else f"every {timer.every}"
        emits = timer.emit if isinstance(timer.emit, str) else ", ".join(timer.emit or ())
        row = Row(
            trigger="after",
            label=when + (", at once" if timer.at == "now" else ""),
            to=timer.goto,
            effects=f"tells {emits}" if emits else "",
        )
        yield Card(
            name=name,
            kind="timer",
            title=name,
            lines=tuple(_says(timer)),
            rows=(row,),
            path=("timers", name),
            badges=_at(timer.nodes),
        )


def _nets(flow: Flow) -> Iterator[Card]:
    """Where everything that no route catches goes: ladders of all nodes, limits, errors."""
    for ladder, label in LADDERS.items():
        if rungs := getattr(flow.defaults, ladder):
            rows = tuple(r for i, rung in enumerate(rungs) for r in _rung(rung, f"{ladder}/{i}", label, i))
            yield Card(name=ladder, kind="ladder", title=ladder, rows=rows, path=("defaults", ladder))
    limits = flow.limits
    if "limits" in flow.model_fields_set:
        given = [f"{key} {getattr(limits, key)}" for key in type(limits).model_fields if key in limits.model_fields_set]
        rows = (Row(trigger="after", label="at a limit", to=limits.goto, end=None if limits.goto else "limit"),)
        shown = "; ".join(text for text in given if not text.startswith("goto "))
        yield Card(name="limits", kind="limit", title="limits", lines=(shown,), rows=rows, path=("limits",))
    if flow.on_error is not None:
        rows = (Row(trigger="always", label="what no route catches", to=flow.on_error),)
        yield Card(name="on_error", kind="error", title="on_error", rows=rows, path=("on_error",))


def _at(nodes: list[str] | None) -> tuple[str, ...]:
    return () if nodes is None else (f"at {', '.join(nodes)}",)


def words(text: Any) -> str:
    """A text, or the first of its languages, on one line; placeholders as short as they can be read.

    >>> words("Hello, {{ slots.name }}!")
    'Hello, {name}!'
    """
    if isinstance(text, dict):
        text = next(iter(text.values()), "")
    return PLACEHOLDER.sub(lambda found: "{" + found[1].removeprefix("slots.") + "}", " ".join(str(text).split()))


def _reason(end: str | bool | None) -> str | None:
    if end is None or end is False:
        return None
    return "done" if end is True else end
