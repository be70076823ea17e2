"""What must hold in every conversation after every step of the engine, whatever happens to it and whatever its flow is.

    laws = Laws(plan)
    after, wanted = step(plan, before, happened)
    assert laws.broken(happened, before, after, wanted) == []

The laws are about one conversation: one object sees all of its steps, from the first one on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import framework.engine.step as engine
from framework.engine import effects, inputs
from framework.engine.plan import Plan
from framework.engine.state import State
from framework.engine.work import Note, Work
from framework.sessions.orders import SPOKEN

LONG = 6
"""Sensitive values of fewer characters may stand in innocent words by chance."""
SPACES = re.compile(r"(?<=\d)[ \-./,]+(?=\d)")
GIVEN_UP = ("error", "limit", "order", "timer", "interrupt")
"""Causes that may give several places up at once."""
FINAL = ("spoken", "refused")


@dataclass
class Level:
    """A place of the conversation, as the events tell of it."""

    node: str
    entry: int
    left: bool = False
    to: str | None = None
    cause: str = ""
    unsure: bool = False
    """Whether it may be one further out of the same name, as several places had been given up before it was left."""

    @property
    def given_up(self) -> bool:
        """Whether it was left for a cause that may have given up places around it, too."""
        return self.left and self.cause in GIVEN_UP


@dataclass
class Call:
    """A call of a tool, as the events tell of it."""

    entry: int
    """At which entry of a node it was made."""
    over: bool = False


@dataclass
class Laws:
    """The laws, and what one conversation has done so far."""

    plan: Plan
    levels: list[Level] = field(default_factory=list)
    entries: int = 0
    calls: dict[str, Call] = field(default_factory=dict)
    answers: dict[str, bool] = field(default_factory=dict)
    """Call of a model → whether it has its answer."""
    orders: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Order → its kind and its last status."""
    rungs: dict[str, int] = field(default_factory=dict)
    anew: set[str] = field(default_factory=set)
    """Ladders that may have begun anew since their last rung."""
    ended: bool = False
    secrets: set[str] = field(default_factory=set)

    def broken(
        self, happened: inputs.Input, before: State, after: State, wanted: Sequence[effects.Effect]
    ) -> list[str]:
        """Which laws a step has broken, each with what was wrong."""
        return [f"{name}: {why}" for name, law in LAWS.items() for why in law(self, happened, before, after, wanted)]


# --- Somebody can go on -----------------------------------------------------------------


def _goes_on(
    laws: Laws, _happened: inputs.Input, _before: State, after: State, _wanted: Sequence[effects.Effect]
) -> Iterator[str]:
    """Whoever is waited for is known: the person, or something under way that has a deadline of its own."""
    if after["phase"] not in ("live", "ending"):
        return
    waits = {*after["deadlines"], *((after["halted"] or {}).get("rest", ()))}
    waits |= {f"call:{one['call']}" for one in after["later"] if one["input"] == "ToolFinished"}
    for what, name in _under_way(after):
        if name not in waits:
            yield f"{what} and has no deadline"
    if after["phase"] == "ending":
        if "speech" not in (after["awaiting"] or {}):
            yield "the session is ending, and waits for nothing"
        return
    if "duration" not in waits and (after["reason"] is None or after["awaiting"] is None):
        yield "the session has no end"
    if after["halted"] is None or after["reason"] is not None:
        yield from _listens(laws, after, waits)


def _under_way(state: State) -> Iterator[tuple[str, str]]:
    """What is under way, and the deadline that it must have."""
    awaiting = state["awaiting"] or {}
    for kind, deadline in (("action", "action"), ("say", "speech"), ("speech", "speech"), ("summary", "summary")):
        if kind in awaiting:
            yield f"`{kind}` is awaited", deadline
    for what, deadline in (("sayings", "speech"), ("classify", "classify"), ("transfer", "transfer")):
        if state[what]:
            yield f"`{what}` is under way", deadline
    if state["model"]["running"] and not state["halted"]:
        yield "the model speaks", "model"
    yield from _calls_under_way(state)
    for order, told in state["telling"].items():
        if told["kind"] in ("errand", "transfer"):
            yield f"order `{order}` is being carried out", f"errand:{order}"


