"""Carry interrupts out, and go on afterwards where the conversation was.

What only speaks leaves no place behind: its words, or those of a model, stand between. What leads somewhere and is to
come back keeps the present place on the stack; the first `end` that is reached there comes back to it.
"""

from __future__ import annotations

from typing import Any

from framework.engine import effects, frames, interrupts, routes, silence
from framework.engine.plan import InterruptPlan, Plan
from framework.engine.sayings import brief, exact
from framework.engine.verbs import collect, instruct
from framework.engine.work import Work
from framework.slots import phrases
from framework.slots.base import Found

KIND = "interrupt"
"""What frames are called that an interrupt has pushed."""


# --- What the person says -------------------------------------------------------


def heard(work: Work, text: str) -> bool:
    """Whether words mean an interrupt by themselves; else the node hears them."""
    cancel(work)
    if _confirms(work, text):
        return False
    if work.node.kind != "instruct":
        spoken = [found for found in interrupts.available(work) if found[1].way.intent is not None]
        written = [one for one in spoken if not one[1].built_in]
        if (way := exact((one.way for _, one in written), text)) is not None:
            meant(work, *next(found for found in written if found[1].way is way), "example", 1.0)
            return True
    return _built_in(work, text)


def meant(work: Work, plan: Plan, one: InterruptPlan, by: str, score: float) -> None:
    """A person meant this interrupt."""
    if work.state["collect"] is not None:
        work.state["collect"].pop("maybe", None)
    work.emit("intent.heard", intent=one.name, by=by, score=round(score, 3))
    interrupts.break_in(work, plan, one)


def _confirms(work: Work, text: str) -> bool:
    """Whether a yes or no is waited for, and this is one."""
    asked = work.state["collect"]
    waits = work.node.kind == "collect" and asked is not None and asked["confirming"] is not None
    return waits and phrases.yes_no(text, work.language) is not None


def _built_in(work: Work, text: str) -> bool:
    """Interrupts with effects of their own; at a model's node the model answers, whatever they do."""
    name = interrupts.built_in(work, text)
    model = work.node.kind == "instruct"
    if name == "hold":
        silence.hold(work)
    if name is None:
        return _corrects(work, text) and not model
    if not model:
        plan, one = next((plan, one) for plan, one in interrupts.available(work) if one.name == name)
        meant(work, plan, one, "example", 1.0)
    return not model


def _corrects(work: Work, text: str) -> bool:
    """After "no, I meant …": a new value for the slot that was set last; a node that collects sees to it itself."""
    name = work.state["corrigible"]
    if work.node.kind == "collect" or name not in work.state["slots"] or not interrupts.counts(work, "correct"):
        return False
    rest = phrases.correction(text, work.language)
    slot = work.plan.slots.get(name)
    if rest is None or slot is None:
        return False
    found = slot.type.hear(rest, slot.options, work.hearing(slot, asked=True))
    if not isinstance(found, Found) or found.value == work.state["slots"][name]:
        return False
    work.set_slot(name, found.value, "said")
    work.note("interrupt", name="correct")
    if work.node.kind != "instruct":
        work.say(work.sentence("implicit", value=work.aloud(slot, found.value)))
        if not routes.conditions(work):
            come_back(work, "resume")
    return True


# --- Carrying out ---------------------------------------------------------------


def carry_out(work: Work, key: str, event: dict[str, Any] | None) -> None:
    """Say what an interrupt says, then follow it, or go on."""
    plan, one = interrupts.find(work, key)
    cause = {"kind": KIND, "interrupt": one.name}
    more = frames.scope(work, plan) | ({"event": event} if event is not None else {})
    instruct.pause(work)
    if one.way.say:
        work.say(work.spoken(work.turn_of(f"{KIND}/{key}", one.way.say), **more))
    if one.built_in:
        _own_effect(work, one.name)
    elif one.way.end is not None:
        _end(work, plan, one.way.end, cause)
    elif one.way.to is not None:
        _go(work, plan, one, cause)
    elif one.subflow is not None:
        routes.digress(work, one.subflow, _back(one))
    elif one.instruct is not None:
        _let_tell(work, work.written(one.instruct, **more), one.back)
    else:
        come_back(work, one.back)


def _back(one: InterruptPlan) -> dict[str, Any]:
    return {"kind": KIND, "interrupt": one.name, "then": one.back}


def _end(work: Work, plan: Plan, reason: str, cause: dict[str, Any]) -> None:
    """End the flow that has written it."""
    if plan is work.root:
        routes.conclude(work, reason, cause)
    else:
        routes.finish(work, reason, cause)


def _go(work: Work, plan: Plan, one: InterruptPlan, cause: dict[str, Any]) -> None:
    to = one.way.to or ""
    if one.back != "none":
        routes.detour(work, plan.flow, to, _back(one))
    elif plan is work.plan:
        routes.transition(work, to, cause)
    else:
        routes.transition(work, to, cause, depth=frames.place(work, plan)[0])


def _own_effect(work: Work, name: str) -> None:
    """What `repeat` and `hold` do where no flow says otherwise."""
    if name == "hold":
        work.say(work.sentence("take_your_time"))
    elif name == "repeat" and work.node.kind == "collect":
        collect.repeat(work)
    elif name == "repeat":
        work.say(_words(work) or work.state["last"])


def _words(work: Work) -> str:
    """What a node that says something, and hears, has said."""
    node = work.node
    return work.spoken(work.used(f"say/{node.name}", node.say)) if node.kind == "say" and node.say else ""


# --- Coming back ----------------------------------------------------------------


def returned(work: Work, _reason: str, _outputs: dict[str, Any], back: dict[str, Any]) -> None:
    """What came between has ended."""
    routes.clocks(work)
    if work.node.kind == "instruct" and back["then"] != "restart":
        instruct.prompt(work, work.node)
    come_back(work, back["then"])


def come_back(work: Work, how: str) -> None:
    """Go on where the conversation was: asking again briefly, entering the node anew, or waiting for the person."""
    node = work.node
    if how == "restart":
        routes.transition(work, node.name, {"kind": KIND, "return": "restart"})
    elif how == "none":
        return
    elif node.kind == "collect":
        collect.repeat(work, brief=True)
    elif node.kind == "instruct":
        instruct.run(work)
    elif node.asks:
        work.say(brief(_words(work)))


# --- What a model says between ----------------------------------------------------


def _let_tell(work: Work, text: str, then: str) -> None:
    """Let a model say something in one response; where none converses, it is given no functions."""
    messages = ({"role": "developer", "content": text},)
    if work.node.kind == "instruct":
        work.do(effects.Prompt(role=None, messages=messages))
    else:
        work.state["aside"] = {"then": then}
        work.do(effects.Prompt(role=instruct.role(work, work.node), messages=messages, tools=()))
    instruct.run(work)


def answered(work: Work, turn: int, text: str) -> None:
    """The model has said it: go on."""
    aside = work.state["aside"]
    if aside is None or turn != work.state["model"]["turn"]:
        return
    work.state["aside"] = None
    instruct.stopped(work)
    if text:
        work.state["sayings"]["model"] = text
        work.await_speech()
    come_back(work, aside["then"])


def cancel(work: Work) -> None:
    """The person speaks: what a model was saying between is over."""
    if work.state["aside"] is not None:
        work.state["aside"] = None
        instruct.stopped(work)
