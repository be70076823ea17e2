"""`transfer`: the person is handed to somebody else; how that went is the outcome."""

from __future__ import annotations

from framework.engine import effects, routes
from framework.engine.work import Failure, Work
from framework.flows.expressions import EvaluationError

TRANSFER_S = 60.0
"""How long the other side may take to answer; it is `no_answer` then."""
GRACE_S = 5.0
"""What whoever dials gets beyond that before the engine goes on without its word."""


def begin(work: Work) -> None:
    """Ask for it, once all words are out; a brief that can't be written is the outcome `error`."""
    node = work.node
    if work.state["sayings"]:
        work.state["awaiting"] = {"say": next(reversed(work.state["sayings"]))}
        work.agenda([["verb"]])
        return
    try:
        brief = "" if node.brief is None else work.written(node.brief)
    except (Failure, EvaluationError) as error:
        work.emit("error", code=getattr(error, "code", "expression"), message=str(error))
        routes.complete(work, "error")
        return
    name = work.drawn("transfer")
    work.state["transfer"] = {"transfer": name, "target": node.target}
    work.due("transfer", TRANSFER_S + GRACE_S)
    work.emit("transfer.started", transfer=name, target=node.target, warm=node.warm)
    work.do(
        effects.Transfer(
            transfer=name, target=node.target or "", brief=brief, warm=node.warm, timeout_s=TRANSFER_S,
            language=work.language,
        )
    )  # fmt: skip


def finished(work: Work, name: str, outcome: str) -> None:
    """Whoever dials says how it went."""
    under_way = work.state["transfer"]
    if under_way is not None and under_way["transfer"] == name:
        _over(work, outcome)


def overdue(work: Work) -> None:
    """Nobody said how it went."""
    if (under_way := work.state["transfer"]) is not None:
        work.do(effects.StopTransfer(transfer=under_way["transfer"]))
        _over(work, "no_answer")


def lost(work: Work) -> None:
    """Whoever dialled is gone."""
    if work.state["transfer"] is not None:
        _over(work, "error")


def _over(work: Work, outcome: str) -> None:
    under_way, work.state["transfer"] = work.state["transfer"], None
    work.undue("transfer")
    work.note("transfer", target=under_way["target"], outcome=outcome)
    work.emit("transfer.finished", **under_way, outcome=outcome)
    routes.complete(work, outcome)
