"""Calls of tools beyond the plain one: how often, only with the person's yes, and beside the conversation."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from framework.engine import effects, inputs, interrupts, secrets
from framework.engine.context import ENDED
from framework.engine.plan import Condition, Offered
from framework.engine.work import Work
from framework.flows.expressions import EvaluationError

MINUTE_S = 60.0
GRACE_S = 2.0
"""What a tool call gets beyond its own deadline before the engine closes it."""

RUNNING = {"status": "running", "message": "It is under way; the result comes later."}
DECLINED = {"status": "declined", "message": "It was not done, as there was no yes."}
CANCELLED = {"status": "cancelled"}
TOO_MANY = "`{tool}` was called too often within a minute."


def start(work: Work, call: str, tool: str, arguments: dict[str, Any], timeout_s: float, *, by: Any) -> None:
    """Run a tool under a deadline of the engine's own."""
    now = [moment for moment in work.state["called"].get(tool, ()) if moment > work.at - MINUTE_S]
    work.state["called"][tool] = [*now, work.at]
    work.emit("tool.called", call=call, tool=tool, arguments=arguments, by=by)
    work.due(f"call:{call}", timeout_s + GRACE_S)
    work.do(effects.CallTool(call=call, tool=tool, arguments=arguments, timeout_s=timeout_s, by=by))


def too_often(work: Work, tool: str, rate: int) -> bool:
    """Whether one call more of a tool would be too many within a minute."""
    calls = [moment for moment in work.state["called"].get(tool, ()) if moment > work.at - MINUTE_S]
    return len(calls) >= rate


def finished(work: Work, call: str, record: dict[str, Any], outcome: str, result: Any = None) -> None:
    """Tell how a call ended; each that was started is told of once."""
    work.undue(f"call:{call}", f"filler:{call}")
    work.emit("tool.finished", call=call, tool=record["tool"], outcome=outcome, result=result)
    work.note("tool", call=call, tool=record["tool"], outcome=outcome, by=record["by"])


def shown(work: Work, result: Any, save: Iterable[tuple[str, Condition]]) -> Any:
    """A result as others than its tool may see it: without what is saved of it into sensitive slots."""
    values = []
    for slot, condition in save:
        if slot in work.plan.sensitive:
            with suppress(EvaluationError):  # whoever saves it says so
                values.append(condition.evaluate(work.names(result=result), work.now))
    return secrets.cleared(result, values) if values else result


def offers(work: Work) -> tuple[Offered, ...]:
    """What the model may call here: tools and functions, then interrupts, then the node's own intents."""
    node = work.offered
    intents = tuple(offered for offered in node if offered.way is not None)
    return (*(offered for offered in node if offered.way is None), *interrupts.offered(work), *intents)


def offered_as(work: Work, name: str) -> Offered | None:
    """What the model calls by this name at the present node."""
    return next((offered for offered in offers(work) if offered.offer.name == name), None)


def busy(record: dict[str, Any]) -> bool:
    """Whether the model waits for this call: it runs, is to be confirmed, or its answer is unread."""
    return bool(record["open"] or record.get("reading") or record.get("asking"))


def running(work: Work) -> list[str]:
    """All calls that have no outcome yet."""
    return [*(call for call, record in work.state["calls"].items() if record["open"]), *work.state["background"]]


def cancel(work: Work) -> None:
    """Leave all calls that the present node waits for: those that run are cut off, the model's get their answer."""
    for call, record in work.state["calls"].items():
        if record["open"]:
            work.do(effects.CancelTool(call=call))
            finished(work, call, record, "cancelled")
        if record["by"] == "model" and not record["answered"]:
            # The call goes on or is cut off, but its answer must stand in the context.
            work.do(effects.Answer(call=call, result=CANCELLED))
    work.state["calls"] = {}


def cancel_all(work: Work) -> None:
    """Leave all calls, also those in the background: the session is over, or goes on elsewhere."""
    cancel(work)
    for call, record in list(work.state["background"].items()):
        _cut_off(work, call, record)


def refuse(work: Work, made: Iterable[inputs.ModelCall]) -> None:
    """Nobody carries these calls of a model out: they get their answer all the same."""
    for call in made:
        work.do(effects.Answer(call=call.call, result=CANCELLED))


def lose(work: Work) -> None:
    """Whoever ran the calls in the background is gone; the next model that speaks is told."""
    for call, record in list(work.state["background"].items()):
        _cut_off(work, call, record)
        note_for_model(work, call, record, CANCELLED)


# --- Only with a yes --------------------------------------------------------


def ask(work: Work) -> bool:
    """Ask about the next call that wants a yes, once nothing else is under way; False when there is none."""
    calls = work.state["calls"]
    wanted = next((call for call, record in calls.items() if record.get("asking") == "wanted"), None)
    if wanted is None or work.asked is not None:
        return False
    calls[wanted]["asking"] = "asked"
    repeat(work, wanted)
    return True


def repeat(work: Work, call: str) -> None:
    """Put the question of a call to the person, for the first time or again."""
    offered = offered_as(work, work.state["calls"][call]["name"])
    if offered is not None:
        key = f"confirm/{work.state['node']}/{offered.offer.name}"
        work.say(work.spoken(work.turn_of(key, offered.confirm)))


# --- In the background ------------------------------------------------------


def leave_running(work: Work, call: str, offered: Offered) -> None:
    """From here on the conversation doesn't wait for this call."""
    state, record = work.state, work.state["calls"][call]
    state["background"][call] = {
        "by": "model",
        "tool": offered.tool,
        "name": record["name"],
        "flow": state["flow"],
        "depth": work.depth,
        "node": state["node"],
        "visit": state["visits"].get(state["node"], 0),
        "keep": offered.offer.keep,
    }


def interrupted(work: Work) -> None:
    """The person speaks: calls in the background that can't bear it are cut off."""
    for call, record in list(work.state["background"].items()):
        if not record["keep"]:
            _cut_off(work, call, record)
            note_for_model(work, call, record, CANCELLED)


def _cut_off(work: Work, call: str, record: dict[str, Any]) -> None:
    del work.state["background"][call]
    work.do(effects.CancelTool(call=call))
    finished(work, call, record, "cancelled")


def still_there(work: Work, record: dict[str, Any]) -> bool:
    """Whether the conversation is still at the visit of the node that the call was made at."""
    state = work.state
    place = (state["flow"], work.depth, state["node"], state["visits"].get(record["node"], 0))
    here = place == (record["flow"], record["depth"], record["node"], record["visit"])
    return here and state["phase"] == "live" and not state["agenda"]


def note_for_model(work: Work, call: str, record: dict[str, Any], answer: Any) -> None:
    """Keep what came of a call for the next model that speaks."""
    content = json.dumps(work.cleared(answer), ensure_ascii=False)
    words = f"The function `{record['name']}` that you called before (call {call}){ENDED}{content}"
    work.state["untold"].append({"role": "developer", "content": words})


def untold(work: Work) -> tuple[dict[str, Any], ...]:
    """Take what the model has not been told yet."""
    told, work.state["untold"] = tuple(work.state["untold"]), []
    return told


def tellable(work: Work) -> bool:
    """Whether the model can be told now: it would not talk into anybody's words."""
    state = work.state
    if not state["untold"] or state["phase"] != "live" or state["node"] is None or work.node.kind != "instruct":
        return False
    waits = state["agenda"] or state["awaiting"] or state["calls"] or state["heard"] or state["sayings"]
    return not (waits or state["hearing"] or state["model"]["running"] or state["halted"])
