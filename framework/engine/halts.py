"""Pause a conversation, or leave it to a person, and go on afterwards: nothing that came meanwhile is lost.

`state["halted"]` is null, or `{how, deaf, rest, again, since}`: `pause`, `takeover` or `transfer`; whether the person
is unheard; the seconds that were left of each deadline; words that were cut off and are said again; since when. What
happens meanwhile (a tool's result, a model's answer, an event) waits in `state["later"]`; only the whole session's time
goes on.
"""

from __future__ import annotations

from framework.engine import calls, inputs
from framework.engine.work import Work

GOES_ON = ("duration", "speech", "end", "errand:")
"""What deadlines begin with that count all the same."""
AT_ONCE = (
    inputs.Started,
    inputs.Began,
    inputs.Noise,
    inputs.Heard,
    inputs.Pressed,
    inputs.StateChanged,
    inputs.Spoken,
    inputs.TimePassed,
    inputs.Ordered,
    inputs.Carried,
    inputs.Resumed,
    inputs.HungUp,
)
"""What is attended to also while the conversation is halted; of words and keys only that they came."""
ORDERED = "order:"
"""What the ids of transfers begin with that an order wants, not the flow."""
KEPT = 500
"""How much is kept that happened meanwhile; the oldest goes first."""


def begin(work: Work, how: str, again: str) -> None:
    """Halt the conversation where it is; one that is paused may be taken over, and the other way round."""
    state, before = work.state, work.state["halted"]
    rest = {name: at - work.at for name, at in state["deadlines"].items() if not name.startswith(GOES_ON)}
    state["deadlines"] = {name: at for name, at in state["deadlines"].items() if name.startswith(GOES_ON)}
    state["halted"] = {
        "how": how,
        "deaf": how == "pause",
        "rest": rest | (before["rest"] if before else {}),
        "again": again or (before["again"] if before else ""),
        "since": before["since"] if before else work.at,
    }


def lift(work: Work) -> str:
    """Let the conversation go on, with the time that was left; answers the words that are to be said again."""
    halted, work.state["halted"] = work.state["halted"], None
    if halted is None:
        return ""
    for name, seconds in halted["rest"].items():
        work.due(name, seconds)
    away = work.at - halted["since"]
    work.state["entered"] += away
    work.state["stack"] = [{**frame, "entered": frame["entered"] + away} for frame in work.state["stack"]]
    again: str = halted["again"]
    return again


def holds(work: Work, happened: inputs.Input) -> bool:
    """Keep what happens until the conversation goes on; False for what is attended to at once."""
    state = work.state
    if state["halted"] is None or state["reason"] is not None or isinstance(happened, AT_ONCE):
        return False
    if isinstance(happened, inputs.Transferred) and happened.transfer.startswith(ORDERED):
        return False
    if isinstance(happened, inputs.ToolFinished):
        work.undue(f"call:{happened.call}")
    state["later"] = [*state["later"], inputs.encoded(happened)][-KEPT:]
    return True


def waiting(work: Work) -> inputs.Input | None:
    """Take the next of what happened meanwhile, once the conversation goes on."""
    state = work.state
    if state["halted"] is not None or not state["later"]:
        return None
    first, *state["later"] = state["later"]
    return inputs.decoded(first, work.at)


def drop(work: Work) -> None:
    """The session is over: nothing is done with what has waited, but a model's calls get their answer."""
    for kept in work.state["later"]:
        happened = inputs.decoded(kept, work.at)
        if isinstance(happened, inputs.ModelCalled):
            calls.refuse(work, happened.calls)
    work.state["later"] = []


def still(work: Work) -> bool:
    """Whether the conversation stands still; what is on its way to the end goes on."""
    return work.state["halted"] is not None and work.state["reason"] is None
