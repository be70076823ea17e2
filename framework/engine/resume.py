"""Go on from a checkpoint, in a process that knows nothing of the conversation yet."""

from __future__ import annotations

from framework.engine import asides, calls, halts, inputs, orders, routes, silence, tune
from framework.engine.verbs import instruct, run, transfer
from framework.engine.work import Failure, Work


def resumed(work: Work, happened: inputs.Resumed) -> None:
    """What the old process had under way is over: close it, then go on.

    Raises:
        Failure: A business action was under way, and nobody knows what became of it.
    """
    state = work.state
    if state["phase"] not in ("live", "ending"):
        return
    away = work.at - work.since
    _rebase(work, away)
    work.emit("session.resumed", hash=work.root.hash, away_s=round(away, 3))
    work.note("resumed", away=away)
    orders.forget(work, "the session went on in another process")
    state.update(sayings={}, hearing=False, since=None, tuned=None)
    state["model"]["role"] = None
    work.undue("speech")
    calls.lose(work)
    if state["node"] is not None:
        tune.changed(work)
    if state["halted"] is not None and state["halted"]["how"] == "transfer":
        halts.lift(work)
    if (awaiting := state["awaiting"]) is not None:
        _awaited(work, awaiting)
    elif state["node"] is not None and state["phase"] == "live" and not state["agenda"]:
        _go_on(work, told=happened.remembers)


def _rebase(work: Work, away: float) -> None:
    """The time in which there was no process counts for nothing."""
    state = work.state
    state["deadlines"] = {name: at + away for name, at in state["deadlines"].items()}
    state["entered"] += away
    silence.resumed(work, away)
    if state["halted"] is not None:
        state["halted"] = {**state["halted"], "since": state["halted"]["since"] + away}
    state["stack"] = [{**frame, "entered": frame["entered"] + away} for frame in state["stack"]]


def _awaited(work: Work, awaiting: dict[str, object]) -> None:
    """Words count as said."""
    if "action" in awaiting:
        work.state["awaiting"] = None
        work.undue("action")
        raise Failure("action", "an action of the node was cut off")
    if "say" in awaiting:
        work.state["awaiting"] = None
    elif "summary" in awaiting:
        instruct.summed(work, "")


def _go_on(work: Work, *, told: bool) -> None:
    state, node = work.state, work.node
    waits = [call for call, record in state["calls"].items() if record["open"]]
    asked = state["classify"]
    if halts.still(work):
        _in_silence(work, told=told)
    elif node.kind == "run":
        for call in waits:
            run.finished(work, call, inputs.ToolFinished(at=work.at, call=call, outcome="cancelled"))
    elif node.kind == "transfer":
        transfer.lost(work)
    elif node.kind == "instruct" and state["claim"] is not None:
        _cancel(work)
        instruct.settle(work)
    elif asked is not None:
        state["classify"] = None
        routes.classify(work, asked["text"], node.intents)
    else:
        _cancel(work)
        _again(work, told=told)


def _in_silence(work: Work, *, told: bool) -> None:
    """An operator holds the conversation: the model is told, and nothing is said."""
    if work.node.kind == "instruct":
        _cancel(work)
        instruct.prompt(work, work.node, told=told)


def _again(work: Work, *, told: bool) -> None:
    """Wait for the person, asking again briefly."""
    state = work.state
    aside, state["aside"] = state["aside"], None
    routes.clocks(work)
    if work.node.kind == "instruct":
        instruct.prompt(work, work.node, told=told)
    asides.come_back(work, "restart" if aside is not None and aside["then"] == "restart" else "resume")


def _cancel(work: Work) -> None:
    """The model's turn is over, and with it what it has not read."""
    work.state["model"].update(running=False, again=False)
    work.undue("model")
    calls.cancel(work)
    work.undue(*(name for name in work.state["deadlines"] if name.startswith("read:")))
