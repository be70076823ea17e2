"""`collect`: ask for what is unset, one slot at a time; parse, validate, confirm, correct."""

from __future__ import annotations

from typing import Any

from framework.engine import interrupts, ladders, routes
from framework.engine.plan import SlotPlan, Way
from framework.engine.sayings import brief as in_brief
from framework.engine.sayings import exact
from framework.engine.verbs import say
from framework.engine.work import Work
from framework.slots import phrases
from framework.slots.base import Found, Refused
from framework.slots.boolean import Boolean


def begin(work: Work) -> None:
    """Ask for the first slot that is unset."""
    work.state["collect"] = {
        "asking": None,
        "attempts": {},
        "confirming": None,
        "held": {},
        "last": None,
        "implicit": None,
    }
    if work.state["arrived"] and routes.conditions(work, alone=False):
        return
    go_on(work)


def go_on(work: Work) -> None:
    """Confirm what is held, else ask for the next unset slot, else be done."""
    collect = work.state["collect"]
    for name in work.node.collect:
        if name in collect["held"]:
            _read_back(work, name, collect["held"].pop(name))
            return
        if name not in work.state["slots"]:
            collect.update(asking=name, confirming=None)
            _ask(work, name)
            return
    collect.update(asking=None, confirming=None)
    _say_implicit(work)
    routes.complete(work, "done")


def _ask(work: Work, name: str) -> None:
    slot = work.plan.slots[name]
    question = _question(work, slot, again=False)
    implicit = work.state["collect"]["implicit"]
    work.state["collect"]["implicit"] = None
    work.say(f"{implicit} {question}" if implicit else question)


def _say_implicit(work: Work) -> None:
    if implicit := work.state["collect"]["implicit"]:
        work.state["collect"]["implicit"] = None
        work.say(implicit)


def _question(work: Work, slot: SlotPlan, *, again: bool) -> str:
    if again and slot.reprompt:
        return work.spoken(work.turn_of(f"reprompt/{slot.name}", slot.reprompt))
    if slot.prompt:
        return work.spoken(work.turn_of(f"prompt/{slot.name}", slot.prompt))
    return slot.type.question(slot.name.replace("_", " "), work.language)


# --- Hearing ----------------------------------------------------------------


def overheard(work: Work, text: str) -> None:
    """Words from before the question could be heard don't answer it; what they name counts, and it is asked again."""
    collect = work.state["collect"]
    confirming = collect["confirming"]
    if confirming is not None:
        slot = work.plan.slots[confirming["slot"]]
        better = _better(work, slot, text, confirming["value"])
        _read_back(work, slot.name, confirming["value"] if better is None else better)
        return
    if not _correction(work, text):
        for name, value in _passing(work, text, None, None).items():
            _take(work, name, value, asked=False)
    go_on(work)


def heard(work: Work, text: str) -> None:
    """What the person said, weighed in order: a read-back's yes or no, intents, refusal, values."""
    collect = work.state["collect"]
    if collect["confirming"] is not None and _confirmed(work, text):
        return
    way = exact(work.node.intents, text)
    if way is not None and work.holds(way):
        meant(work, way, "example", 1.0)
        return
    if collect["confirming"] is None and not _answers(work, text) and phrases.declines(text, work.language):
        routes.complete(work, "declined")
        return
    _values(work, text)


def _answers(work: Work, text: str) -> bool:
    """Whether the words are a yes or no to a question that takes one ("I'd rather not")."""
    slot = work.plan.slots.get(work.state["collect"]["asking"] or "")
    return slot is not None and slot.type.kind == "boolean" and phrases.yes_no(text, work.language) is not None


def _confirmed(work: Work, text: str) -> bool:
    """Take the answer to a read-back; False when it was none, and may be something else."""
    collect = work.state["collect"]
    name, value = collect["confirming"]["slot"], collect["confirming"]["value"]
    slot = work.plan.slots[name]
    answer = phrases.yes_no(text, work.language)
    better = _better(work, slot, text, value)
    if better is not None:
        _fail(work, name)
        if not _exhausted(work, name):
            _read_back(work, name, better)
        return True
    if answer is True:
        _store(work, name, value)
        go_on(work)
        return True
    if answer is False:
        collect["confirming"] = None
        _again(work, name)
        return True
    return False


