"""Faults that are put into the engine on purpose: each must be noticed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from framework.engine import calls, effects, inputs, ladders, limits, orders, silence, step
from framework.engine.state import State, copied, forked
from framework.engine.verbs import instruct
from framework.engine.work import Work

Patch = pytest.MonkeyPatch


def a_forgotten_deadline(patch: Patch) -> None:
    """Nobody looks whether a tool answers in time."""
    due = Work.due
    patch.setattr(Work, "due", lambda work, name, s: None if name.startswith("call:") else due(work, name, s))


def a_claim_taken_twice(patch: Patch) -> None:
    """A way out that a call of the model has claimed stays claimed when it has been taken."""
    take = instruct._take

    def twice(work: Work, claim: dict[str, Any]) -> None:
        take(work, claim)
        work.state["claim"] = claim

    patch.setattr(instruct, "_take", twice)


def a_call_left_open(patch: Patch) -> None:
    """A node is left, and the calls that it waits for go on."""
    patch.setattr(calls, "cancel", lambda work: None)


def a_frame_not_popped(patch: Patch) -> None:
    """A flow has ended, and the place that waited for it still does."""
    back = step.AGENDA["back"]

    def stays(work: Work, reason: str) -> None:
        frame = copied(work.state["stack"][-1])
        back(work, reason)
        work.state["stack"].append(frame)

    patch.setitem(step.AGENDA, "back", stays)


def a_rung_not_counted(patch: Patch) -> None:
    """A ladder is climbed, and stays at its first rung."""
    climb = ladders.climb

    def stays(work: Work, which: ladders.Ladder) -> Any:
        rung = climb(work, which)
        work.state["rungs"].pop(which, None)
        return rung

    patch.setattr(ladders, "climb", stays)


def a_second_outcome_accepted(patch: Patch) -> None:
    """A tool that has answered may answer again."""
    finished = step.HANDLERS[inputs.ToolFinished]

    def again(work: Work, happened: inputs.ToolFinished) -> None:
        record = work.state["calls"].get(happened.call)
        if record is not None and record["by"] == "model":
            record["open"] = True
        finished(work, happened)

    patch.setitem(step.HANDLERS, inputs.ToolFinished, again)


def a_stale_verdict_accepted(patch: Patch) -> None:
    """The router's answer to a former question counts for the present one."""
    classified = step.HANDLERS[inputs.Classified]

    def any_of_them(work: Work, happened: inputs.Classified) -> None:
        asked = work.state["classify"]
        classified(work, happened if asked is None else replace(happened, request=asked["request"]))

    patch.setitem(step.HANDLERS, inputs.Classified, any_of_them)


def a_masked_value_let_through(patch: Patch) -> None:
    """A sensitive value is read back in full."""
    patch.setattr(Work, "aloud", lambda work, slot, value: slot.type.spoken(value, slot.options, work.language))
    patch.setattr(Work, "cleared", lambda _work, value: value)


def an_order_settled_twice(patch: Patch) -> None:
    """An order gets its status twice."""
    settle = orders._settle

    def twice(*arguments: Any) -> None:
        settle(*arguments)
        settle(*arguments)

    patch.setattr(orders, "_settle", twice)


def a_state_shared_between_steps(patch: Patch) -> None:
    """What a step changes changes the state before it, too."""

    def shared(state: State) -> State:
        return {**forked(state), "deadlines": state["deadlines"]}

    patch.setattr(step, "forked", shared)


def an_answer_forgotten(patch: Patch) -> None:
    """A model's call that is cancelled gets no answer."""
    do = Work.do

    def silently(work: Work, effect: effects.Effect) -> None:
        if not (isinstance(effect, effects.Answer) and effect.result == calls.CANCELLED):
            do(work, effect)

    patch.setattr(Work, "do", silently)


def a_limit_without_effect(patch: Patch) -> None:
    """A session that has reached a limit goes on."""
    patch.setattr(limits, "reached", lambda _work, _which: None)


def a_silence_not_noticed(patch: Patch) -> None:
    """Nobody notices that nobody says anything."""
    patch.setattr(silence, "watch", lambda _work: None)


def an_end_that_is_none(patch: Patch) -> None:
    """What the person says is told although the session is over."""
    after = step._after_the_end

    def told(work: Work, happened: inputs.Input) -> None:
        after(work, happened)
        if isinstance(happened, inputs.Heard):
            work.emit("user.said", text=happened.text, participant=happened.participant)

    patch.setattr(step, "_after_the_end", told)


FAULTS: tuple[Callable[[Patch], None], ...] = (
    a_forgotten_deadline,
    a_claim_taken_twice,
    a_call_left_open,
    a_frame_not_popped,
    a_rung_not_counted,
    a_second_outcome_accepted,
    a_stale_verdict_accepted,
    a_masked_value_let_through,
    an_order_settled_twice,
    a_state_shared_between_steps,
    an_answer_forgotten,
    a_limit_without_effect,
    a_silence_not_noticed,
    an_end_that_is_none,
)
