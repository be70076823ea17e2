"""A conversation in which nobody can go on is brought back, or ended."""

from __future__ import annotations

import asyncio

import pytest

from framework.engine import effects as do
from framework.engine import inputs as happened
from framework.runtime.virtual import run_virtually
from framework.runtime.watch import Watchdog

ENTERED = do.Emit(type="node.entered", data={"node": "help", "kind": "instruct", "depth": 0})


def watched(scene, model, reacts, seconds, *, waits=False):
    async def main():
        async with scene(reacts, model()) as s:
            s.engine.waiting = lambda plan, state: waits
            watching = asyncio.create_task(Watchdog(s.conversation, s.stage).run())
            s.conversation.tell(happened.Started)
            await asyncio.sleep(seconds)
            watching.cancel()
            return s

    return run_virtually(main)


def test_a_stuck_conversation_enters_its_node_anew_and_says_so(scene, model):
    s = watched(scene, model, lambda what: [ENTERED] if isinstance(what, happened.Started) else None, 15)
    (order,) = s.took(happened.Ordered)
    assert (order.order["kind"], order.order["node"]) == ("goto", "help")
    assert [event.data["code"] for event in s.events if event.type == "error"] == ["stuck"]
    assert s.took(happened.Spoken)


@pytest.mark.parametrize(("deadline", "stuck"), [("timer:help/beat", True), ("action", False)])
def test_the_beats_of_a_flow_do_not_hide_that_it_is_stuck_and_what_will_move_it_does(scene, model, deadline, stuck):
    async def main():
        async with scene(lambda what: [ENTERED] if isinstance(what, happened.Started) else None, model()) as s:
            s.engine.waiting = lambda plan, state: False
            step = s.engine.step
            s.engine.step = lambda *given: (
                {"deadlines": {deadline: given[2].at + 60}, **(after := step(*given))[0]},
                after[1],
            )
            watching = asyncio.create_task(Watchdog(s.conversation, s.stage).run())
            s.conversation.tell(happened.Started)
            await asyncio.sleep(15)
            watching.cancel()
            return s

    assert bool(run_virtually(main).took(happened.Ordered)) is stuck


def test_one_that_stays_stuck_is_ended(scene, model):
    def reacts(what):
        if isinstance(what, happened.Started):
            return [ENTERED]
        return [do.End(reason=what.reason)] if isinstance(what, happened.HungUp) else None

    s = watched(scene, model, reacts, 60)
    assert s.ends == ["stuck"]


def test_one_that_waits_for_the_person_is_left_alone(scene, model):
    s = watched(scene, model, lambda _: None, 60, waits=True)
    assert not s.took(happened.Ordered)


def test_one_whose_tool_runs_is_left_alone(scene, model, hands):
    async def slow():
        await asyncio.sleep(40)

    def reacts(what):
        if isinstance(what, happened.Started):
            return [ENTERED, do.CallTool(call="1", tool="slow", arguments={}, timeout_s=60, by="flow")]
        return None

    async def main():
        async with scene(reacts, model(), hands(slow=slow)) as s:
            s.engine.waiting = lambda plan, state: False
            watching = asyncio.create_task(Watchdog(s.conversation, s.stage).run())
            s.conversation.tell(happened.Started)
            await asyncio.sleep(35)
            watching.cancel()
            return s

    assert not run_virtually(main).took(happened.Ordered)
