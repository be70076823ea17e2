"""Climb a node's ladders: a rung for every silence, a rung for every turn that fits nothing."""

from __future__ import annotations

from typing import Literal

from framework.engine import routes
from framework.engine.plan import LadderPlan, RungPlan
from framework.engine.work import Work

Ladder = Literal["no_input", "no_match"]

EVENTS: dict[Ladder, str] = {"no_input": "input.missing", "no_match": "input.unmatched"}


def climb(work: Work, which: Ladder) -> RungPlan | None:
    """Take the next rung of a ladder of this node; None where there is none. The last one repeats."""
    number: int = work.state["rungs"].get(which, 0) + 1
    work.state["rungs"][which] = number
    work.emit(EVENTS[which], rung=number)
    ladder = ladder_of(work, which)
    work.note("rung", ladder=which, rung=number, of=ladder.of if ladder else "")
    if ladder is None or not ladder.rungs:
        return None
    index = min(number, len(ladder.rungs)) - 1
    rung = ladder.rungs[index]
    if rung.say:
        work.say(work.spoken(work.turn_of(f"{which}/{work.node.name}/{index}", rung.say)))
    cause = {"kind": "route", "ladder": which, "rung": number}
    if rung.end is not None:
        routes.finish(work, rung.end, cause)
    elif rung.to is not None:
        routes.transition(work, rung.to, cause)
    return rung


def ladder_of(work: Work, which: Ladder) -> LadderPlan | None:
    """The node's ladder, its own or the inherited one."""
    return work.node.no_input if which == "no_input" else work.node.no_match


def ahead(work: Work, which: Ladder) -> RungPlan | None:
    """The rung that would be taken next."""
    ladder = ladder_of(work, which)
    if ladder is None or not ladder.rungs:
        return None
    taken: int = work.state["rungs"].get(which, 0)
    return ladder.rungs[min(taken, len(ladder.rungs) - 1)]


def start_over(work: Work, *which: Ladder) -> None:
    """The next rung of these ladders is the first again."""
    for ladder in which:
        work.state["rungs"].pop(ladder, None)
