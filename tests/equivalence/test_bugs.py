"""What Pipecat's flow manager does wrong and we do right; where it is cheap, its mistake is shown, too.

A test that fails at the words `theirs` tells that Pipecat has mended it.
"""

from __future__ import annotations

import asyncio
import warnings
from typing import Any

import pytest
from pipecat.audio.vad.vad_analyzer import VADAnalyzer
from pipecat.frames.frames import LLMTextFrame, TextFrame
from pipecat.utils import deprecation

from framework.runtime.virtual import run_virtually
from framework.services.providers.scripted import ScriptedVoice
from framework.sessions.orders import Goto
from framework.testing.scripted import Script
from plugins.transports.wav.transport import WavTransport

CUT = "The person speaks over this."


def node(task: str, **more: Any) -> dict[str, Any]:
    return {"task_messages": [{"role": "developer", "content": task}], **more}


def leads(name: str, to: str) -> dict[str, Any]:
    return {"name": name, "transition_only": True, "description": f"Go to {to}.", "transition_to": to}


def flow(**nodes: dict[str, Any]) -> dict[str, Any]:
    return {"initial_node": next(iter(nodes)), "nodes": nodes}


# --- F1: speaking over an action ------------------------------------------------


def test_speaking_over_an_action_strands_nobody_between_two_nodes(live, turns):
    actions = [{"type": "tts_say", "text": CUT * 3}, {"type": "function", "handler": "write", "mark": 1}]
    config = flow(a=node("Ask.", pre_actions=actions, functions=[leads("go", "b")]), b=node("Close."))

    async def call():
        parts = {"tts": ScriptedVoice(Script()), "vad": Deaf()}
        script = turns(["Well?"], [("go", {})], ["Bye."])
        async with live(config, script, channel="voice", transport=WavTransport(), parts=parts) as session:
            await session.until(lambda: session.session._built.stage.speaking)
            await asyncio.sleep(2)
            await session.session.hear("Wait!")
            await session.until(lambda: len(session.spoken) == 3)
            assert session.of("bot.said")[0]["interrupted"]
            assert session.manager.state["log"] == [{"type": "function", "mark": 1}]
            assert session.nodes == ["a", "b"]
        return session.running.result()

    assert run_virtually(call).reason == "hangup"


class Deaf(VADAnalyzer):
    """Nobody speaks aloud."""

    def num_frames_required(self) -> int:
        return 512

    def voice_confidence(self, buffer: bytes) -> float:
        return 0.0


async def test_theirs_is_stranded_by_an_interruption(pipecat, turns):
    config = flow(a=node("Ask.", pre_actions=[{"type": "tts_say", "text": CUT}]))
    async with pipecat(config, turns()) as theirs:
        await theirs.rest()
        assert not theirs.entering.done()
        assert theirs.trace.runs == []


# --- F2: a slow function beside one that leads on -------------------------------


def test_a_slow_function_beside_one_that_leads_on_does_not_keep_the_conversation(oracle, ours, turns):
    config = flow(a=node("Ask.", functions=[leads("go", "b"), {"name": "slow"}]), b=node("Close."))
    both = [("go", {}), ("slow", {})]
    mine = ours(config, turns(both), [])
    assert mine.nodes == ["a", "b"]
    assert mine.runs[1]["messages"][1:] == [
        ("go", "{}"),
        ("tool", '{"status": "acknowledged"}'),
        ("slow", "{}"),
        ("tool", '{"slow": true}'),
        ("developer", "Close."),
    ]
    theirs = oracle(config, turns(both), [])
    assert theirs.nodes == ["a"]


# --- F3: a node that can't be entered -------------------------------------------

NO_ENTRY = {
    "a placeholder that nothing filled": node("Say {{ missing }}."),
    "an action that raises": node("Say it.", pre_actions=[{"type": "mine", "handler": "breaks"}]),
}


@pytest.mark.parametrize("second", NO_ENTRY.values(), ids=NO_ENTRY)
async def test_a_node_that_cannot_be_entered_is_told_and_never_dead_air(live, turns, oracle, second):
    config = flow(a=node("Ask.", functions=[leads("go", "b")]), b=second)
    async with live(config, turns([("go", {})])) as session:
        outcome = await asyncio.wait_for(session.running, 20)
    assert (outcome.status, outcome.reason) == ("failed", "error")
    assert len(session.spoken) == 1
    (error,) = session.of("error")
    assert "1234" not in error["message"]
    theirs = await asyncio.to_thread(oracle, config, turns([("go", {})]), [])
    assert (len(theirs.runs), theirs.ended) == (1, False)


