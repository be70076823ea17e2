"""Every legal move of a session, an order or a runner: one Lua script each, whose head says from where to where."""

from __future__ import annotations

from importlib.resources import files

MOVES = ("join", "dispatch", "register", "claim", "joined", "renew", "adopt", "done", "sweep", "drain", "cancel")
"""The only writers of sessions and runners."""

NOTES = ("order", "obeyed", "emit", "keep", "launch", "unlaunch", "position")
"""They move no session: orders, events, checkpoints, launches, and a place in the queue."""


def source(name: str) -> str:
    """A script as the store runs it: what all share, then the move."""
    folder = files(__name__)
    return "\n".join(folder.joinpath(f"{part}.lua").read_text("utf-8") for part in ("_common", name))
