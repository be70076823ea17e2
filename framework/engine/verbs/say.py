"""`say` alone: words spoken as they stand; hears the person where a route has an intent."""

from __future__ import annotations

from framework.engine import ladders, routes
from framework.engine.plan import Way
from framework.engine.sayings import exact
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
    if (way := exact(intents, text)) is not None and work.holds(way):
        routes.meant(work, way, "example", 1.0)
    elif routes.asks_router(work):
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
    if ladders.climb(work, "no_match") is None:
        work.say(work.sentence("not_understood"))
