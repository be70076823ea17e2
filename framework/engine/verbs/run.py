"""`run`: the flow itself calls a tool; no model can forget to."""

from __future__ import annotations

from typing import Any

from framework.engine import calls, limits, routes
from framework.engine.work import Failure, Work

OUTCOMES = {"value": "done", "error": "error", "timeout": "timeout", "cancelled": "error"}
"""How a call's outcome is named in routes."""


def begin(work: Work) -> None:
    """Start the call, unless it is one too many for the session; the way of limits may call its own."""
    if limits.calls(work) and not work.state["limited"]:
        limits.reached(work, "tool_calls")
        return
    node, tool = work.node, work.node.tool or ""
    if calls.too_often(work, tool, node.rate):
        work.emit("error", code="too_many_calls", message=calls.TOO_MANY.format(tool=tool))
        routes.complete(work, "error", result=None)
        return
    arguments = {name: work.evaluated(value, work.granted(tool)) for name, value in node.arguments}
    call = work.drawn("call")
    work.state["calls"][call] = {"by": "flow", "name": tool, "tool": tool, "open": True, "answered": True}
    calls.start(work, call, tool, arguments, node.timeout_s, by="flow")
    if node.filler is not None:
        work.due(f"filler:{call}", node.filler.after_s)


def finished(work: Work, call: str, happened: Any) -> None:
    """The call has its outcome: save what is wanted and go on."""
    record = work.state["calls"].pop(call)
    result = happened.result if happened.outcome == "value" else None
    calls.finished(work, call, record, happened.outcome, calls.shown(work, result, work.node.save))
    outcome = OUTCOMES[happened.outcome]
    if outcome == "done":
        outcome = saved(work, result, outcome)
    routes.complete(work, outcome, result=result)


def saved(work: Work, result: Any, outcome: str, shown: Any = None) -> str:
    """Save what the node wants of a result; the outcome, `error` where a value doesn't fit its slot.

    `shown` is the result as slots may have it that aren't sensitive; None where it is the same.
    """
    source = "flow" if work.node.kind == "subflow" else "tool"
    try:
        for slot, condition in work.node.save:
            seen = result if shown is None or slot in work.plan.sensitive else shown
            work.set_slot(slot, condition.evaluate(work.names(result=seen), work.now), source)
    except Failure as failure:
        work.emit("error", code=failure.code, message=str(failure))
        return "error"
    return outcome
