"""Keys of a telephone: gather what is pressed until it means something, or until no more comes.

Keys that open a route or an interrupt mean it at once, unless more could follow: an answer to what is asked, or longer
keys of another route. Then a `#`, as many keys as the answer takes, or a pause ends what was pressed. In a chat, a text
of nothing but keys is pressed.
"""

from __future__ import annotations

import re
from typing import Any

from framework.engine import asides, effects, interrupts, limits, privacy, routes, silence
from framework.engine.plan import InterruptPlan, Plan, SlotPlan, Way
from framework.engine.verbs import collect, instruct, say
from framework.engine.work import Work

PAUSE_S = 3.0
"""How long after a key another one may follow."""
MOST = 40
"""How many keys are gathered; more are forgotten."""
KEYS = re.compile(r"[0-9*#]+")

Meaning = tuple[Way, tuple[Plan, InterruptPlan] | None]
"""A route of the node, or an interrupt's way with the interrupt."""


def pressed(work: Work, keys: str, participant: str) -> None:
    """A person has pressed keys; where nothing waits for any, they are forgotten."""
    state = work.state
    silence.broken(work)
    keys = "".join(KEYS.findall(keys))[:MOST]
    if not keys or state["phase"] != "live" or state["node"] is None:
        return
    state["paused"] = False
    covert = state["covert"] or privacy.asked(work) is not None
    state.update(pressing=(state["pressing"] + keys)[:MOST], presser=participant, covert=covert)
    work.due("keys", PAUSE_S)
    if work.node.hears and _any(work):
        _hush(work)


def paused(work: Work) -> None:
    """No more keys have come: what was pressed is whole."""
    work.state["paused"] = True


def typed(work: Work, text: str) -> bool:
    """Whether a text of a chat is keys that mean something here; then they count as pressed."""
    in_chat = work.state["session"].get("channel", "text") == "text"
    if not in_chat or not KEYS.fullmatch(text):
        return False
    slot = _asked(work)
    if _exact(work, text) is None and (slot is None or slot.input != "dtmf"):
        return False
    _mean(work, text)
    return True


def due(work: Work) -> bool:
    """Whether there is a key to look at, or what has been pressed is whole as no more has come.

    Where a model converses they wait, as everything does there, for the calls of its turn.
    """
    state = work.state
    if work.node.kind == "instruct" and work.calling:
        return False
    return bool(state["pressing"] or (state["keyed"] and state["paused"]))


def attend(work: Work) -> None:
    """Look at the next key; what is whole then is a turn of the person. Where nothing waits for keys, they are lost.

    So are those that were pressed for a sensitive value and are left over: they would answer what is asked next, aloud.
    """
    state = work.state
    if not _any(work) or (state["covert"] and privacy.asked(work) is None):
        state["pressing"] = ""
        forget(work)
    elif not state["keyed"] and state["pressing"][:1] == "#" and not _begins(work, "#"):
        state["pressing"] = state["pressing"][1:]  # it ends what was whole without it
    elif state["pressing"]:
        state.update(keyed=state["keyed"] + state["pressing"][0], pressing=state["pressing"][1:])
        if _whole(work, state["keyed"]):
            _turn(work)
    else:
        _turn(work)


def forget(work: Work) -> None:
    """Nothing has been pressed so far."""
    work.state["keyed"] = ""
    if not work.state["pressing"]:
        work.state.update(paused=False, covert=False)
        work.undue("keys")


def _turn(work: Work) -> None:
    keyed = work.state["keyed"]
    forget(work)
    asides.cancel(work)
    privacy.tell(work, keyed, work.state["presser"])
    if not limits.turns(work):
        _mean(work, keyed)


def _whole(work: Work, keyed: str) -> bool:
    """Whether no key more is waited for."""
    slot = _asked(work)
    longer = any(keys.startswith(keyed) and keys != keyed for way, _ in _ways(work) for keys in way.keys)
    exact = _exact(work, keyed) is not None
    if slot is None:
        return not longer
    presses = 1 if _confirming(work) else slot.type.presses(slot.options, work.hearing(slot, asked=True))
    if exact and presses == 1:
        return True
    return not longer and (keyed.endswith("#") or 0 < presses <= len(keyed))


def _mean(work: Work, keyed: str) -> None:
    """Keys of a route or an interrupt, else an answer, else a turn that fits nothing."""
    found = _exact(work, keyed)
    slot = None if found is not None else _asked(work)
    found = found if slot is not None or found is not None else _exact(work, keyed.removesuffix("#"))
    if found is None and slot is not None:
        collect.keyed(work, slot, keyed)
    elif found is None:
        if work.node.kind == "say":
            say.classified(work, None, "keys", 0.0)
    elif found[1] is not None:
        work.emit("intent.heard", intent=found[1][1].name, by="keys", score=1.0)
        interrupts.break_in(work, *found[1])
    else:
        instruct.pause(work)
        _take(work, found[0])


def _take(work: Work, way: Way) -> None:
    if work.node.kind == "collect":
        collect.meant(work, way, "keys", 1.0)
    else:
        routes.meant(work, way, "keys", 1.0)
        if not way.leads:
            routes.conditions(work)


# --- What waits for keys --------------------------------------------------------


def _ways(work: Work) -> list[Meaning]:
    """What keys mean here: interrupts, then the node's routes."""
    broken: list[Meaning] = [(one.way, (plan, one)) for plan, one in interrupts.available(work) if one.way.keys]
    return [*broken, *((way, None) for way in work.node.keyed if work.holds(way))]


def _exact(work: Work, keyed: str) -> Meaning | None:
    return next(((way, one) for way, one in _ways(work) if keyed in way.keys), None)


def _begins(work: Work, key: str) -> bool:
    """Whether keys of a route or an interrupt begin so."""
    return any(keys.startswith(key) for way, _ in _ways(work) for keys in way.keys)


def _asked(work: Work) -> SlotPlan | None:
    """The slot that keys would answer."""
    asked: dict[str, Any] | None = work.state["collect"]
    if work.node.kind != "collect" or asked is None or asked["asking"] is None:
        return None
    slot = work.plan.slots[asked["asking"]]
    return slot if slot.input != "speech" else None


def _confirming(work: Work) -> bool:
    return work.state["collect"]["confirming"] is not None


def _any(work: Work) -> bool:
    return _asked(work) is not None or bool(_ways(work))


def _hush(work: Work) -> None:
    """Who presses a key has heard enough."""
    if work.node.interruptible and work.state["sayings"]:
        work.do(effects.Interrupt())
