"""Functions that take their time: their deadlines, and what becomes of them when the person goes on speaking."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from framework.runtime.compat import FUNCTION_S

ASK = {"role": "developer", "content": "Ask."}


def offers(*names: str) -> dict[str, Any]:
    return {
        "initial_node": "a",
        "nodes": {"a": {"task_messages": [ASK], "functions": [{"name": name} for name in names]}},
    }


async def test_a_function_that_is_to_be_cut_off_ends_when_the_person_speaks(live, turns):
    async with live(offers("wait_here"), turns([("wait_here", {})], ["Yes?"])) as session:
        await session.until(lambda: session.of("tool.called"))
        await session.session.hear("Leave it.")
        assert await session.person()
        assert [data["outcome"] for data in session.of("tool.finished")] == ["cancelled"]
        assert session.spoken == ["Yes?"]
        assert session.manager.state == {"cut_off": True}
        assert session.trace.runs[1]["messages"] == [
            ("developer", "Ask."),
            ("user", "Leave it."),
            ("wait_here", "{}"),
            ("tool", '{"status": "cancelled"}'),
        ]


async def test_any_other_goes_on_and_the_model_answers_when_it_has_its_result(live, turns):
    async with live(offers("slow"), turns([("slow", {})], ["Here you are."])) as session:
        await session.until(lambda: session.of("tool.called"))
        await session.session.hear("Hurry up.")
        assert await session.person()
        assert [data["outcome"] for data in session.of("tool.finished")] == ["value"]
        assert session.spoken == ["Here you are."]
        assert session.trace.runs[1]["messages"][1:] == [
            ("user", "Hurry up."),
            ("slow", "{}"),
            ("tool", '{"slow": true}'),
        ]


async def test_a_function_may_set_its_own_limit(live, turns):
    async with live(offers("too_long", "slow"), turns([("too_long", {})], ["No luck."])) as session:
        await session.say()
        assert [data["outcome"] for data in session.of("tool.finished")] == ["timeout"]
        assert session.spoken == ["No luck."]
        offered = session.session.conversation.plan.nodes["a"].offered
        assert [each.offer.timeout_s for each in offered] == [0.05, FUNCTION_S]


async def test_a_session_that_ends_takes_its_functions_along(live, turns):
    async with live(offers("wait_here"), turns([("wait_here", {})])) as session:
        await session.until(lambda: session.of("tool.called"))
        session.session.hang_up()
        await asyncio.wait_for(session.running, 10)
        await session.until(lambda: session.manager.state == {"cut_off": True})


@pytest.mark.parametrize(
    "state",
    [
        pytest.param({"who": {("a", 1): "odd keys"}}, id="odd keys"),
        pytest.param({"who": object(), "when": {1, 2}}, id="objects"),
    ],
)
async def test_a_state_of_any_kind_is_no_trouble(live, turns, state):
    async with live(offers("look"), turns([("look", {})], ["There."]), state={}) as session:
        session.manager.state.update(state, itself=session.manager.state)
        await session.session.hear("Hello.")
        assert await session.person()
        assert [data["outcome"] for data in session.of("tool.finished")] == ["value"]


async def test_what_functions_left_running_writes_into_the_state_too(live, turns):
    config = offers("later")
    config["nodes"]["a"]["functions"].append(
        {"name": "go", "transition_only": True, "description": "Go.", "transition_to": "b"}
    )
    config["nodes"]["b"] = {"task_messages": [{"role": "developer", "content": "It came {{ late }}."}]}
    async with live(config, turns([("later", {})], ["Wait."], [("go", {})])) as session:
        await session.say()
        await session.until(lambda: "late" in session.manager.state)
        await session.say("Well?")
        assert session.context[-2] == ("developer", "It came at last.")


async def test_functions_may_get_ready_before_the_first_node(live, turns):
    config = offers("look")
    config["nodes"]["a"]["pre_actions"] = [{"type": "registered"}]
    async with live(config, turns()) as session:
        await session.say()
        assert session.manager.state["log"] == ["first"]
