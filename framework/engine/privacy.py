"""Which words of a person are kept from everybody but the engine: those that give a sensitive slot."""

from __future__ import annotations

from framework.engine.plan import SlotPlan
from framework.engine.work import Work
from framework.slots import phrases
from framework.slots.base import Found


def asked(work: Work) -> str | None:
    """The sensitive slot that is being asked for or read back, if one is."""
    collect = work.state["collect"]
    if collect is None or not work.plan.sensitive or work.state["node"] is None or work.node.kind != "collect":
        return None
    name: str | None = collect["asking"]
    return name if name in work.plan.sensitive else None


def private(work: Work, text: str) -> bool:
    """Whether these words may give a sensitive value: it is asked for, they name it, correct it, or repeat it."""
    if not work.plan.sensitive or work.state["node"] is None:
        return False
    if asked(work) is not None or work.cleared(text) != text:
        return True
    if work.node.kind != "collect":
        return _corrects(work, text)
    return any(_gives(work, work.plan.slots[name], text) for name in work.plan.sensitive)


def tell(work: Work, text: str, participant: str, *, kept: bool = False) -> None:
    """Say what a person has said, without words that are private; what a busy flow asks next, nobody knows."""
    state = work.state
    busy = bool(work.plan.sensitive) and state["phase"] == "live" and bool(state["agenda"] or state["awaiting"])
    if kept or busy or private(work, text):
        work.emit("user.said", text="", participant=participant, masked=True)
    else:
        work.emit("user.said", text=text, participant=participant)


def _gives(work: Work, slot: SlotPlan, text: str) -> bool:
    """Whether the words name a value of the slot, or correct it."""
    collect = work.state["collect"] or {}
    if collect.get("last") == slot.name and _is_better(work, slot, text):
        return True
    return isinstance(slot.type.hear(text, slot.options, work.hearing(slot, asked=False)), Found)


def _corrects(work: Work, text: str) -> bool:
    """Whether the words correct a sensitive slot that was set last."""
    name = work.state["corrigible"]
    return name in work.plan.sensitive and _is_better(work, work.plan.slots[name], text)


def _is_better(work: Work, slot: SlotPlan, text: str) -> bool:
    rest = phrases.correction(text, work.language)
    if rest is None:
        return False
    return isinstance(slot.type.hear(rest, slot.options, work.hearing(slot, asked=True)), Found)
