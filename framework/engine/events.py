"""Events from outside, and the time a node has lasted: what of them counts at the present node, and when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from framework.engine import routes
from framework.engine.plan import SlotPlan, Way
from framework.engine.verbs import collect
from framework.engine.work import Failure, Work
from framework.flows.expressions import EvaluationError
from framework.suggest import did_you_mean

KEPT = 20
"""How many events are kept that came while the flow was busy; the oldest go first."""


def arrived(work: Work, type_: str, given: Mapping[str, Any]) -> None:
    """Take an event as its flow declares it; another one is told as an error and forgotten.

    One that comes while the flow is busy is kept until it listens again, and counts there or not at all.
    """
    try:
        take(work, type_, given)
    except Failure as failure:
        work.emit("error", code=failure.code, message=str(failure))


def take(work: Work, type_: str, given: Mapping[str, Any]) -> None:
    """The same, for whoever tells the sender himself what is wrong with it.

    Raises:
        Failure: No flow of the session declares such an event, or not with such data.
    """
    state, data = work.state, _checked(work, type_, given)
    work.emit(type_, **data)
    if state["phase"] == "live":
        state["arrived"] = [*state["arrived"], [type_, data]][-KEPT:]


def _checked(work: Work, type_: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The data in canonical form.

    Raises:
        Failure: No flow of the session declares such an event, or not with such data.
    """
    fields = _declared(work, type_)
    for name in given:
        if name not in fields:
            raise Failure("bad_event", f"event `{type_}` has no field `{name}`. {did_you_mean(name, fields)}".strip())
    return {name: _field(work, type_, field, given.get(name)) for name, field in fields.items()}


def _declared(work: Work, type_: str) -> dict[str, SlotPlan]:
    """The event's fields as the present flow has them, else one that waits for it, else any other."""
    waiting = [work.root.flows[frame["flow"]] for frame in reversed(work.state["stack"])]
    for plan in (work.plan, *waiting, *work.root.flows.values()):
        if type_ in plan.events:
            return plan.events[type_]
    known = [name for plan in work.root.flows.values() for name in plan.events]
    raise Failure("bad_event", f"no flow declares an event `{type_}`. {did_you_mean(type_, known)}".strip())


def _field(work: Work, type_: str, field: SlotPlan, value: Any) -> Any:
    value = field.default if value is None else value
    if value is None:
        raise Failure("bad_event", f"event `{type_}` needs `{field.name}`")
    try:
        return field.type.check(value, field.options, work.today)
    except ValueError as error:
        raise Failure("bad_event", f"`{field.name}` of event `{type_}`: {error}") from error


# --- When they count ----------------------------------------------------------


def due(work: Work) -> bool:
    """Whether an event or a node's time is to be looked at now."""
    state = work.state
    if not (state["arrived"] or state["timed"]) or not listens(work):
        return False
    return bool(state["arrived"]) or any(_ripe(work, way) for way in work.node.ways)


def listens(work: Work) -> bool:
    """Whether the present node takes events now: it hears the person, and no turn of a model is under way."""
    return work.settled and work.node.hears and not (work.state["model"]["running"] or work.calling)


def _ripe(work: Work, way: Way) -> bool:
    try:
        return routes.timely(work, way) and work.holds(way)
    except EvaluationError:
        return True  # taking it says what is wrong, in the flow's own way


def attend(work: Work) -> None:
    """Take the first route that an event or the time opens; what no route wants is forgotten."""
    said = work.drawn_so_far("say")
    if work.node.kind != "collect":
        routes.conditions(work)
        return
    if routes.conditions(work, alone=False):
        return
    if work.state["collect"]["asking"] in work.state["slots"] or said != work.drawn_so_far("say"):
        collect.repeat(work)
