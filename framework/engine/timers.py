"""Deliver what a flow does after a while or every so often: one by one, in the order of the file.

A timer that is due becomes pending; one that counts when all is idle waits for that, one that tells a model something
waits for a node where a model speaks. Delivered timers of an `every` begin anew, so that they never pile up. Timers of
the session's flow count in its subflows, too, and lead back to it.
"""

from __future__ import annotations

from framework.engine import effects, frames, orders, routes
from framework.engine.plan import Plan, TimerPlan
from framework.engine.verbs import instruct
from framework.engine.work import Work

KEY = "timer:"


def entered(work: Work, node: str) -> None:
    """A node has been entered: the time of its timers begins, that of other nodes' timers is over.

    With the first node of a flow, those timers begin that count all through it; they end with the flow.
    """
    state, plan = work.state, work.plan
    under_way = {work.root.flow, plan.flow, *(frame["flow"] for frame in state["stack"])}
    for flow in state["clocks"]:
        if flow not in under_way:
            _leave(work, work.root.flows[flow])
    if plan.flow not in state["clocks"]:
        _begin(work, plan)
    state["clocks"] = [flow for flow in dict.fromkeys([*state["clocks"], plan.flow]) if flow in under_way]
    for timer in plan.timers:
        if timer.nodes is None:
            continue
        _drop(work, plan, timer)
        if node in timer.nodes:
            _arm(work, plan, timer, timer.after_s)


def _begin(work: Work, plan: Plan) -> None:
    for timer in plan.timers:
        if timer.nodes is None:
            _arm(work, plan, timer, timer.after_s)


def _leave(work: Work, plan: Plan) -> None:
    for timer in plan.timers:
        _drop(work, plan, timer)


def due(work: Work, key: str) -> None:
    """A timer's moment has come."""
    if key not in work.state["pending"]:
        work.state["pending"] = [*work.state["pending"], key]


def ready(work: Work) -> str | None:
    """The first timer, in the order of the file, that can be delivered now."""
    state = work.state
    if not state["pending"] or not work.settled or state["reason"] is not None:
        return None
    idle = work.quiet and not state["hearing"]
    for key, timer in _in_order(work):
        waits = timer.idle and not idle
        if not waits and (timer.instruct is None or _told(work)):
            return key
    return None


def deliver(work: Work, key: str) -> None:
    """Do what a timer says: words, an instruction for the model, an event, another node."""
    state = work.state
    state["pending"] = [other for other in state["pending"] if other != key]
    plan, timer = _find(work, key)
    work.note("timer", name=timer.name, of=plan.flow)
    if timer.every_s is not None:
        _arm(work, plan, timer, timer.every_s)
    again = "" if timer.idle or not (timer.say or timer.instruct or timer.to) else orders.cut(work)
    more = frames.scope(work, plan)
    if timer.say:
        work.say(work.spoken(work.turn_of(f"{KEY}{key}", timer.say), **more))
        work.say(again)
    for event, value in timer.emit:
        work.emit(event, **work.evaluated(value, **more))
    if timer.to is not None:
        depth = 0 if plan is work.root else None
        routes.transition(work, timer.to, {"kind": "timer", "timer": timer.name}, depth=depth)
    elif timer.instruct is not None:
        text = work.written(timer.instruct, **more)
        work.do(effects.Prompt(role=None, messages=({"role": "developer", "content": text},)))
        instruct.respond(work)


def _told(work: Work) -> bool:
    """Whether a model speaks here that can be told something."""
    return work.node.kind == "instruct" and not work.state["classify"]


def _in_order(work: Work) -> list[tuple[str, TimerPlan]]:
    pending = work.state["pending"]
    return [
        (_key(plan, timer), timer) for plan in _plans(work) for timer in plan.timers if _key(plan, timer) in pending
    ]


def _plans(work: Work) -> list[Plan]:
    """Whose timers are delivered: the present flow's and the session's, not those of a flow that waits for another."""
    return [work.plan] if work.plan is work.root else [work.plan, work.root]


def _find(work: Work, key: str) -> tuple[Plan, TimerPlan]:
    return next((plan, timer) for plan in _plans(work) for timer in plan.timers if _key(plan, timer) == key)


def _key(plan: Plan, timer: TimerPlan) -> str:
    return f"{plan.flow}/{timer.name}"


def _arm(work: Work, plan: Plan, timer: TimerPlan, seconds: float) -> None:
    work.due(f"{KEY}{_key(plan, timer)}", seconds)


def _drop(work: Work, plan: Plan, timer: TimerPlan) -> None:
    key = _key(plan, timer)
    work.undue(f"{KEY}{key}")
    if key in work.state["pending"]:
        work.state["pending"] = [other for other in work.state["pending"] if other != key]
