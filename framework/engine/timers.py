"""Deliver what a flow does after a while or every so often: one by one, in the order of the file.

A timer that is due becomes pending; one that counts when all is idle waits for that, one that tells a model something
waits for a node where a model speaks. Delivered timers of an `every` begin anew, so that they never pile up.
"""

from __future__ import annotations

from framework.engine import effects, orders, routes
from framework.engine.plan import Plan, TimerPlan
from framework.engine.verbs import instruct
from framework.engine.work import Work

KEY = "timer:"


def begin(work: Work, plan: Plan) -> None:
    """A flow begins, and with it those of its timers that count all through it."""
    for timer in plan.timers:
        if timer.nodes is None:
            _arm(work, plan, timer, timer.after_s)


def leave(work: Work, plan: Plan) -> None:
    """A flow is over: its timers count no more."""
    for timer in plan.timers:
        _drop(work, plan, timer)


def entered(work: Work, plan: Plan, node: str) -> None:
    """A node has been entered: the time of its timers begins, that of other nodes' timers is over."""
    for timer in plan.timers:
        if timer.nodes is None:
            continue
        if node in timer.nodes:
            _drop(work, plan, timer)
            _arm(work, plan, timer, timer.after_s)
        else:
            _drop(work, plan, timer)


def due(work: Work, key: str) -> None:
    """A timer's moment has come."""
    if key not in work.state["pending"]:
        work.state["pending"] = [*work.state["pending"], key]


def ready(work: Work) -> str | None:
    """The first timer, in the order of the file, that can be delivered now."""
    state = work.state
    if not state["pending"] or not _can_move(work):
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
    work.note("timer", name=timer.name)
    if timer.every_s is not None:
        _arm(work, plan, timer, timer.every_s)
    again = "" if timer.idle or not (timer.say or timer.instruct or timer.to) else orders.cut(work)
    if timer.say:
        work.say(work.spoken(work.turn_of(f"{KEY}{key}", timer.say)))
        work.say(again)
    for event, value in timer.emit:
        work.emit(event, **work.evaluated(value))
    if timer.to is not None:
        routes.transition(work, timer.to, {"kind": "timer", "timer": timer.name})
    elif timer.instruct is not None:
        text = work.written(timer.instruct)
        work.do(effects.Prompt(role=None, messages=({"role": "developer", "content": text},)))
        instruct.heard(work)


def _can_move(work: Work) -> bool:
    state = work.state
    live = state["phase"] == "live" and state["reason"] is None and state["node"] is not None
    return live and not state["agenda"] and state["awaiting"] is None


def _told(work: Work) -> bool:
    """Whether a model speaks here that can be told something."""
    return work.node.kind == "instruct" and not work.state["classify"]


def _in_order(work: Work) -> list[tuple[str, TimerPlan]]:
    pending = work.state["pending"]
    return [
        (_key(plan, timer), timer) for plan in _plans(work) for timer in plan.timers if _key(plan, timer) in pending
    ]


def _plans(work: Work) -> list[Plan]:
    return [work.plan]


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