def _calls_under_way(state: State) -> Iterator[tuple[str, str]]:
    for call, record in state["calls"].items():
        if record["open"]:
            yield f"call `{call}` runs", f"call:{call}"
        if record.get("reading"):
            yield f"the answer to call `{call}` is being read", f"read:{call}"
    for call in state["background"]:
        yield f"call `{call}` runs in the background", f"call:{call}"


def _listens(laws: Laws, state: State, waits: set[str]) -> Iterator[str]:
    """Where nothing is under way, the person is listened to, and not for ever."""
    if state["agenda"] and state["awaiting"] is None:
        yield f"nobody does what is to be done: {state['agenda']}"
    work, model = Work(laws.plan, state), state["model"]
    busy = [] if work.asked is not None else [*state["calls"].values()]  # the person's yes is waited for first
    if state["agenda"] or state["awaiting"] or busy or model["running"] or state["classify"] or state["transfer"]:
        if busy and not any(record["open"] or record.get("reading") for record in busy) and not model["running"]:
            yield "calls wait, and nothing of them is under way"
        return
    if state["node"] is None or not work.node.hears:
        yield f"nothing is under way at `{state['node']}`, where nobody is heard"
        return
    if state["claim"] is not None and not state["calls"]:
        yield f"a way out is claimed, and nothing is waited for: {state['claim']}"
    if model["again"] and not state["calls"]:
        yield "the model is to answer, and nobody has it do so"
    if state["later"]:
        yield "nobody looks at what happened while the session was paused"
    if state["heard"] and (work.node.interruptible or not state["sayings"]):
        yield "nobody listens to what the person has said"
    speaks = state["sayings"] or state["heard"] or model["again"] or state["halted"]
    if work.node.asks and not (speaks or state["hearing"] or work.deaf) and "silence" not in waits:
        yield "the person may be silent for ever"


# --- Every call ends once ---------------------------------------------------------------


def _calls_end(
    laws: Laws, happened: inputs.Input, _before: State, after: State, wanted: Sequence[effects.Effect]
) -> Iterator[str]:
    """Every call of a tool has one outcome, and every call of the model one answer."""
    if isinstance(happened, inputs.ModelCalled):
        for made in happened.calls:
            laws.answers.setdefault(made.call, False)
    for effect in wanted:
        if isinstance(effect, effects.Answer):
            if laws.answers.get(effect.call, True):
                yield f"call `{effect.call}` has two answers, or was never made"
            laws.answers[effect.call] = True
        elif isinstance(effect, effects.CallTool) and effect.call not in laws.calls:
            yield f"call `{effect.call}` is made, and no event tells of it"
        elif isinstance(effect, effects.Emit) and effect.type == "tool.finished":
            yield from _finished(laws, effect.data["call"])
    if after["phase"] == "ended" and not laws.ended:
        yield from (f"call `{call}` has no outcome" for call, made in laws.calls.items() if not made.over)
        yield from (f"the model's call `{call}` has no answer" for call, given in laws.answers.items() if not given)


def _finished(laws: Laws, call: str) -> Iterator[str]:
    made = laws.calls.get(call)
    if made is None or made.over:
        yield f"call `{call}` has two outcomes, or was never made"
    else:
        made.over = True


# --- Every transition happens once ------------------------------------------------------


def _moves_once(
    laws: Laws, _happened: inputs.Input, before: State, after: State, wanted: Sequence[effects.Effect]
) -> Iterator[str]:
    """A node is entered, left for one reason, and the one entered that it was left for; none of its calls goes on."""
    fine = {*before["background"], *after["background"]}
    for effect in wanted:
        if isinstance(effect, effects.Emit):
            yield from _told(laws, effect, fine)
    if after["phase"] == "ended":
        if after["stack"]:
            yield f"the session is over, and {len(after['stack'])} places wait to be come back to"
    elif after["reason"] is None:  # else it may have been cut short on its way into a flow, and only says goodbye
        yield from _same_place(laws, after)


