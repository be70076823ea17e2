"""When a session has gone on for long enough, and what then."""

from __future__ import annotations

from framework.engine import halts, routes
from framework.engine.work import Work

LAST_WORDS_S = 60.0
"""What a session gets to say goodbye in, once it is at its limit."""


def begin(work: Work) -> None:
    """Start the clock of the whole session."""
    work.due("duration", work.root.limits.duration_s)


def turns(work: Work) -> bool:
    """Count a turn of the person; True when it was one too many."""
    work.state["turns"] += 1
    if work.state["turns"] <= work.root.limits.turns or work.state["limited"]:
        return False
    reached(work, "turns")
    return True


def calls(work: Work) -> bool:
    """Count a call of a tool; True when it was one too many."""
    counts = work.state["counts"]
    counts["#tool_calls"] = counts.get("#tool_calls", 0) + 1
    return bool(counts["#tool_calls"] > work.root.limits.tool_calls)


def spent(work: Work) -> bool:
    """Whether more tools were called than may be, and the session is not at its limit yet."""
    return bool(work.state["counts"].get("#tool_calls", 0) > work.root.limits.tool_calls) and not work.state["limited"]


def reached(work: Work, which: str) -> None:
    """The limit's node once, else a closing line and the end; at that node only time counts any more."""
    state = work.state
    halts.lift(work)
    cause = {"kind": "limit", "limit": which}
    to = work.root.limits.to
    work.note("limit", name=which)
    if to is not None and not state["limited"] and (work.depth or to != state["node"]):
        state["limited"] = True
        work.due("duration", LAST_WORDS_S)
        routes.transition(work, to, cause, depth=0)
    elif not state["limited"] or which in ("duration", "silence"):
        work.say(work.sentence("limit"))
        routes.conclude(work, "limit", cause)
