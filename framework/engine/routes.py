"""Which way out of a node holds now, and what taking it does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from framework.engine import calls, effects, frames, interrupts, privacy
from framework.engine.plan import Way
from framework.engine.work import Failure, Work


def complete(work: Work, outcome: str | None, **more: Any) -> None:
    """The node's verb ended with `outcome`: take the first way that holds, else end, else the error way."""
    for way in work.node.ways:
        if way.waits or not _outcome_fits(way, outcome) or not work.holds(way, **more):
            continue
        apply(work, way, {"kind": "route", "route": way.index, **({"outcome": outcome} if outcome else {})}, **more)
        if way.leads:
            return
    if work.node.end is not None and outcome not in ("error", "timeout"):
        finish(work, work.node.end, {"kind": "route"})
        return
    raise Failure("no_route", f"node `{work.node.name}` ended with `{outcome}`, and no route is for that")


def _outcome_fits(way: Way, outcome: str | None) -> bool:
    return way.outcomes is None or outcome in way.outcomes


def conditions(work: Work, *, alone: bool = True, before: int | None = None) -> bool:
    """Take the first route that holds now, at a node that hears the person; True when it, or an interrupt, led away.

    Args:
        work: The step in the making.
        alone: Whether an `if` without another trigger counts.
        before: The number of a route that is claimed: only those that stand before it count.
    """
    if interrupts.take(work):
        return True
    kept, work.state["arrived"] = work.state["arrived"], []
    for way in work.node.ways[:before]:
        if way.event is not None:
            event = next((one for one in kept if work.meets(way, one)), None)
            if event is None:
                continue
            kept = [one for one in kept if one is not event]
            work.note("event", type=way.event, route=way.index)
            apply(work, way, {"kind": "route", "route": way.index, "event": way.event}, event=event[1])
        elif way.after_s is not None:
            if not timely(work, way) or not work.holds(way):
                continue
            work.state["timed"] = [index for index in work.state["timed"] if index != way.index]
            apply(work, way, {"kind": "route", "route": way.index, "after": way.after_s})
        elif alone and way.guard is not None and way.outcomes is None and not way.waits and work.holds(way):
            apply(work, way, {"kind": "route", "route": way.index})
        else:
            continue
        if way.leads:
            return True
    for type_, _ in kept:
        work.note("event", type=type_, route=None)
    return False


def timely(work: Work, way: Way) -> bool:
    """Whether the node has lasted as long as a route wants, and nobody is speaking; it counts once an entry."""
    state = work.state
    if way.after_s is None or way.index not in state["timed"] or work.at < state["entered"] + way.after_s:
        return False
    return not (state["hearing"] or state["sayings"] or state["classify"] or state["heard"])


def clocks(work: Work) -> None:
    """Wait for the moments at which the node will have lasted long enough for its routes."""
    state = work.state
    for way in work.node.ways:
        if way.after_s is not None and way.index in state["timed"]:
            state["deadlines"][f"after:{way.index}"] = state["entered"] + way.after_s


def apply(work: Work, way: Way, cause: dict[str, Any], **more: Any) -> None:
    """Do a route's effects in order and follow it, where it leads anywhere."""
    node = work.state["node"]
    work.note("route", route=way.index, held=True, cause=cause)
    if way.say:
        work.say(work.spoken(work.turn_of(f"{node}/{way.index}", way.say), **more))
    for slot, value in way.set:
        work.set_slot(slot, work.evaluated(value, **more), "flow")
    for slot in way.clear:
        work.clear_slot(slot)
    for event, value in way.emit:
        work.emit(event, **work.evaluated(value, **more))
    if way.end is not None:
        finish(work, way.end, cause)
    elif way.to is not None:
        transition(work, way.to, cause)


def transition(work: Work, to: str, cause: dict[str, Any], depth: int | None = None) -> None:
    """Leave the present node and enter another: one after the other, as one move.

    Args:
        work: The step in the making.
        to: A node of the present flow, or of the one at `depth`.
        cause: Why, for the event.
        depth: How many places still wait to be come back to then; None leaves them as they are.
    """
    state = work.state
    if state["phase"] != "live":
        return
    unwinding = [] if depth is None or depth == work.depth else [["unwind", depth]]
    steps = [*_way_out(work, to, cause), *unwinding, ["enter", to]]
    _let_go(work)
    state.update(agenda=steps, reason=None)


def detour(work: Work, flow: str, to: str, back: dict[str, Any]) -> None:
    """Enter a node of a flow that is under way, and come back to the present place at the first `end` reached.

    The present node isn't left: its question, its visits and its time are kept.
    """
    if work.state["phase"] != "live":
        return
    _step_aside(work)
    frames.aside(work, flow, back)
    work.state.update(agenda=[["enter", to]], reason=None)