async def test_with_a_node_for_errors_the_conversation_goes_on_there(live, turns):
    leave = {"next": [{"intent": "is done", "examples": ["bye"], "end": True}]}
    config = flow(
        a=node("Ask.", functions=[leads("go", "b")], **leave),
        b=node("Say it.", pre_actions=[{"type": "mine", "handler": "breaks"}], **leave),
        sorry=node("Offer to call back.", **leave),
    )
    async with live({"flow": "mended", "on_error": "sorry", **config}, turns([("go", {})], ["I call you."])) as session:
        await session.say()
        assert session.nodes == ["a", "b", "sorry"]
        assert session.spoken == ["I call you."]


# --- F4: one action type, two handlers ------------------------------------------


def test_two_nodes_may_handle_the_same_type_of_action_each_in_its_own_way(oracle, ours, turns):
    config = flow(
        a=node("Ask.", pre_actions=[{"type": "mine", "handler": "first"}], functions=[leads("go", "b")]),
        b=node("Close.", pre_actions=[{"type": "mine", "handler": "second"}]),
    )
    assert ours(config, turns([("go", {})]), []).state["log"] == ["first", "second"]
    theirs = oracle(config, turns([("go", {})]), [])
    assert theirs.state["log"] == ["first", "first"]


# --- F5: two moves at once ------------------------------------------------------


async def test_moves_ordered_at_once_are_made_one_after_the_other(live, pipecat, turns):
    config = flow(
        a=node("Ask."),
        b=node("In b.", pre_actions=[{"type": "tts_say", "text": "To b."}], respond_immediately=False),
        c=node("In c.", pre_actions=[{"type": "tts_say", "text": "To c."}], respond_immediately=False),
    )
    async with live(config, turns(["Hello."])) as session:
        await session.say()
        there = [session.session.obey(Goto(node=name)) for name in ("b", "c")]
        assert await asyncio.gather(*there) == ["applied", "applied"]
        await session.say()
        moves = [(event.type, event.data["node"]) for event in session.events if event.type.startswith("node.")]
        left, entered = "node.left", "node.entered"
        assert moves == [(entered, "a"), (left, "a"), (entered, "b"), (left, "b"), (entered, "c")]
        assert [text for role, text in session.context if role == "developer"] == ["Ask.", "In c."]
    async with pipecat(config, turns(["Hello."])) as theirs:
        await theirs.rest()
        await asyncio.gather(*(theirs.manager.set_node_from_config(theirs.flow.node(name)) for name in ("b", "c")))
        await theirs.rest()
        assert [text for _, text in plain_of(theirs)][-4:] == ["To b.", "To c.", "In b.", "In c."]


def plain_of(theirs: Any) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in theirs.context.get_messages()]


# --- F6: actions after the reply, without audio ---------------------------------


def test_actions_after_a_reply_run_where_nothing_is_spoken_aloud(oracle, ours, turns):
    after = [{"type": "function", "handler": "first"}, {"type": "end_conversation", "text": "Bye."}]
    config = flow(a=node("Ask.", respond_immediately=False, post_actions=after))
    mine = ours(config, turns(["Fine."]), ["Hello."])
    assert (mine.ended, mine.state["log"]) == (True, ["first"])
    theirs = oracle(config, turns(["Fine."]), ["Hello."])
    assert (theirs.ended, theirs.state) == (False, {})


# --- F7: who watches the pipeline -----------------------------------------------


async def test_watching_the_pipeline_and_conversing_do_not_get_in_each_others_way(live, pipecat, turns):
    saying = [{"type": "tts_say", "text": "One."}, {"type": "function", "handler": "first"}]
    config = flow(a=node("Ask.", pre_actions=saying))
    seen: list[str] = []

    async def watch(_worker: Any, frame: Any) -> None:
        seen.append(frame.text)

    async with live(config, turns(["Two."])) as session:
        session.manager.worker.set_reached_downstream_filter((LLMTextFrame,))
        session.manager.worker.add_event_handler("on_frame_reached_downstream", watch)
        await session.say()
        assert session.spoken == ["One.", "Two."]
        assert session.manager.worker.reached_downstream_types == (LLMTextFrame,)
    async with pipecat(config, turns()) as theirs:
        theirs.worker.set_reached_downstream_filter((TextFrame,))
        await theirs.rest()
        assert not theirs.entering.done()


