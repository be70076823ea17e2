"""`run`: the flow itself calls a tool; no model can forget to."""

from __future__ import annotations

from typing import Any

from framework.engine import limits, routes
from framework.engine.verbs import instruct
from framework.engine.work import Failure, Work

OUTCOMES = {"value": "done", "error": "error", "timeout": "timeout", "cancelled": "error"}
"""How a call's outcome is named in routes."""


def begin(work: Work) -> None:
    """Start the call, unless it is one too many for the session; the way of limits may call its own."""
    if limits.calls(work) and not work.state["limited"]:
        limits.reached(work, "tool_calls")
        return
    node = work.node
    arguments = {name: work.evaluated(value) for name, value in node.arguments}
    call = work.drawn("call")
    instruct.start(work, call, node.tool or "", arguments, node.timeout_s, by="flow")
    if node.filler is not None:
        work.due(f"filler:{call}", node.filler.after_s)


def finished(work: Work, call: str, happened: Any) -> None:
    """The call has its outcome: save what is wanted and go on."""
    record = work.state["calls"].pop(call)
    work.undue(f"call:{call}", f"filler:{call}")
    result = happened.result if happened.outcome == "value" else None
    work.emit("tool.finished", call=call, tool=record["tool"], outcome=happened.outcome, result=result)
    outcome = OUTCOMES[happened.outcome]
    if outcome == "done":
        outcome = saved(work, result, outcome)
    routes.complete(work, outcome, result=result)


def saved(work: Work, result: Any, outcome: str) -> str:
    """Save what the node wants of a result; the outcome, `error` where a value doesn't fit its slot."""
    try:
        for slot, condition in work.node.save:
            work.set_slot(slot, condition.evaluate(work.names(result=result), work.now), "tool")
    except Failure as failure:
        work.emit("error", code=failure.code, message=str(failure))
        return "error"
    return outcome