def _told(laws: Laws, event: effects.Emit, fine: set[str]) -> Iterator[str]:
    """What an event says of where the conversation is; `fine` are calls that may outlast their node, or are over."""
    data = event.data
    match event.type:
        case "node.entered":
            yield from _entered(laws, data["node"], data["depth"])
        case "node.left":
            yield from _left(laws, data)
            yield from _outlasting(laws, fine)
        case "tool.called":
            if data["call"] in laws.calls:
                yield f"call `{data['call']}` is made twice"
            laws.calls[data["call"]] = Call(laws.levels[-1].entry)
        case "tool.finished":
            fine.add(data["call"])


def _same_place(laws: Laws, state: State) -> Iterator[str]:
    """The events and the state tell of the same place."""
    levels, depth = laws.levels, len(state["stack"])
    given_up = bool(levels) and levels[-1].given_up
    while len(levels) > depth + 1 and (levels[-1].left or given_up):
        levels.pop()
    if levels and len(levels) != depth + 1:
        yield f"{depth} places wait to be come back to, and the events tell of {len(levels) - 1}"
    elif levels and levels[-1].node != state["node"]:
        yield f"the events tell of `{levels[-1].node}`, and the conversation is at `{state['node']}`"


def _entered(laws: Laws, node: str, depth: int) -> Iterator[str]:
    levels = laws.levels
    if 0 < depth == len(levels) - 1 and levels[-1].left and levels[-1].to is None:
        levels.pop()  # where it came back to nothing is entered anew, and at once something else comes between
    if len(levels) > depth and not levels[-1].left:
        yield f"`{node}` is entered before `{levels[-1].node}` is left"
    elif len(levels) > depth and levels[-1].to != node:
        yield f"`{levels[-1].node}` is left for `{levels[-1].to}`, and `{node}` is entered"
    elif len(levels) > depth + 1 and not (levels[-1].given_up or levels[-1].unsure):
        yield f"`{node}` is entered at depth {depth} from depth {len(levels) - 1}, because of `{levels[-1].cause}`"
    elif depth > len(levels) or (levels and levels[-1].left and depth >= len(levels)):
        yield f"`{node}` is entered at depth {depth} from depth {len(levels) - 1}"
    del levels[depth:]
    laws.entries += 1
    levels.append(Level(node, laws.entries))


def _outlasting(laws: Laws, fine: set[str]) -> Iterator[str]:
    """Calls that go on although the node is left that waits for them."""
    if laws.levels:
        here = laws.levels[-1]
        left = [c for c, made in laws.calls.items() if made.entry == here.entry and not made.over and c not in fine]
        yield from (f"call `{call}` goes on after `{here.node}` is left" for call in left)


def _left(laws: Laws, data: dict[str, Any]) -> Iterator[str]:
    levels = laws.levels
    given_up = bool(levels) and levels[-1].given_up
    if levels and levels[-1].left and levels[-1].to is None:
        levels.pop()
    while given_up and levels and levels[-1].node != data["node"]:
        levels.pop()
    if not levels or levels[-1].node != data["node"]:
        yield f"`{data['node']}` is left, and the conversation is at `{levels[-1].node if levels else None}`"
    elif levels[-1].left:
        yield f"`{data['node']}` is left twice"
    else:
        levels[-1].left, levels[-1].to, levels[-1].cause = True, data["to"], data["cause"]["kind"]
        levels[-1].unsure = given_up


# --- Every order has one fate -----------------------------------------------------------


def _orders_end(
    laws: Laws, happened: inputs.Input, _before: State, after: State, wanted: Sequence[effects.Effect]
) -> Iterator[str]:
    """Every order gets its last status once; words are `applied`, then `spoken` or `refused`."""
    if isinstance(happened, inputs.Ordered):
        laws.orders[happened.order["order_id"]] = (happened.order["kind"], "")
    for effect in wanted:
        if isinstance(effect, effects.Settle):
            kind, status = laws.orders.get(effect.order, ("", "unknown"))
            fits = status == "" or (status == "applied" and kind in SPOKEN and effect.status in FINAL)
            if not fits:
                yield f"order `{effect.order}` (`{kind}`) is `{effect.status}` after it was `{status}`"
            laws.orders[effect.order] = (kind, effect.status)
    if after["phase"] == "ended":
        for order, (kind, status) in laws.orders.items():
            if status not in FINAL and (status != "applied" or kind in SPOKEN):
                yield f"order `{order}` (`{kind}`) is `{status}` for ever"