def _better(work: Work, slot: SlotPlan, text: str, value: Any) -> Any:
    """Another value for the slot that is being read back ("no, Ada Byron"), or None."""
    rest = phrases.correction(text, work.language)
    if rest is not None:
        found = slot.type.hear(rest, slot.options, work.hearing(slot, asked=True))
    elif slot.type.open or phrases.yes_no(text, work.language) is not None:
        found = slot.type.hear(text, slot.options, work.hearing(slot, asked=False))
    else:
        found = slot.type.hear(text, slot.options, work.hearing(slot, asked=True))
    return found.value if isinstance(found, Found) and found.value != value else None


def _values(work: Work, text: str) -> None:
    """Look for the slot that is asked for, and for others that the words name."""
    collect = work.state["collect"]
    asked = collect["asking"]
    slot = work.plan.slots[asked] if asked else None
    corrected = _correction(work, text)
    deaf = slot is None or corrected or not _spoken_to(work, slot)
    found = None if deaf or slot is None else slot.type.hear(text, slot.options, work.hearing(slot, asked=True))
    passing = {} if corrected else _passing(work, text, asked, found)
    if (
        isinstance(found, Found)
        and slot is not None
        and slot.type.open
        and not found.named
        and routes.asks_router(work)
    ):
        collect["maybe"] = {"value": found.value}
        routes.classify(work, text, work.node.intents)
        return
    if passing and isinstance(found, Found) and slot is not None and slot.type.open and not found.named:
        found = None  # the bare words belong to the slots they name
    _accept(work, asked, found, passing, text, corrected=corrected)


def _spoken_to(work: Work, slot: SlotPlan) -> bool:
    """Whether words answer for the slot; what is typed in a chat does where keys would."""
    return slot.input != "dtmf" or work.state["session"].get("channel") != "voice"


def keyed(work: Work, slot: SlotPlan, pressed: str) -> None:
    """Keys answer for the slot that is asked for, or say whether what was read back is right."""
    collect = work.state["collect"]
    hearing = work.hearing(slot, asked=True)
    confirming = collect["confirming"]
    if confirming is not None:
        said = Boolean().keys(pressed, None, hearing)
        if isinstance(said, Found) and said.value:
            _store(work, slot.name, confirming["value"])
            go_on(work)
            return
        collect["confirming"] = None if isinstance(said, Found) else confirming
        _again(work, slot.name)
        return
    found = slot.type.keys(pressed, slot.options, hearing)
    if isinstance(found, Found):
        _take(work, slot.name, found.value, asked=True)
        if collect["confirming"] is None:
            go_on(work)
    else:
        _again(work, slot.name, found.why if found is not None else "")


def _accept(
    work: Work,
    asked: str | None,
    found: Found | Refused | None,
    passing: dict[str, Any],
    text: str,
    *,
    corrected: bool,
) -> None:
    collect = work.state["collect"]
    for name, value in passing.items():
        _take(work, name, value, asked=False)
    if isinstance(found, Found) and asked is not None:
        _take(work, asked, found.value, asked=True)
        if collect["confirming"] is None:
            go_on(work)
    elif isinstance(found, Refused) and asked is not None:
        _again(work, asked, found.why)
    elif passing or corrected:
        go_on(work)
    elif routes.asks_router(work):
        collect["maybe"] = None
        routes.classify(work, text, work.node.intents)
    else:
        _unmatched(work)


def _passing(work: Work, text: str, asked: str | None, found: Any) -> dict[str, Any]:
    """Other slots that the words name."""
    taken = (found.start, found.end) if isinstance(found, Found) else None
    values: dict[str, Any] = {}
    spans = [taken] if taken and not (asked and work.plan.slots[asked].type.open and not found.named) else []
    for name, slot in work.plan.slots.items():
        if name == asked:
            continue
        other = slot.type.hear(text, slot.options, work.hearing(slot, asked=False, sole=_sole(work, name)))
        if not isinstance(other, Found) or any(other.start < end and start < other.end for start, end in spans):
            continue
        if work.state["slots"].get(name) != other.value:
            values[name] = other.value
            spans.append((other.start, other.end))
    return values


def _sole(work: Work, name: str) -> bool:
    """Whether no other slot that is still to be asked here could be meant by a bare value."""
    open_here = [other for other in work.node.collect if other not in work.state["slots"]]
    kind = work.plan.slots[name].type.name
    return name in open_here and all(other == name or work.plan.slots[other].type.name != kind for other in open_here)