def digress(work: Work, flow: str, back: dict[str, Any]) -> None:
    """Run another flow, and come back to the present place at its end, as after a `detour`.

    Raises:
        Failure: It needs inputs.
    """
    if work.state["phase"] != "live":
        return
    plan = work.root.flows[flow]
    slots = frames.opening(plan, {}, work.today)
    _step_aside(work)
    frames.push(work, flow, back, slots)
    work.state.update(agenda=[["enter", plan.initial]], reason=None)


def _step_aside(work: Work) -> None:
    """Let go of what the present node waits for, but keep its question."""
    asked = work.state["collect"]
    _let_go(work)
    work.state["collect"] = asked


def finish(work: Work, reason: str, cause: dict[str, Any]) -> None:
    """End the flow with `reason`: go back to the place that waits for it, else end the session."""
    if not work.state["stack"]:
        conclude(work, reason, cause)
    elif work.state["phase"] == "live":
        steps = [*_way_out(work, None, cause), ["back", reason]]
        _let_go(work)
        work.state.update(agenda=steps, reason=None)


def give_up(work: Work, cause: dict[str, Any]) -> None:
    """A subflow can't go on: its caller gets the outcome `error`."""
    caller = frames.caller(work.state)
    assert caller is not None  # noqa: S101 - the caller looked
    steps = [*_way_out(work, None, cause), ["unwind", caller + 1], ["back", "error"]]
    _let_go(work)
    work.state.update(agenda=steps, reason=None)


def conclude(work: Work, reason: str, cause: dict[str, Any]) -> None:
    """End the session with `reason` once everything has been said."""
    state = work.state
    if state["phase"] != "live":
        return
    steps = [*_way_out(work, None, cause), ["farewell", reason]]
    _let_go(work)
    state.update(agenda=steps, reason=reason)


def _way_out(work: Work, to: str | None, cause: dict[str, Any]) -> list[list[Any]]:
    """What leaving the present node still takes: what of it has been done is not done again."""
    agenda, node = work.state["agenda"], work.state["node"]
    ahead = [operation[0] for operation in agenda]
    if "left" in ahead:
        return [*agenda[: ahead.index("left")], ["left", to, cause]]
    if node is None or {"enter", "farewell", "back"} & {*ahead}:
        return []
    return [*(["act", "leave", i] for i in range(len(work.node.leave))), ["left", to, cause]]


def _let_go(work: Work) -> None:
    """Forget what the present node was waiting for."""
    state = work.state
    calls.cancel(work)
    drop_transfer(work)
    state["claim"] = None
    state["collect"] = None
    state["classify"] = None
    state["awaiting"] = None
    state["aside"] = None
    state["post"] = []
    state["model"].update(running=False, again=False, silent=0)
    lasting = {f"call:{call}" for call in state["background"]}
    state["deadlines"] = {n: at for n, at in state["deadlines"].items() if _outlasts(n) or n in lasting}


def _outlasts(deadline: str) -> bool:
    """Whether a deadline belongs to the session, not to the node that is left."""
    return deadline in ("speech", "duration", "end", "keys") or deadline.startswith(("timer:", "errand:"))


def drop_transfer(work: Work) -> None:
    """Give a transfer up that is under way."""
    under_way, work.state["transfer"] = work.state["transfer"], None
    if under_way is not None:
        work.undue("transfer")
        work.do(effects.StopTransfer(transfer=under_way["transfer"]))
        work.emit("transfer.finished", **under_way, outcome="cancelled")


def classify(work: Work, text: str, ways: Iterable[Way]) -> None:
    """Ask the router which of these intents the text means; the answer comes as `Classified`."""
    own = (
        effects.Choice(key=str(way.index), text=way.intent or "", examples=way.examples)
        for way in ways
        if work.holds(way)
    )
    choices = (*interrupts.choices(work), *own)
    request = work.drawn("classify")
    work.state["classify"] = {"request": request, "text": text}
    work.due("classify", 10.0)
    work.do(effects.Classify(request=request, text=text, choices=choices, language=work.language))


def asks_router(work: Work) -> bool:
    """Whether a router may say what words mean here; what may be a sensitive value is shown to none."""
    if privacy.asked(work) is not None:
        return False
    return any(work.holds(way) for way in work.node.intents) or bool(interrupts.choices(work))


def meant(work: Work, way: Way, by: str, score: float) -> None:
    """A person's words meant this route: take it."""
    work.emit("intent.heard", intent=way.name, by=by, score=round(score, 3))
    apply(work, way, {"kind": "route", "route": way.index, "intent": way.name})
