"""The places that a conversation comes back to: callers of subflows, and what an interrupt broke off.

A frame of `state["stack"]` is such a place:

| key | what it holds |
| --- | --- |
| `flow`, `node`, `slots`, `visits`, `collect`, `filling`, `entered`, `timed`, `failing` | as they stood in the state |
| `return` | how it is come back to: `kind` (`subflow`, or another that `step` knows), and what that kind keeps |
| `lends` | the frame whose slots and visits the place above has borrowed; null where it has its own |
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from framework.engine import secrets
from framework.engine.plan import Plan
from framework.engine.state import State, copied
from framework.engine.work import Failure, Work

DEPTH = 16
"""How many places may wait to be come back to."""
PLACE = ("flow", "node", "slots", "visits", "collect", "filling", "entered", "timed", "failing")
"""What of the state belongs to a place."""


def push(work: Work, flow: str, back: dict[str, Any], slots: dict[str, Any]) -> None:
    """Keep the present place and begin in a flow with slots of its own.

    Raises:
        Failure: Too many places wait already.
    """
    _keep(work, back, None)
    work.state.update(flow=flow, node=None, slots=slots, visits={}, collect=None, filling={}, failing=False)


def aside(work: Work, flow: str, back: dict[str, Any]) -> None:
    """Keep the present place and go on in a flow that is under way already, with the slots it has there.

    Raises:
        Failure: Too many places wait already.
    """
    stack = work.state["stack"]
    places = [*(frame["flow"] for frame in stack), work.state["flow"]]
    owner = max(number for number, name in enumerate(places) if name == flow)
    _keep(work, back, owner)
    place = work.state["stack"][owner]
    borrowed = {key: copied(place[key]) for key in ("slots", "visits", "failing")}
    work.state.update(flow=flow, node=None, collect=None, **borrowed)


def _keep(work: Work, back: dict[str, Any], lends: int | None) -> None:
    if work.depth >= DEPTH:
        raise Failure("too_deep", f"more than {DEPTH} flows and interrupts stand inside one another")
    place = {key: work.state[key] for key in PLACE}
    work.state["stack"].append({**place, "return": back, "lends": lends})


def pop(work: Work) -> dict[str, Any]:
    """Go back to the innermost place that waits, with its own slots; answers how it is to be come back to."""
    state = work.state
    frame: dict[str, Any] = state["stack"].pop()
    if (lent := frame["lends"]) is not None:
        borrowed = {"slots": state["slots"], "visits": state["visits"]}
        if lent == len(state["stack"]):
            frame = {**frame, **borrowed}
        else:
            state["stack"][lent] = {**state["stack"][lent], **borrowed}
    state.update({key: copied(frame[key]) for key in PLACE})
    back: dict[str, Any] = frame["return"]
    return back


def unwind(work: Work, depth: int) -> None:
    """Give the innermost places up, so that only `depth` of them still wait."""
    while work.depth > depth:
        pop(work)


def caller(state: State) -> int | None:
    """The frame of the innermost subflow's caller; None in the session's own flow."""
    numbers = [n for n, frame in enumerate(state["stack"]) if frame["return"]["kind"] == "subflow"]
    return numbers[-1] if numbers else None


def home(work: Work, node: str) -> int | None:
    """The depth at which a flow has a node of this name, the present flow first, then those that wait for it."""
    places = [*(frame["flow"] for frame in work.state["stack"]), work.state["flow"]]
    return next((n for n in range(work.depth, -1, -1) if node in work.root.flows[places[n]].nodes), None)


def outputs(plan: Plan, slots: Mapping[str, Any]) -> dict[str, Any]:
    """What a flow gives back: null for what is unset."""
    return {name: slots.get(name) for name in plan.outputs}


def results(work: Work) -> dict[str, Any]:
    """The outputs of the session's own flow, wherever the conversation is."""
    return outputs(work.root, _scopes(work)[0])


def _scopes(work: Work) -> list[dict[str, Any]]:
    """The slots of every place, the outermost first; borrowed ones stand where they belong."""
    state = work.state
    scopes = [*(frame["slots"] for frame in state["stack"]), state["slots"]]
    for number in range(work.depth - 1, -1, -1):
        lent = state["stack"][number]["lends"]
        if lent is not None:
            scopes[lent] = scopes[number + 1]
    return scopes


def place(work: Work, plan: Plan) -> tuple[int, str]:
    """Where the conversation stands in a flow that is under way: the depth, and the node there."""
    frames = work.state["stack"]
    places = [*((frame["flow"], frame["node"]) for frame in frames), (work.state["flow"], work.state["node"])]
    depth = max(number for number, (flow, _) in enumerate(places) if flow == plan.flow)
    return depth, places[depth][1]


def scope(work: Work, plan: Plan) -> dict[str, Any]:
    """What expressions of a flow see that differs from what those of the present flow see: its slots."""
    depth, _ = place(work, plan)
    return {} if depth == work.depth else {"slots": _scopes(work)[depth]}


def present(work: Work, place: Mapping[str, Any]) -> bool:
    """Whether the conversation is in the very run of a flow that something was begun in."""
    return bool(place["flow"] == work.state["flow"] and place["depth"] == work.depth)


def shown(plan: Plan, slots: Mapping[str, Any]) -> dict[str, Any]:
    """Slots of a flow as others may see them."""
    return dict(secrets.veiled(slots, plan.sensitive, ()))


def defaults(plan: Plan, today: date) -> dict[str, Any]:
    """The slots that are set from the start."""
    return {
        name: slot.type.check(slot.default, slot.options, today)
        for name, slot in plan.slots.items()
        if slot.default is not None
    }


def opening(plan: Plan, given: Mapping[str, Any], today: date) -> dict[str, Any]:
    """The slots that a flow begins with: defaults, and what its starter gives, checked.

    Raises:
        Failure: An input is missing, is none of the flow's slots, or isn't a value of its type.
    """
    slots = defaults(plan, today)
    for name, value in given.items():
        slot = plan.slots.get(name)
        if slot is None:
            raise Failure("bad_input", f"flow `{plan.flow}` has no slot `{name}`")
        if value is None:
            continue
        try:
            slots[name] = slot.type.check(value, slot.options, today)
        except ValueError as error:
            raise Failure("bad_input", f"an input of flow `{plan.flow}`: {slot.told(error)}") from None
    missing = [name for name in plan.inputs if given.get(name) is None and name not in slots]
    if missing:
        raise Failure("missing_input", f"flow `{plan.flow}` needs {' and '.join(f'`{n}`' for n in missing)}")
    return slots
