"""Orders that somebody outside has to carry out or look up: they are asked for, and have their fate with the answer."""

from __future__ import annotations

from typing import Any, Literal

from framework.engine import effects, inputs
from framework.engine.work import Work
from framework.personalities.model import Personality

ERRAND_S = 10.0
"""How long an errand may take."""
KEY = "errand:"


def send(work: Work, order: dict[str, Any], what: Literal["app_message", "personality"], data: dict[str, Any]) -> None:
    """Ask for it; `finished` or `overdue` gives the order its fate."""
    name = order["order_id"]
    work.state["telling"][name] = {"kind": "errand", "what": what}
    work.due(f"{KEY}{name}", ERRAND_S)
    work.do(effects.Errand(order=name, what=what, data=data))


def finished(work: Work, happened: inputs.Carried) -> tuple[Literal["applied", "refused"], str] | None:
    """What became of an errand: a status and why; None where nobody waits for it any more."""
    told = work.state["telling"].get(happened.order)
    if told is None or told["kind"] != "errand":
        return None
    del work.state["telling"][happened.order]
    work.undue(f"{KEY}{happened.order}")
    if not happened.ok:
        return "refused", happened.why
    if told["what"] == "personality":
        work.state["who"] = Personality.model_validate(happened.data).model_dump(mode="json")
    return "applied", ""


def overdue(work: Work, order: str) -> inputs.Carried:
    """Nobody has said what became of it."""
    return inputs.Carried(at=work.at, order=order, ok=False, why=f"there was no answer within {ERRAND_S:g} s")
