"""`subflow`: another flow runs until its end; then this one goes on with the reason as the outcome."""

from __future__ import annotations

from typing import Any

from framework.engine import frames, routes
from framework.engine.plan import Plan
from framework.engine.verbs import run
from framework.engine.work import Failure, Work
from framework.flows.expressions import EvaluationError


def begin(work: Work) -> None:
    """Enter the other flow; inputs that are missing or don't fit are the outcome `error`."""
    node = work.node
    plan = work.root.flows[node.subflow or ""]
    try:
        given = {name: work.evaluated(value, _reveals(work, plan, name)) for name, value in node.arguments}
        slots = frames.opening(plan, given, work.today)
        frames.push(work, plan.flow, {"kind": "subflow"}, slots)
    except (Failure, EvaluationError) as error:
        work.emit("error", code=getattr(error, "code", "expression"), message=str(error))
        routes.complete(work, "error", result=None)
        return
    shown = frames.shown(plan, slots)
    work.note("subflow", to=plan.flow)
    for name in given:
        if name in slots:
            work.emit("slot.set", slot=name, value=shown[name], source="start")
    work.agenda([["enter", plan.initial]])


def returned(work: Work, reason: str, outputs: dict[str, Any], _back: dict[str, Any]) -> None:
    """The other flow has ended: save what is wanted and go on."""
    shown = frames.shown(work.root.flows[work.node.subflow or ""], outputs)
    outcome = reason if reason == "error" else run.saved(work, outputs, reason, shown)
    routes.complete(work, outcome, result=shown)


def _reveals(work: Work, plan: Plan, name: str) -> frozenset[str]:
    """The sensitive slots that an input of another flow may be given: all, where it is sensitive there, too."""
    return work.plan.sensitive if name in plan.sensitive else frozenset()
