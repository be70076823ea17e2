"""What counts wherever the person is heard: which interrupts do now, and which of them something means.

Whoever finds that one counts puts it on the agenda; `framework.engine.asides` carries it out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from framework.engine import builtin, frames
from framework.engine.effects import Choice, Offer
from framework.engine.plan import InterruptPlan, Offered, Plan
from framework.engine.sayings import folded, sayings
from framework.engine.work import Work

CHOICE = "interrupt:"
"""What the keys of a router's choices begin with that are interrupts."""


def available(work: Work) -> Iterator[tuple[Plan, InterruptPlan]]:
    """Those that count at this moment: the present flow's own, then those of the session's flow."""
    for plan, one in written(work):
        if _counts_here(work, plan, one) and (one.way.intent is None or _guard(work, plan, one)):
            yield plan, one


def written(work: Work) -> Iterator[tuple[Plan, InterruptPlan]]:
    """Those of the present flow and of the session's; where both have written one, the present flow's counts."""
    own = work.plan
    for one in own.interrupts:
        if own is work.root or not _plain(one):
            yield own, one
    if own is not work.root:
        taken = own.without | {one.name for one in own.interrupts if not _plain(one)}
        yield from ((work.root, one) for one in work.root.interrupts if one.name not in taken)


def counts(work: Work, name: str) -> bool:
    """Whether an interrupt of this name counts now with the effect that it has of its own."""
    return any(one.name == name and one.built_in for _, one in available(work))


def _plain(one: InterruptPlan) -> bool:
    """Whether nobody has written it."""
    return one.built_in and one.way.index < 0


def _counts_here(work: Work, plan: Plan, one: InterruptPlan) -> bool:
    last = work.state["cooling"].get(_key(plan, one))
    cooled = last is None or one.cooldown == 0 or work.state["turns"] > last + one.cooldown
    return cooled and _belongs_here(work, plan, one)


def _belongs_here(work: Work, plan: Plan, one: InterruptPlan) -> bool:
    """Whether the present node, and the interrupt's own list of nodes, let it count at all."""
    here = work.node.interrupts
    if here is not None and one.name not in here:
        return False
    return one.nodes is None or frames.place(work, plan)[1] in one.nodes


def _guard(work: Work, plan: Plan, one: InterruptPlan, **more: Any) -> bool:
    return work.holds(one.way, **frames.scope(work, plan), **more)


def _key(plan: Plan, one: InterruptPlan) -> str:
    return f"{plan.flow}/{one.name}"


# --- What something means -----------------------------------------------------


def choices(work: Work) -> tuple[Choice, ...]:
    """What a router may decide for before the node's own intents."""
    return tuple(
        Choice(key=f"{CHOICE}{one.name}", text=one.way.intent, examples=one.way.examples)
        for _, one in available(work)
        if one.way.intent is not None and not one.built_in
    )


def chosen(work: Work, key: str | None) -> tuple[Plan, InterruptPlan] | None:
    """The interrupt that a router has decided for."""
    if key is None or not key.startswith(CHOICE):
        return None
    return next(((plan, one) for plan, one in available(work) if one.name == key.removeprefix(CHOICE)), None)


def offered(work: Work) -> tuple[Offered, ...]:
    """Those with an intent as functions for the model of this node; one that can't be taken now is refused there."""
    if work.node.kind != "instruct":
        return ()
    found = []
    taken = {offered.offer.name for offered in work.node.offered}
    for plan, one in written(work):
        if one.way.intent is None or one.built_in or not _belongs_here(work, plan, one):
            continue
        name = one.name if one.name not in taken else f"interrupt_{one.name}"
        offer = Offer(name=name, description=one.way.intent, properties={})
        found.append(Offered(offer=offer, interrupt=_key(plan, one), examples=one.way.examples))
    return tuple(found)


def find(work: Work, key: str) -> tuple[Plan, InterruptPlan]:
    """An interrupt by its flow and name."""
    flow, _, name = key.partition("/")
    plan = work.root.flows[flow]
    return plan, next(one for one in plan.interrupts if one.name == name)


def allowed(work: Work, key: str) -> bool:
    """Whether an interrupt counts now."""
    return any(_key(plan, one) == key for plan, one in available(work))


# --- When they count of themselves ----------------------------------------------


def due(work: Work) -> bool:
    """Whether an event has arrived that one waits for, or a condition of one has come to hold."""
    return _next(work) is not None


def take(work: Work) -> bool:
    """Let the first of those that count of themselves break in; False when there is none."""
    found = _next(work)
    if found is None:
        return False
    plan, one, event = found
    if event is not None:
        work.state["arrived"] = [other for other in work.state["arrived"] if other is not event]
    else:
        work.state["true"] = [*work.state["true"], _key(plan, one)]
    break_in(work, plan, one, event[1] if event is not None else None)
    return True


def break_in(work: Work, plan: Plan, one: InterruptPlan, event: dict[str, Any] | None = None) -> None:
    """An interrupt counts: it is carried out before anything else."""
    work.state["cooling"][_key(plan, one)] = work.state["turns"]
    work.note("interrupt", name=one.name, of=plan.flow)
    work.agenda([["interrupt", _key(plan, one), event]])


def _next(work: Work) -> tuple[Plan, InterruptPlan, list[Any] | None] | None:
    conditional = [(plan, one) for plan, one in written(work) if _by_itself(one)]
    if not conditional:
        return None
    _forget(work, conditional)
    for plan, one in conditional:
        if not _counts_here(work, plan, one):
            continue
        if one.way.event is not None:
            arrived = work.state["arrived"]
            event = next((e for e in arrived if work.meets(one.way, e, **frames.scope(work, plan))), None)
            if event is not None:
                return plan, one, event
        elif _key(plan, one) not in work.state["true"] and _guard(work, plan, one):
            return plan, one, None
    return None


def _by_itself(one: InterruptPlan) -> bool:
    """Whether nobody has to say or press anything for it."""
    return one.way.event is not None or (one.way.intent is None and not one.way.keys and one.way.guard is not None)


def _forget(work: Work, conditional: list[tuple[Plan, InterruptPlan]]) -> None:
    """A condition that holds no more may come to hold again."""
    true = work.state["true"]
    over = [_key(plan, one) for plan, one in conditional if _key(plan, one) in true and not _guard(work, plan, one)]
    if over:
        work.state["true"] = [key for key in true if key not in over]


def built_in(work: Work, text: str) -> str | None:
    """Which of the interrupts that have effects of their own a text is, word for word."""
    plain = builtin.bare(folded(text), work.language)
    if not plain:
        return None
    return next((one.name for _, one in available(work) if one.built_in and _said(one, plain)), None)


def _said(one: InterruptPlan, plain: str) -> bool:
    return plain in sayings("", one.way.examples)