# --- Rungs are counted ------------------------------------------------------------------


def _rungs_count(
    laws: Laws, happened: inputs.Input, _before: State, _after: State, wanted: Sequence[effects.Effect]
) -> Iterator[str]:
    """Each rung is the next one, or the first after the ladder has begun anew."""
    if isinstance(happened, (inputs.Heard, inputs.Pressed)):
        laws.anew.add("no_input")
    for effect in wanted:
        if not isinstance(effect, effects.Emit):
            continue
        if effect.type == "node.entered":
            laws.anew |= {"no_input", "no_match"}
        elif effect.type == "slot.set":
            laws.anew.add("no_match")
        elif (ladder := LADDERS.get(effect.type)) is not None:
            rung, last = effect.data["rung"], laws.rungs.get(ladder, 0)
            if rung != last + 1 and not (rung == 1 and ladder in laws.anew):
                yield f"rung {rung} of `{ladder}` follows rung {last}"
            laws.rungs[ladder] = rung
            laws.anew.discard(ladder)


LADDERS = {"input.missing": "no_input", "input.unmatched": "no_match"}


# --- What nobody waits for changes nothing ----------------------------------------------


def _late_is_nothing(
    _laws: Laws, happened: inputs.Input, before: State, after: State, wanted: Sequence[effects.Effect]
) -> Iterator[str]:
    """Answers that nobody waits for, at a moment that has been dealt with, change nothing."""
    if before["phase"] != "live" or before["halted"] or happened.at != before["at"] or not _unwanted(happened, before):
        return
    if after != before:
        changed = [key for key in after if after[key] != before.get(key)]
        yield f"{type(happened).__name__} that nobody waits for changes {changed}"
    if any(not isinstance(effect, effects.Answer) for effect in wanted):
        yield f"{type(happened).__name__} that nobody waits for has effects: {wanted}"


def _unwanted(happened: inputs.Input, state: State) -> bool:
    """Whether nobody waits for this answer."""
    wanted = WANTED.get(type(happened))
    return wanted is not None and not wanted(happened, state)


def _turn(happened: Any, state: State) -> bool:
    return bool(happened.turn == state["model"]["turn"])


def _order(happened: inputs.Transferred, state: State) -> bool:
    name = happened.transfer
    return name.removeprefix("order:") in state["telling"] or (state["transfer"] or {}).get("transfer") == name


WANTED: dict[type, Callable[[Any, State], bool]] = {
    inputs.ToolFinished: lambda it, state: (
        state["calls"].get(it.call, {}).get("open", False) or it.call in state["background"]
    ),
    inputs.Classified: lambda it, state: (state["classify"] or {}).get("request") == it.request,
    inputs.ModelBegan: _turn,
    inputs.ModelCalled: _turn,
    inputs.ModelFinished: _turn,
    inputs.ModelFailed: _turn,
    inputs.ActionFinished: lambda it, state: (state["awaiting"] or {}).get("action") == it.action,
    inputs.AnswerRead: lambda it, state: bool(state["calls"].get(it.call, {}).get("reading")),
    inputs.Transferred: _order,
    inputs.Summarized: lambda it, state: (state["awaiting"] or {}).get("summary") == it.request,
    inputs.Carried: lambda it, state: it.order in state["telling"],
}
"""Kind of an answer → whether somebody waits for it."""


# --- The end is the end -----------------------------------------------------------------


