"""What the present node listens for, and whether the flow waits for the person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from framework.engine import calls, interrupts, privacy, secrets
from framework.engine.effects import Expectation
from framework.engine.plan import Plan
from framework.engine.state import State
from framework.engine.work import Work

YES_NO = {"en": ("yes", "no"), "es": ("sí", "no"), "de": ("ja", "nein")}


def expects(plan: Plan, state: State) -> Expectation:
    """What may be heard now; asked at the moment of decoding."""
    if state["node"] is None or state["phase"] != "live":
        return Expectation(node="", language=plan.languages[0])
    work = Work(plan, state)
    node = work.node
    kind, words = _asked(work)
    meant = (*(choice.examples for choice in interrupts.choices(work)), *(way.examples for way in node.intents))
    examples = [example for examples in meant for example in examples]
    return Expectation(
        node=node.name,
        language=work.language,
        kind=kind,
        words=(*words, *examples, *(e for o in calls.offers(work) for e in o.examples)),
        sample=work.spoken(node.sample) if node.sample is not None else "",
        functions={offered.offer.name: offered.examples for offered in calls.offers(work)},
        interruptible=node.interruptible,
        mute=node.mute,
        private=privacy.asked(work) is not None,
        deaf=work.deaf,
    )


def private(plan: Plan, state: State, text: str) -> bool:
    """Whether these words, said now, are to be kept from everybody but the engine."""
    return state["phase"] == "live" and privacy.private(Work(plan, state), text)


def visible(plan: Plan, state: State, tool: str) -> Mapping[str, Any]:
    """The slots as a tool may see them: a sensitive one only if it was granted to the tool."""
    work = Work(plan, state)
    return secrets.veiled(state["slots"], work.plan.sensitive, work.granted(tool))


def phrases(plan: Plan) -> tuple[str, ...]:
    """What a router will compare people's words with, in the order of the file: intents, functions, their examples."""
    found: dict[str, None] = {}
    for node in (node for flow in plan.flows.values() for node in flow.nodes.values()):
        for way in node.intents:
            found.update(dict.fromkeys((way.intent or "", *way.examples)))
        for offered in node.offered:
            found.update(dict.fromkeys((*offered.examples, offered.offer.name.replace("_", " "))))
    for one in (one for flow in plan.flows.values() for one in flow.interrupts if not one.built_in):
        if one.way.intent is not None:
            found.update(dict.fromkeys((one.way.intent, *one.way.examples)))
    return tuple(found)


def _asked(work: Work) -> tuple[str, tuple[str, ...]]:
    """The type being asked for, and words that its answers are made of."""
    if work.asked is not None:
        return "boolean", YES_NO.get(work.language, YES_NO["en"])
    collect = work.state["collect"]
    if work.node.kind != "collect" or collect is None:
        return "", ()
    words = [
        word
        for name in work.node.collect
        for slot in (work.plan.slots[name],)
        for word in (*slot.type.words(slot.options, work.language), *slot.examples)
    ]
    if collect["confirming"] is not None:
        return "boolean", (*YES_NO.get(work.language, YES_NO["en"]), *words)
    asked = work.plan.slots.get(collect["asking"] or "")
    return (asked.type.name if asked else ""), tuple(words)


def waiting(plan: Plan, state: State) -> bool:
    """Whether the flow waits for the person and nothing else is under way."""
    if state["halted"] is not None and state["reason"] is None:
        return not state["sayings"]
    if state["classify"] is not None or state["model"]["running"] or state["heard"] or state["hearing"]:
        return False
    work = Work(plan, state)
    return work.settled and not work.calling and work.node.hears
