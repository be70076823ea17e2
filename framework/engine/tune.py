"""What hearing and speaking are tuned to: the language, who speaks, the voice and the stack of the present node."""

from __future__ import annotations

from typing import Any

from framework.engine import effects
from framework.engine.work import Work


def entered(work: Work) -> None:
    """A node has been entered: the language stays if it is spoken here, and all else is as the node says."""
    languages = work.node.languages
    if languages and not any(_same(work.language, language) for language in languages):
        work.state["session"] = {**work.state["session"], "language": languages[0]}
    changed(work)


def changed(work: Work) -> None:
    """Have hearing and speaking tuned to what counts now, where that is something else than before."""
    wanted = _wanted(work)
    if wanted != (work.state["tuned"] or _from_the_start(work)):
        work.do(effects.Tune(**wanted))
    work.state["tuned"] = wanted


def _wanted(work: Work) -> dict[str, Any]:
    node = work.node
    return {"language": work.language, "personality": work.who.personality, "voice": node.voice, "stack": node.stack}


def _from_the_start(work: Work) -> dict[str, Any]:
    """What a session's services are made for."""
    root = work.root
    return {"language": root.languages[0], "personality": root.personality.personality, "voice": None, "stack": None}


def _same(language: str, other: str) -> bool:
    """Whether two tags name one language, whatever the region."""
    return language.partition("-")[0] == other.partition("-")[0]