def _over_is_over(
    laws: Laws, _happened: inputs.Input, before: State, after: State, wanted: Sequence[effects.Effect]
) -> Iterator[str]:
    """After the end nothing moves; what waits for an answer gets one."""
    if laws.ended:
        if {**after, "at": 0} != {**before, "at": 0}:
            yield f"something moves after the end: {[key for key in after if after[key] != before.get(key)]}"
        if any(not isinstance(effect, (effects.Settle, effects.Answer)) for effect in wanted):
            yield f"something happens after the end: {wanted}"
        return
    ends = [n for n, one in enumerate(wanted) if isinstance(one, effects.Emit) and one.type == "session.ended"]
    if len(ends) > 1 or bool(ends) != (after["phase"] == "ended"):
        yield f"`session.ended` is told {len(ends)} times in the phase `{after['phase']}`"
    if ends and [type(one) for one in wanted[ends[0] + 1 :]] != [effects.End]:
        yield f"something comes after `session.ended`: {wanted[ends[0] + 1 :]}"
    laws.ended = after["phase"] == "ended"
    if laws.ended and (left := [key for key in EMPTY if after[key]]):
        yield f"the session is over, and there is still {left}"


EMPTY = (
    "agenda",
    "awaiting",
    "calls",
    "background",
    "sayings",
    "orders",
    "telling",
    "deadlines",
    "heard",
    "pending",
    "later",
)


# --- Sensitive values stay where they are -----------------------------------------------


def _secrets_stay(
    laws: Laws, _happened: inputs.Input, before: State, after: State, wanted: Sequence[effects.Effect]
) -> Iterator[str]:
    """No sensitive value stands in an effect, but for calls of tools that it is granted to."""
    if not laws.plan.holds_secrets:
        return
    laws.secrets = {*_held(laws.plan, before), *_held(laws.plan, after)}
    if not laws.secrets:
        return
    granted = {tool for plan in laws.plan.flows.values() for name in plan.sensitive for tool in plan.slots[name].grant}
    for effect in wanted:
        if isinstance(effect, effects.CallTool) and effect.tool in granted:
            continue
        text = repr(effect)
        bare = SPACES.sub("", text)
        if any(secret in text or secret in bare for secret in laws.secrets):
            yield f"a sensitive value stands in {type(effect).__name__}: {text}"


def _held(plan: Plan, state: State) -> Iterator[str]:
    """The sensitive values that there are, here and at the places that wait."""
    for place in (state, *state["stack"]):
        here = plan if place["flow"] is None else plan.flows[place["flow"]]
        collect = place["collect"] or {}
        confirming = collect.get("confirming") or {}
        kept = (place["slots"], collect.get("held", {}), {confirming.get("slot"): confirming.get("value")})
        for name in here.sensitive:
            for slots in kept:
                text = slots.get(name)
                text = text if isinstance(text, str) or text is None else json.dumps(text)
                if text is not None and len(text) >= LONG:
                    yield text


Law = Callable[[Laws, inputs.Input, State, State, Sequence[effects.Effect]], Iterator[str]]

LAWS: dict[str, Law] = {
    "goes_on": _goes_on,
    "moves_once": _moves_once,
    "calls_end": _calls_end,
    "orders_end": _orders_end,
    "rungs_count": _rungs_count,
    "late_is_nothing": _late_is_nothing,
    "over_is_over": _over_is_over,
    "secrets_stay": _secrets_stay,
}
"""Name of a law → how a step breaks it."""


def stepped(
    plan: Plan, state: State, happened: inputs.Input, laws: Laws, trace: list[Note] | None = None
) -> tuple[State, list[effects.Effect], list[str]]:
    """Let one thing happen, twice: on the state, and on what JSON makes of it.

    Returns:
        The next state, what is to be done, and the laws that were broken on the way.
    """
    text = json.dumps(state)
    try:
        after, wanted = engine.step(plan, state, happened, trace)
        again = engine.step(plan, json.loads(text), happened)
    except Exception as error:  # noqa: BLE001 - whatever it is, the law is broken
        return state, [], [f"never_raises: {type(error).__name__}: {error}"]
    wrong = []
    if json.dumps(state) != text:
        wrong.append("stays: the state that was given has changed")
    if not _is_json(after):
        wrong.append("is_json: the state is another one when read from JSON")
    if again != (after, wanted):
        wrong.append("is_json: with the state read from JSON something else happens")
    return after, wanted, [*wrong, *laws.broken(happened, state, after, wanted)]


def _is_json(state: State) -> bool:
    try:
        return bool(json.loads(json.dumps(state)) == state)
    except TypeError:
        return False
