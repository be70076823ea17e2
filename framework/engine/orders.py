"""Carry out an operator's orders, one after another, or refuse them with a reason; each gets one final status.

An immediate order is carried out as it comes and may cut off what is being said; a queued one waits until neither the
bot nor the person speaks. Both wait for those that came before them, and before the beginning all of them wait.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from framework.engine import effects, frames, routes
from framework.engine.verbs import collect, instruct
from framework.engine.work import Failure, Work
from framework.suggest import did_you_mean

WAITING = 100
"""How many orders may wait; one more is refused."""
CUT_OFF = "cut off"
"""Why, for words of which only the beginning was said."""
UNHEARD = "it was cut off before a word of it was heard"

Status = Literal["applied", "spoken", "refused"]


# --- Arriving ---------------------------------------------------------------


def arrived(work: Work, order: dict[str, Any]) -> None:
    """Take an order: it is refused, or stands in line, or ends the session at once."""
    state, kind = work.state, order["kind"]
    if state["phase"] not in ("new", "live") or state["reason"] is not None:
        _settle(work, order, "refused", "the session is over" if state["phase"] == "ended" else "the session is ending")
    elif kind in LATER:
        _settle(work, order, "refused", LATER[kind])
    elif order.get("at_once"):
        _carry_out(work, order)
    elif kind == "end" and (order.get("mode") != "queued" or state["phase"] == "new"):
        give_up(work, order["reason"])
        _carry_out(work, order)
    elif len(state["orders"]) >= WAITING:
        _settle(work, order, "refused", f"{WAITING} orders wait already; give it again once they are done")
    else:
        state["orders"].append(order)


def due(work: Work) -> bool:
    """Whether it is an order's turn; what has been said by now is told first."""
    state = work.state
    if state["telling"] and work.quiet:
        _tell(work)
    return bool(state["orders"]) and _due(work, state["orders"][0])


def attend(work: Work) -> None:
    """Carry out the order whose turn it is."""
    _carry_out(work, work.state["orders"].pop(0))


def _due(work: Work, order: dict[str, Any]) -> bool:
    state = work.state
    if state["phase"] != "live" or state["reason"] is not None:
        return False
    if order.get("mode") == "queued":
        return work.quiet and not state["hearing"]
    if order["kind"] == "instruct":  # says something to the node's model: first the node must be entered
        return not state["agenda"] and state["awaiting"] is None
    return True


def _carry_out(work: Work, order: dict[str, Any]) -> None:
    try:
        _KINDS[order["kind"]](work, order)
    except Failure as failure:
        if any(isinstance(done, effects.Settle) and done.order == order["order_id"] for done in work.wanted):
            raise  # the order stands; what came of it is the flow's to handle
        _settle(work, order, "refused", str(failure))


def _settle(work: Work, order: dict[str, Any], status: Status, why: str = "") -> None:
    work.do(effects.Settle(order=order["order_id"], status=status, why=why))


# --- What became of words ---------------------------------------------------


def spoken(work: Work, say: str | None, words: str, *, interrupted: bool) -> None:
    """Words have left: those of an order give it its last status."""
    telling = work.state["telling"]
    for name, told in list(telling.items()):
        if told["kind"] == "say" and told["say"] == say:
            del telling[name]
            _fate(work, name, "spoken" if words else "refused", CUT_OFF if words else UNHEARD, plain=not interrupted)
        elif told["kind"] == "instruct" and (told["answered"] if say is None else say not in told["before"]):
            telling[name] = {**told, "words": told["words"] or bool(words), "cut": interrupted}


def answered(work: Work, turn: int, text: str) -> None:
    """The model has responded: its words from now on are what an `instruct` made it say."""
    telling = work.state["telling"]
    for name, told in list(telling.items()):
        if text and told["kind"] == "instruct" and turn > told["turn"]:
            telling[name] = {**told, "answered": True}


def unanswered(work: Work) -> None:
    """The model has failed."""
    for name, _ in _those(work, "instruct"):
        _fate(work, name, "refused", "the model gave no answer")


def entered(work: Work, node: str) -> None:
    """A node has been entered: the one that an order named, or another one before it could be."""
    for name, told in _those(work, "goto"):
        if told["node"] == node:
            _fate(work, name, "applied")
        else:
            _fate(work, name, "refused", f"the flow went to `{node}` first")


def give_up(work: Work, reason: str) -> None:
    """The session ends: orders that still wait are refused."""
    orders, work.state["orders"] = work.state["orders"], []
    for order in orders:
        _settle(work, order, "refused", ended(reason))


def close(work: Work, reason: str) -> None:
    """The session is over: every order that has no final status gets one."""
    telling, work.state["telling"] = work.state["telling"], {}
    for name, told in telling.items():
        if told.get("words"):
            _fate(work, name, "spoken", CUT_OFF, plain=not told["cut"])
        else:
            _fate(work, name, "refused", ended(reason))
    give_up(work, reason)


def forget(work: Work, why: str) -> None:
    """Nobody will tell any more what became of the orders that are under way."""
    telling, work.state["telling"] = work.state["telling"], {}
    for name, told in telling.items():
        _fate(work, name, "spoken" if told.get("words") else "refused", why)


def ended(reason: str) -> str:
    """Why an order is refused whose session is over.

    >>> ended("hangup")
    'the session ended (hangup)'
    """
    return f"the session ended ({reason})"


def _tell(work: Work) -> None:
    """All is quiet: what an `instruct` made the bot say has been said."""
    for name, told in _those(work, "instruct"):
        if told["words"]:
            _fate(work, name, "spoken", CUT_OFF, plain=not told["cut"])
        else:
            _fate(work, name, "refused", UNHEARD if told["cut"] else "the model answered without a word")


