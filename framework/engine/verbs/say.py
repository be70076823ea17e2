"""`say` alone: words spoken as they stand; hears the person where a route has an intent."""

from __future__ import annotations

from framework.engine import routes
from framework.engine.plan import RungPlan, Way
from framework.engine.work import Work


def begin(work: Work) -> None:
    """The words are on their way: go on, or listen."""
    if not work.node.hears:
        routes.complete(work, "done")
        return
    routes.conditions(work)


def heard(work: Work, text: str) -> None:
    """Which intent was that?"""
    intents = work.node.intents
    if (way := routes.exact(intents, text)) is not None and work.holds(way):
        routes.meant(work, way, "example", 1.0)
    elif any(work.holds(way) for way in intents):
        routes.classify(work, text, intents)
    else:
        classified(work, None, "router", 0.0)


def classified(work: Work, way: Way | None, by: str, score: float) -> None:
    """The router has answered: take the intent's route, the one without trigger, or a rung of the ladder."""
    if way is not None:
        routes.meant(work, way, by, score)
        if not way.leads:
            routes.conditions(work)
        return
    if routes.conditions(work):
        return
    for other in work.node.ways:
        if not other.waits and other.guard is None and other.outcomes is None:
            routes.apply(work, other, {"kind": "route", "route": other.index})
            return
    unmatched(work)


def unmatched(work: Work) -> None:
    """Nothing fitted: the next rung of the ladder, or one re-ask."""
    rung = climb(work)
    if rung is None:
        work.say(work.sentence("not_understood"))


def climb(work: Work) -> RungPlan | None:
    """Take the next rung of the node's `no_match` ladder; None where there is no ladder. The last one repeats."""
    node, counts = work.node, work.state["counts"]
    key = f"rung/{node.name}/{work.state['visits'].get(node.name, 0)}"
    number: int = counts.get(key, 0)
    counts[key] = number + 1
    work.emit("input.unmatched", rung=number + 1)
    if not node.no_match:
        return None
    rung = node.no_match[min(number, len(node.no_match) - 1)]
    if rung.say:
        work.say(work.spoken(work.turn_of(f"{key}/say", rung.say)))
    cause = {"kind": "route", "ladder": "no_match", "rung": number + 1}
    if rung.end is not None:
        routes.finish(work, rung.end, cause)
    elif rung.to is not None:
        routes.transition(work, rung.to, cause)
    return rung
