"""When a session has gone on for long enough, and what then."""

from __future__ import annotations

from framework.engine import routes
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


def reached(work: Work, which: str) -> None:
    """The limit's node once, else a closing line and the end."""
    state = work.state
    cause = {"kind": "limit", "limit": which}
    to = work.root.limits.to
    if to is not None and not state["limited"] and (work.depth or to != state["node"]):
        state["limited"] = True
        work.due("duration", LAST_WORDS_S)
        routes.transition(work, to, cause, depth=0)
        return
    if not state["limited"] or which == "duration":
        work.say(work.sentence("limit"))
        routes.conclude(work, "limit", cause)
