"""Carry out an operator's orders, one after another, or refuse them with a reason; each gets one final status.

An immediate order is carried out as it comes and may cut off what is being said; a queued one waits until neither the
bot nor the person speaks. Both wait for those that came before them, and before the beginning all of them wait.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from framework.engine import asides, calls, effects, errands, events, frames, halts, inputs, routes, tune
from framework.engine.verbs import collect, instruct, transfer
from framework.engine.work import Failure, Work
from framework.suggest import did_you_mean

WAITING = 100
"""How many orders may wait; one more is refused."""
CUT_OFF = "cut off"
"""Why, for words of which only the beginning was said."""
UNHEARD = "it was cut off before a word of it was heard"

TO_THE_MODEL = ("instruct", "whisper", "prompt")
"""Kinds that say something to the model of a node."""
MOVES = ("instruct", "goto")
"""Kinds that make the bot go on, and so wait for `resume`."""

Status = Literal["applied", "spoken", "refused"]


# --- Arriving ---------------------------------------------------------------


def arrived(work: Work, order: dict[str, Any]) -> None:
    """Take an order: it is refused, or stands in line, or ends the session at once."""
    state, kind = work.state, order["kind"]
    if state["phase"] not in ("new", "live") or state["reason"] is not None:
        _settle(work, order, "refused", "the session is over" if state["phase"] == "ended" else "the session is ending")
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
    halted = halts.still(work)
    if order.get("mode") == "queued":
        return (work.quiet or (halted and not state["sayings"])) and not state["hearing"]
    if order["kind"] in TO_THE_MODEL and not halted:  # first the node must be entered
        return not state["agenda"] and state["awaiting"] is None
    return True


def _carry_out(work: Work, order: dict[str, Any]) -> None:
    if halts.still(work) and order["kind"] in MOVES:
        why = f"the session is paused ({work.state['halted']['how']}); `resume` it first"
        _settle(work, order, "refused", why)
        return
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
    if turn != work.state["model"]["turn"]:
        return  # it was cut off, and another one has begun
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
        if told["kind"] == "transfer":
            work.do(effects.StopTransfer(transfer=f"{halts.ORDERED}{name}"))
        if told.get("words"):
            _fate(work, name, "spoken", CUT_OFF, plain=not told["cut"])
        else:
            _fate(work, name, "refused", ended(reason))
    give_up(work, reason)


def forget(work: Work, why: str) -> None:
    """Nobody will tell any more what became of the orders that are under way."""
    telling, work.state["telling"] = work.state["telling"], {}
    for name, told in telling.items():
        work.undue(f"{errands.KEY}{name}")
        if told["kind"] == "transfer":
            over = {"transfer": f"{halts.ORDERED}{name}", "target": told["target"], "outcome": "cancelled"}
            work.emit("transfer.finished", **over)
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
    _needs_model(work, "use `say`, or `goto` a node where one does")
    model = work.state["model"]
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
    _tell_model(work, order["text"])
    instruct.respond(work)


def _whisper(work: Work, order: dict[str, Any]) -> None:
    _tell_model(work, order["text"])
    _settle(work, order, "applied")


def _prompt(work: Work, order: dict[str, Any]) -> None:
    _needs_model(work, "`goto` a node where one does")
    instruct.renew(work, ({"role": "developer", "content": order["text"]},))
    _settle(work, order, "applied")


def _tell_model(work: Work, text: str) -> None:
    work.do(effects.Prompt(role=None, messages=({"role": "developer", "content": text},)))


def _needs_model(work: Work, instead: str) -> None:
    node = work.node
    if node.kind != "instruct":
        raise Failure("no_model", f"no model speaks at node `{node.name}` (`{node.kind}`); {instead}")


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
    if work.state["agenda"] or work.state["node"] is None or halts.still(work):
        return
    if work.node.kind == "collect":
        collect.slots_changed(work)
    elif work.node.hears and not work.state["model"]["running"] and not work.state["calls"]:
        routes.conditions(work)


def _interrupt(work: Work, order: dict[str, Any]) -> None:
    _settle(work, order, "applied")
    _cut(work, {**order, "mode": "immediate"})


# --- Who speaks, and what is known ------------------------------------------


def _personality(work: Work, order: dict[str, Any]) -> None:
    name = order["personality"]
    if (known := work.root.cast.get(name)) is None:
        errands.send(work, order, "personality", {"name": name})
        return
    work.state["who"] = known.model_dump(mode="json")
    _recast(work)
    _settle(work, order, "applied")


def _recast(work: Work) -> None:
    """Somebody else speaks from here on: their voice, their role, and what they may call."""
    tune.changed(work)
    if work.node.kind == "instruct" and not work.state["agenda"]:
        offers = tuple(offered.offer for offered in calls.offers(work))
        work.do(effects.Prompt(role=instruct.role(work, work.node), messages=(), tools=offers))


def _reload(work: Work, order: dict[str, Any]) -> None:
    state, fresh = work.state, order.get("identity") or {}
    if fresh:
        state["identity"] = {**(state["identity"] or {}), **fresh}
    if work.node.kind == "instruct" and not state["agenda"]:
        instruct.renew(work, instruct.task(work, work.node))
    _settle(work, order, "applied")


# --- Making room for a person -----------------------------------------------


def _pause(work: Work, order: dict[str, Any]) -> None:
    state, how = work.state, order["kind"]
    if (halted := state["halted"]) is not None and halted["how"] == how:
        raise Failure("paused", f"the session is paused already ({how})")
    _hold(work, how, _cut(work, order))
    work.say(order.get("text", "").strip())
    _settle(work, order, "applied")


def _hold(work: Work, how: str, again: str) -> None:
    """Let the conversation stand still; a model that was answering answers anew afterwards."""
    model = work.state["model"]
    if model["running"]:
        instruct.stopped(work)
        model["again"] = True
    halts.begin(work, how, again)


def _resume(work: Work, order: dict[str, Any]) -> None:
    if work.state["halted"] is None:
        raise Failure("not_paused", "the session is not paused, so there is nothing to resume")
    _settle(work, order, "applied")
    _lift(work)


def _lift(work: Work) -> None:
    """The conversation goes on: with what is under way, else with what was cut off, else by asking again briefly."""
    state, again = work.state, halts.lift(work)
    if state["agenda"] or state["awaiting"] or state["classify"] or work.calling:
        work.say(again)
    elif state["model"]["again"]:
        instruct.settle(work)
    else:
        said = work.drawn_so_far("say")
        _slots_changed(work)
        if said == work.drawn_so_far("say") and not (state["agenda"] or state["model"]["running"]):
            _go_on(work, again)


def _go_on(work: Work, again: str) -> None:
    """Say what was cut off, else ask again briefly."""
    if again:
        work.say(again)
    elif work.node.hears:
        asides.come_back(work, "resume")


def _mute(work: Work, order: dict[str, Any]) -> None:
    work.state["muted"] = bool(order["on"])
    if work.state["muted"]:
        work.state["hearing"] = False
    _settle(work, order, "applied")


def _app_message(work: Work, order: dict[str, Any]) -> None:
    errands.send(work, order, "app_message", {"type": order["type"], "data": order.get("data", {})})


def _event(work: Work, order: dict[str, Any]) -> None:
    events.take(work, order["type"], order.get("data", {}))
    _settle(work, order, "applied")


def _transfer(work: Work, order: dict[str, Any]) -> None:
    """Hand the person over; meanwhile the conversation stands still, and it goes on if nobody answers."""
    state, name = work.state, order["order_id"]
    if state["transfer"] is not None or _kinds(work, "transfer"):
        raise Failure("transfer", "the person is being handed over already")
    if state["halted"] is None:
        _hold(work, "transfer", _cut(work, order))
    state["telling"][name] = {"kind": "transfer", "target": order["to"]}
    work.due(f"{errands.KEY}{name}", transfer.TRANSFER_S + transfer.GRACE_S)
    started = effects.Transfer(
        transfer=f"{halts.ORDERED}{name}", target=order["to"], brief="", warm=False, timeout_s=transfer.TRANSFER_S,
        language=work.language,
    )  # fmt: skip
    work.emit("transfer.started", transfer=started.transfer, target=started.target, warm=False)
    work.do(started)


def transferred(work: Work, name: str, outcome: str) -> None:
    """Whoever dials for an order says how it went: the session is over, or goes on as it was."""
    told = work.state["telling"].get(name)
    if told is None or told["kind"] != "transfer":
        return
    del work.state["telling"][name]
    work.undue(f"{errands.KEY}{name}")
    work.emit("transfer.finished", transfer=f"{halts.ORDERED}{name}", target=told["target"], outcome=outcome)
    halted = work.state["halted"]
    if outcome == "done":
        _fate(work, name, "applied")
        give_up(work, "transferred")
        halts.lift(work)
        routes.conclude(work, "transferred", {"kind": "order", "order": name})
        return
    _fate(work, name, "refused", f"the person could not be handed to `{told['target']}` ({outcome})")
    if halted is not None and halted["how"] == "transfer":
        _lift(work)


def overdue(work: Work, name: str) -> None:
    """Nobody has said in time what became of an order."""
    if _kinds(work, "transfer", name):
        work.do(effects.StopTransfer(transfer=f"{halts.ORDERED}{name}"))
        transferred(work, name, "no_answer")
    else:
        carried(work, errands.overdue(work, name))


def _kinds(work: Work, kind: str, name: str | None = None) -> bool:
    """Whether an order of this kind, or this very one, is under way."""
    telling = work.state["telling"]
    return any(told["kind"] == kind and name in (None, one) for one, told in telling.items())


def carried(work: Work, happened: inputs.Carried) -> None:
    """Somebody outside has done what an order wanted, or couldn't."""
    found = errands.finished(work, happened)
    if found is None:
        return
    status, why = found
    if status == "applied" and happened.data:
        _recast(work)
    _fate(work, happened.order, status, why)


def _end(work: Work, order: dict[str, Any]) -> None:
    _settle(work, order, "applied")
    give_up(work, order["reason"])
    halts.lift(work)
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
    "whisper": _whisper,
    "prompt": _prompt,
    "personality": _personality,
    "reload": _reload,
    "pause": _pause,
    "takeover": _pause,
    "resume": _resume,
    "mute": _mute,
    "transfer": _transfer,
    "app_message": _app_message,
    "event": _event,
    "interrupt": _interrupt,
    "end": _end,
}