# --- F8: a handler that raises --------------------------------------------------


@pytest.mark.parametrize("when", ["pre_actions", "post_actions"])
async def test_a_handler_that_raises_ends_in_words_and_not_in_silence(live, pipecat, turns, when):
    config = flow(a=node("Ask.", **{when: [{"type": "function", "handler": "breaks"}]}))
    async with live(config, turns(["Hello."])) as session:
        outcome = await asyncio.wait_for(session.running, 20)
    assert outcome.reason == "error"
    assert session.spoken[-1]
    assert [error["code"] for error in session.of("error")] == ["action"]
    async with pipecat(config, turns(["Hello."])) as theirs:
        await theirs.rest()
        assert not theirs.entering.done()


# --- F9: warnings about itself --------------------------------------------------


async def test_built_in_actions_are_no_old_fashion(live, turns, oracle, monkeypatch):
    monkeypatch.setattr(deprecation, "_warned_sites", set())  # Pipecat warns once in a process
    config = flow(a=node("Ask.", pre_actions=[{"type": "tts_say", "text": "One."}]))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        async with live(config, turns(["Two."])) as session:
            await session.say()
    assert [str(each.message) for each in caught if "handler(action)" in str(each.message)] == []
    with pytest.warns(DeprecationWarning, match=r"handler\(action\)"):
        await asyncio.to_thread(oracle, config, turns(["Two."]), [])


# --- F10: several ways out at once ----------------------------------------------


def test_of_several_ways_out_the_first_is_taken_and_the_others_are_answered(oracle, ours, turns):
    config = flow(a=node("Ask.", functions=[leads("left", "b"), leads("right", "c")]), b=node("In b."), c=node("In c."))
    both = [("left", {}), ("right", {})]
    mine = ours(config, turns(both), [])
    assert mine.nodes == ["a", "b"]
    done = ("tool", '{"status": "acknowledged"}')
    assert mine.runs[1]["messages"] == [
        ("developer", "Ask."), ("left", "{}"), done, ("right", "{}"), done, ("developer", "In b."),
    ]  # fmt: skip
    theirs = oracle(config, turns(both), [])
    assert theirs.nodes == ["a", "c"]


# --- F11: moves from within -----------------------------------------------------


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(node("Ask.", pre_actions=[{"type": "mine", "handler": "leap"}]), id="from an action before"),
        pytest.param(node("Ask.", post_actions=[{"type": "mine", "handler": "leap"}]), id="from an action beside"),
        pytest.param(node("Ask.", post_actions=[{"type": "function", "handler": "leap"}]), id="from an action after"),
        pytest.param(node("Ask.", functions=[{"name": "jump"}]), id="from a function"),
        pytest.param(
            node("Ask.", functions=[{"name": "jump", "transition_to": "b"}]), id="from one that leads elsewhere"
        ),
    ],
)
async def test_a_move_from_within_is_made_and_nothing_hangs(live, turns, first):
    config = flow(a=first, b=node("In b."), c=node("In c."))
    async with live(config, turns([("jump", {})] if "functions" in first else ["Hello."])) as session:
        await session.say("Here I am.")
        assert session.nodes == ["a", "c"]
        assert session.spoken[-1].startswith("Reply")
        if "functions" in first:
            await session.until(lambda: session.manager.state.get("jumped") == "c")


# --- Not in Pipecat's list ------------------------------------------------------


def test_a_function_that_finds_nothing_is_answered_with_words(oracle, ours, turns):
    config = flow(a=node("Ask.", functions=[{"name": "empty"}]))
    assert len(ours(config, turns([("empty", {})]), []).runs) == 2
    theirs = oracle(config, turns([("empty", {})]), [])
    assert len(theirs.runs) == 1


def test_two_functions_at_once_are_answered_once(oracle, ours, turns):
    config = flow(a=node("Ask.", functions=[{"name": "look"}, {"name": "slow"}]))
    both = [("look", {}), ("slow", {})]
    assert len(ours(config, turns(both), []).runs) == 2
    theirs = oracle(config, turns(both), [])
    assert len(theirs.runs) == 3