def _those(work: Work, kind: str) -> list[tuple[str, dict[str, Any]]]:
    """Take the orders of a kind out of those that are under way."""
    telling = work.state["telling"]
    found = [(name, told) for name, told in telling.items() if told["kind"] == kind]
    for name, _ in found:
        del telling[name]
    return found


def _fate(work: Work, name: str, status: Status, why: str = "", *, plain: bool = False) -> None:
    """An order's last status; a plain `spoken` needs no reason."""
    work.do(effects.Settle(order=name, status=status, why="" if plain and status == "spoken" else why))


# --- The kinds --------------------------------------------------------------


def _say(work: Work, order: dict[str, Any]) -> None:
    if not order["text"].strip():
        raise Failure("no_text", "there is nothing in it that could be said")
    _settle(work, order, "applied")
    again = _cut(work, order)
    said = work.say(order["text"])
    work.state["telling"][order["order_id"]] = {"kind": "say", "say": said}
    if again:
        work.say(again)


def _instruct(work: Work, order: dict[str, Any]) -> None:
    node, model = work.node, work.state["model"]
    if node.kind != "instruct":
        raise Failure(
            "no_model",
            f"no model speaks at node `{node.name}` (`{node.kind}`); use `say`, or `goto` a node where one does",
        )
    _settle(work, order, "applied")
    _cut(work, order)
    work.state["telling"][order["order_id"]] = {
        "kind": "instruct",
        "before": list(work.state["sayings"]),
        "turn": model["turn"],
        "answered": False,
        "words": False,
        "cut": False,
    }
    work.do(effects.Prompt(role=None, messages=({"role": "developer", "content": order["text"]},)))
    instruct.respond(work)


def _goto(work: Work, order: dict[str, Any]) -> None:
    to = order["node"]
    depth = frames.home(work, to)
    if depth is None:
        raise Failure("unknown_node", f"there is no node `{to}`. {did_you_mean(to, work.plan.nodes)}")
    work.do(effects.Interrupt())
    routes.transition(work, to, {"kind": "order", "order": order["order_id"]}, depth)
    for name, told in _those(work, "goto"):
        _fate(work, name, "refused", f"another order led to `{to}` before `{told['node']}` was entered")
    work.state["telling"][order["order_id"]] = {"kind": "goto", "node": to}


def _set(work: Work, order: dict[str, Any]) -> None:
    checked: dict[str, Any] = {}
    for name, value in order["slots"].items():
        slot = work.plan.slots.get(name)
        if slot is None:
            raise Failure("unknown_slot", f"there is no slot `{name}`. {did_you_mean(name, work.plan.slots)}")
        try:
            checked[name] = None if value is None else slot.type.check(value, slot.options, work.today)
        except ValueError as error:
            raise Failure("bad_value", slot.told(error)) from None
    for name, value in checked.items():
        work.set_slot(name, value, "order")
    _settle(work, order, "applied")
    _slots_changed(work)


def _slots_changed(work: Work) -> None:
    if work.state["agenda"] or work.state["node"] is None:
        return
    if work.node.kind == "collect":
        collect.slots_changed(work)
    elif work.node.hears and not work.state["model"]["running"] and not work.state["calls"]:
        routes.conditions(work)


def _interrupt(work: Work, order: dict[str, Any]) -> None:
    _settle(work, order, "applied")
    _cut(work, {**order, "mode": "immediate"})


def _end(work: Work, order: dict[str, Any]) -> None:
    _settle(work, order, "applied")
    give_up(work, order["reason"])
    routes.conclude(work, order["reason"], {"kind": "order", "order": order["order_id"]})


def _cut(work: Work, order: dict[str, Any]) -> str:
    """Cut off what is being said, if the order may; answers the words that the person has to hear again."""
    return "" if order.get("mode") == "queued" else cut(work)


def cut(work: Work) -> str:
    """Cut off what is being said, if anything is; answers the words that the person has to hear again."""
    state = work.state
    if not (state["sayings"] or state["model"]["running"]):
        return ""
    state["model"]["silent"] = 0  # a response that is cut off isn't an empty one
    work.do(effects.Interrupt())
    ours = {told.get("say") for told in state["telling"].values()}
    asked = [text for say, text in state["sayings"].items() if say != "model" and say not in ours]
    waits = state["node"] is not None and work.node.hears and not state["agenda"] and state["awaiting"] is None
    return asked[-1] if asked and waits and work.node.kind != "instruct" else ""


_KINDS: dict[str, Callable[[Work, dict[str, Any]], None]] = {
    "say": _say,
    "instruct": _instruct,
    "goto": _goto,
    "set": _set,
    "interrupt": _interrupt,
    "end": _end,
}

LATER: dict[str, str] = {
    kind: f"sessions of this version can't {what} yet; {instead}"
    for kind, what, instead in (
        ("whisper", "let the model know something without an answer", "use `instruct`, or `set` a slot that it reads"),
        ("prompt", "take other instructions for a node", "use `instruct`, or `goto` a node that has them"),
        ("personality", "change their personality", "`end` this one and start another with it"),
        ("reload", "read anew what they know about the caller", "`set` the slots that have changed"),
        ("pause", "pause", "`goto` a node that waits, or `end` the session"),
        ("resume", "pause, so there is nothing to resume", "`goto` the node that comes next"),
        ("takeover", "leave the conversation to a person", "`say` what a person would, or `end` the session"),
        ("mute", "stop hearing the caller", "`goto` a node that doesn't listen"),
        ("transfer", "hand the caller to somebody else", "`say` whom to call, then `end` the session"),
        ("app_message", "send a message of an order's own", "let the flow `emit` an event: clients get those"),
    )
}
"""Kinds that sessions don't carry out: why, and what can be done instead."""
