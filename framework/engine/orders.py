"""Carry out an operator's order, or refuse it with a reason; every order gets one answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from framework.engine import effects, routes
from framework.engine.verbs import collect, instruct
from framework.engine.work import Failure, Work
from framework.suggest import did_you_mean


def carry_out(work: Work, order: dict[str, Any]) -> None:
    """Do what an order says; answers `Settle` with its fate."""
    status, why = "applied", ""
    if work.state["phase"] != "live":
        status, why = "refused", "the session is over" if work.state["phase"] != "new" else "the session has not begun"
    else:
        try:
            _KINDS[order["kind"]](work, order)
        except Failure as failure:
            status, why = "refused", str(failure)
    work.do(effects.Settle(order=order["order_id"], status=status, why=why))  # type: ignore[arg-type]


def _say(work: Work, order: dict[str, Any]) -> None:
    work.say(order["text"])


def _instruct(work: Work, order: dict[str, Any]) -> None:
    if work.state["node"] is None:
        raise Failure("not_begun", "the session has not entered its first node yet")
    if work.node.kind != "instruct":
        raise Failure("no_model", f"no model speaks at node `{work.node.name}` (`{work.node.kind}`)")
    message = {"role": "developer", "content": order["text"]}
    work.do(effects.Prompt(role=None, messages=(message,)))
    instruct.heard(work)


def _goto(work: Work, order: dict[str, Any]) -> None:
    to = order["node"]
    if to not in work.plan.nodes:
        raise Failure("unknown_node", f"there is no node `{to}`. {did_you_mean(to, work.plan.nodes)}")
    work.do(effects.Interrupt())
    routes.transition(work, to, {"kind": "order", "order": order["order_id"]})


def _set(work: Work, order: dict[str, Any]) -> None:
    checked: dict[str, Any] = {}
    for name, value in order["slots"].items():
        slot = work.plan.slots.get(name)
        if slot is None:
            raise Failure("unknown_slot", f"there is no slot `{name}`. {did_you_mean(name, work.plan.slots)}")
        try:
            checked[name] = None if value is None else slot.type.check(value, slot.options, work.today)
        except ValueError as error:
            raise Failure("bad_value", f"slot `{name}`: {error}") from error
    for name, value in checked.items():
        work.set_slot(name, value, "order")
    _slots_changed(work)


def _slots_changed(work: Work) -> None:
    if work.state["agenda"] or work.state["node"] is None:
        return
    if work.node.kind == "collect":
        collect.slots_changed(work)
    elif work.node.hears and not work.state["model"]["running"] and not work.state["calls"]:
        routes.conditions(work)


def _end(work: Work, order: dict[str, Any]) -> None:
    routes.finish(work, order["reason"], {"kind": "order", "order": order["order_id"]})


_KINDS: dict[str, Callable[[Work, dict[str, Any]], None]] = {
    "say": _say,
    "instruct": _instruct,
    "goto": _goto,
    "set": _set,
    "end": _end,
}
