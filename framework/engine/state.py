"""Where a conversation stands, as one JSON value.

| key | what it holds |
| --- | --- |
| `phase` | `new`, `live`, `ending` (saying its last words), `ended` |
| `at`, `started_at` | the last input's moment and the first one's, seconds since the epoch |
| `session`, `identity` | what `Started` brought |
| `slots` | slot → canonical value, for those that are set |
| `state` | Pipecat's free-form state |
| `filling` | the same as it was when the present node was entered: what Pipecat's placeholders are filled from |
| `flow`, `node`, `visits`, `turns` | where it is, entries per node of the present flow, turns of the person |
| `entered`, `timed` | when the present node was entered; the numbers of its `after` routes that have not been taken |
| `stack` | the places that are come back to, the innermost last, each a frame (`framework.engine.frames`) |
| `agenda` | what is still to be done before anything else can happen, as `[operation, …]` |
| `awaiting` | the action or words that the agenda waits for |
| `collect` | what the present `collect` node is asking |
| `calls` | tool calls that have no outcome yet, or whose answer the model has not read |
| `claim` | the way out that a call of the model's turn has claimed |
| `model` | `{turn, running, again, role, answered}` |
| `classify` | the question put to the router |
| `transfer` | the transfer under way: its id and its target |
| `heard` | texts that came while the flow was busy, each as `[text, late]` |
| `arrived` | events from outside that came while the flow was busy, each as `[type, data]` |
| `hearing` | whether a person is speaking |
| `since` | what the bot did since the person's last turn: `said` something, of which something was `heard` |
| `sayings` | words on their way to the person |
| `orders` | an operator's orders that wait for their turn |
| `silence` | `{since, waited, spent, held, asked}`, see `framework.engine.silence` |
| `rungs` | ladder → how many of its rungs were taken since the node was entered |
| `pending` | timers that are due and wait to be delivered |
| `last` | the words that the flow said last |
| `cooling` | interrupt → the person's turn at which it counted last |
| `true` | interrupts whose `if` holds, so that they count again only when it has not held in between |
| `aside` | what a model is saying between, and how the conversation goes on then |
| `corrigible` | the slot that the person has set last |
| `pressing`, `keyed`, `paused`, `presser` | keys to look at, those looked at, whether no more came, whose they are |
| `covert` | whether they were pressed while a sensitive value was asked for |
| `clocks` | flows whose timers run |
| `deaf` | whether the person speaks words that are not heard, as the node is mute while the bot speaks |
| `telling` | orders whose words are under way, by their ids |
| `background` | tool calls beside which the conversation goes on |
| `untold` | what came of them, as messages for the next model that speaks |
| `called` | tool → the moments of its calls in the last minute |
| `who` | the personality that an operator ordered |
| `tuned` | the language, personality, voice and stack that hearing and speaking are tuned to |
| `halted`, `later` | while an operator has the conversation paused: how; what happened meanwhile |
| `muted` | whether an operator has the person unheard |
| `deadlines` | name → moment: every wait of the conversation |
| `counts` | how often each list of texts was used, ids drawn, tools called |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from framework.errors import UserError

if TYPE_CHECKING:
    from framework.engine.plan import Plan

FORMAT = 1
"""The version of a state that is kept."""
State = dict[str, Any]
"""One JSON value."""

CHANGED = (
    "stack", "slots", "visits", "agenda", "model", "post", "heard", "sayings", "deadlines", "counts", "orders",
    "telling", "silence", "rungs", "pending", "cooling", "untold", "called",
)  # fmt: skip
"""What steps change in place, beside records of calls and all of `collect`; the rest is only ever replaced."""


def initial() -> State:
    """The state before `Started`."""
    return {
        "phase": "new",
        "at": 0.0,
        "started_at": 0.0,
        "session": {},
        "identity": None,
        "slots": {},
        "state": {},
        "filling": {},
        "flow": None,
        "stack": [],
        "node": None,
        "entered": 0.0,
        "timed": [],
        "visits": {},
        "turns": 0,
        "agenda": [],
        "awaiting": None,
        "collect": None,
        "calls": {},
        "claim": None,
        "background": {},
        "untold": [],
        "called": {},
        "who": None,
        "tuned": None,
        "halted": None,
        "later": [],
        "muted": False,
        "model": {"turn": 0, "running": False, "again": False, "role": None, "silent": 0},
        "classify": None,
        "transfer": None,
        "post": [],
        "heard": [],
        "arrived": [],
        "hearing": False,
        "since": None,
        "sayings": {},
        "orders": [],
        "telling": {},
        "silence": {"since": None, "waited": 0.0, "spent": 0.0, "held": None, "asked": []},
        "rungs": {},
        "pending": [],
        "last": "",
        "cooling": {},
        "true": [],
        "aside": None,
        "corrigible": None,
        "keyed": "",
        "pressing": "",
        "paused": False,
        "presser": "user",
        "covert": False,
        "clocks": [],
        "deaf": False,
        "deadlines": {},
        "counts": {},
        "limited": False,
        "failing": False,
        "reason": None,
    }


def forked(state: State) -> State:
    """A state to work on: what steps change in place is copied, all else is shared with the state it came from."""
    fresh = state.copy()
    for key in CHANGED:
        fresh[key] = state[key].copy()
    fresh["calls"] = {call: record.copy() for call, record in state["calls"].items()}
    fresh["background"] = {call: record.copy() for call, record in state["background"].items()}
    fresh["collect"] = copied(state["collect"])
    return fresh


def copied(value: Any) -> Any:
    """A deep copy of a JSON value; several times faster than `copy.deepcopy`."""
    if isinstance(value, dict):
        return {key: copied(item) if isinstance(item, (dict, list)) else item for key, item in value.items()}
    if isinstance(value, list):
        return [copied(item) if isinstance(item, (dict, list)) else item for item in value]
    return value


def saved(plan: Plan, state: State) -> dict[str, Any]:
    """A conversation as it can be kept: one JSON value, from which `restored` makes the state again."""
    return {"format": FORMAT, "hash": plan.hash, "state": copied(state)}


def restored(plan: Plan, kept: Mapping[str, Any]) -> State:
    """The state that was kept; the input `Resumed` is the next thing to happen to it.

    Raises:
        UserError: It was kept by another version of the engine, of another flow, or after the end.
    """
    if kept.get("format") != FORMAT:
        raise UserError(f"the checkpoint has the format {kept.get('format')!r}; this version reads {FORMAT}")
    if kept.get("hash") != plan.hash:
        raise UserError(
            f"the checkpoint is of another version of the flow `{plan.flow}`",
            fix="Go on with the files that the session began with, or start a new one.",
        )
    state: State = {**initial(), **copied(kept["state"])}
    if state["phase"] == "ended":
        raise UserError(f"the session is over ({state['reason']})", fix="Start a new one.")
    return state


def deadline(state: State) -> float | None:
    """The next moment at which `TimePassed` must be given; None when nothing is waited for."""
    return min(state["deadlines"].values(), default=None)
