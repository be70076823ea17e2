"""`wait`: silent until an event or the time opens a route; what the person says is answered by intents only."""

from __future__ import annotations

from framework.engine import ladders, routes
from framework.engine.plan import Way
from framework.engine.sayings import exact
from framework.engine.work import Work


def begin(work: Work) -> None:
    """Perhaps it is over already."""
    routes.conditions(work)


def heard(work: Work, text: str) -> None:
    """Which intent was that, where there are any?"""
    way = exact(work.node.intents, text)
    if way is not None and work.holds(way):
        routes.meant(work, way, "example", 1.0)
    elif routes.asks_router(work):
        routes.classify(work, text, work.node.intents)
    else:
        _unmatched(work)


def classified(work: Work, way: Way | None, by: str, score: float) -> None:
    """The router has answered: take the intent's route; anything else is met with silence."""
    if way is None:
        _unmatched(work)
        return
    routes.meant(work, way, by, score)
    if not way.leads:
        routes.conditions(work)


def _unmatched(work: Work) -> None:
    """Nothing fitted, and nothing is said to that unless the node itself has a ladder for it."""
    if not routes.conditions(work) and work.node.no_match is not None and work.node.no_match.of == "node":
        ladders.climb(work, "no_match")