def _correction(work: Work, text: str) -> bool:
    """After "no, I meant …": a new value for the slot that was set last; True when it was taken."""
    collect = work.state["collect"]
    if not interrupts.counts(work, "correct"):
        return False
    rest = phrases.correction(text, work.language)
    last = collect["last"]
    if rest is None or last is None or last == collect["asking"]:
        return False
    asked = work.plan.slots.get(collect["asking"] or "")
    if asked is not None and isinstance(asked.type.hear(rest, asked.options, work.hearing(asked, asked=False)), Found):
        return False
    slot = work.plan.slots[last]
    found = slot.type.hear(rest, slot.options, work.hearing(slot, asked=True))
    if not isinstance(found, Found) or found.value == work.state["slots"].get(last):
        return False
    _store(work, last, found.value)
    return True


def classified(work: Work, way: Way | None, by: str, score: float) -> None:
    """The router has answered: an intent, else the words as they stand."""
    collect = work.state["collect"]
    maybe = collect.pop("maybe", None)
    if way is not None:
        meant(work, way, by, score)
    elif maybe is not None and collect["asking"] is not None:
        _take(work, collect["asking"], maybe["value"], asked=True)
        if collect["confirming"] is None:
            go_on(work)
    else:
        _unmatched(work)


def meant(work: Work, way: Way, by: str, score: float) -> None:
    """The person meant a route: take it; where it leads nowhere, ask again."""
    routes.meant(work, way, by, score)
    if not way.leads:
        repeat(work)


def repeat(work: Work, *, brief: bool = False) -> None:
    """Ask again what was being asked, since something else came between; `brief`: with the question alone."""
    collect = work.state["collect"]
    asking = collect["asking"]
    if collect["confirming"] is not None:
        _read_back(work, collect["confirming"]["slot"], collect["confirming"]["value"])
    elif brief and asking is not None and asking not in work.state["slots"]:
        work.say(in_brief(_question(work, work.plan.slots[asking], again=False)))
    else:
        go_on(work)


# --- Taking values ----------------------------------------------------------


def _take(work: Work, name: str, value: Any, *, asked: bool) -> None:
    """Set a slot, or hold it until it has been read back."""
    slot = work.plan.slots[name]
    collect = work.state["collect"]
    if slot.confirm == "readback" and asked:
        _read_back(work, name, value)
    elif slot.confirm == "readback" and name in work.node.collect:
        collect["held"][name] = value
    else:
        _store(work, name, value)
        if slot.confirm == "implicit":
            collect["implicit"] = work.sentence("implicit", value=work.aloud(slot, value))


def _store(work: Work, name: str, value: Any) -> None:
    work.state["corrigible"] = name
    work.state["collect"].update(last=name, confirming=None)
    ladders.start_over(work, "no_match")
    work.keep(name, value, "said")


def _read_back(work: Work, name: str, value: Any) -> None:
    slot = work.plan.slots[name]
    work.state["collect"].update(asking=name, confirming={"slot": name, "value": value})
    work.say(work.sentence("readback", value=work.aloud(slot, value)))


# --- What was not understood ------------------------------------------------


def _unmatched(work: Work) -> None:
    asked = work.state["collect"]["asking"]
    if asked is None:
        say.unmatched(work)
        return
    _again(work, asked)


def _again(work: Work, name: str, why: str = "") -> None:
    """A failed answer: count it, then the ladder's words or the question again."""
    collect = work.state["collect"]
    _fail(work, name)
    if _exhausted(work, name):
        return
    if why:
        work.say(why)
    node = work.state["node"]
    rung = ladders.climb(work, "no_match")
    if work.state["agenda"] or work.state["node"] != node:
        return
    if rung is None or not rung.say:
        if collect["confirming"] is not None:
            _read_back(work, name, collect["confirming"]["value"])
        else:
            work.say(_question(work, work.plan.slots[name], again=True))


def _fail(work: Work, name: str) -> None:
    attempts = work.state["collect"]["attempts"]
    attempts[name] = attempts.get(name, 0) + 1


def _exhausted(work: Work, name: str) -> bool:
    """After the last attempt the verb has ended."""
    if work.state["collect"]["attempts"].get(name, 0) < work.node.attempts:
        return False
    routes.complete(work, "exhausted")
    return True


def slots_changed(work: Work) -> None:
    """An order changed slots: what was asked may be answered now."""
    collect = work.state["collect"]
    if collect["asking"] in work.state["slots"]:
        go_on(work)
