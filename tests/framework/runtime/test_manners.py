"""Who speaks while the bot does, keys of a telephone, and what bridges the model's thinking; over real pipelines."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from pipecat.audio.vad.vad_analyzer import VADParams
from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import ExternalUserTurnStrategies, UserTurnStrategies

from framework.engine import effects as do
from framework.engine import inputs as happened
from framework.runtime.manners import Patience, patient
from framework.runtime.virtual import run_virtually
from framework.services.providers.scripted import ScriptedEar
from framework.testing.scripted import Script

LINE = "One two three four five six seven eight nine ten eleven twelve."


def sound(seconds: float):
    return np.full(int(16000 * seconds), 4000, np.int16)


@pytest.fixture
def talk(scene, model, voice, wav, vad, eventually):
    """Run a scene by voice in which the node has certain manners."""

    def run(reacts, play, *, lines=(), llm=None, **manners):
        async def main():
            transport = wav()
            ears = {
                "stt": ScriptedEar(Script(lines=lines)),
                "vad": vad(params=VADParams(start_secs=0.2, stop_secs=0.2, min_volume=0.0)),
                "turns": UserTurnStrategies(stop=[SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=0.2)]),
            }
            async with scene(reacts, llm or model(), voice=voice(), transport=transport, **ears) as s:
                s.engine.expects = lambda plan, state: do.Expectation(node="a", language="en", **manners)

                @s.assembly.user.event_handler("on_user_turn_stopped")
                async def stopped(_aggregator, _strategy, message):
                    await s.stage.heard(message.content or "")

                s.conversation.tell(happened.Started)
                await play(s, transport)
                return s

        return run_virtually(main)

    return run


def line(what):
    match what:
        case happened.Started():
            return [do.Say(say="a", text=LINE, language="en")]
        case happened.Heard():
            return [do.Say(say="b", text="I see.", language="en")]


def kinds(s):
    return [type(what).__name__ for what in s.conversation.record]


def test_a_bot_that_nobody_may_stop_finishes_and_the_person_is_heard(talk, eventually):
    async def play(s, transport):
        await asyncio.sleep(2.0)
        await transport.play(sound(1.0))
        await eventually(lambda: len(s.took(happened.Spoken)) == 2, 60)

    s = talk(line, play, lines=["stop it"], interruptible=False)
    first, second = s.took(happened.Spoken)
    assert (first.spoken, first.interrupted) == (LINE, False)
    assert second.spoken == "I see."
    assert [what.text for what in s.took(happened.Heard)] == ["stop it"]
    assert kinds(s)[:3] == ["Started", "Began", "Heard"]


def test_the_same_bot_is_stopped_at_a_node_where_that_may_be(talk, eventually):
    async def play(s, transport):
        await asyncio.sleep(2.0)
        await transport.play(sound(1.0))
        await eventually(lambda: len(s.took(happened.Spoken)) == 2, 60)

    assert talk(line, play, lines=["stop it"], interruptible=True).took(happened.Spoken)[0].interrupted


def test_who_is_muted_is_not_heard_while_the_bot_speaks_and_is_heard_afterwards(talk, eventually):
    async def play(s, transport):
        await asyncio.sleep(2.0)
        await transport.play(sound(1.0))
        await eventually(lambda: s.took(happened.Spoken), 60)
        await asyncio.sleep(1.0)
        await transport.play(sound(1.0))
        await eventually(lambda: len(s.took(happened.Spoken)) == 2, 60)

    s = talk(line, play, lines=["is it over"], mute=True)
    assert kinds(s) == ["Started", "Spoken", "Began", "Heard", "Spoken"]
    assert s.took(happened.Spoken)[0].spoken == LINE
    assert [what.text for what in s.took(happened.Heard)] == ["is it over"]


def test_manners_are_those_of_the_node_at_the_moment(talk, eventually):
    """The node changes while the bot speaks: from then on it may be stopped."""

    def reacts(what):
        if isinstance(what, happened.Pressed):
            return []
        return line(what)

    async def play(s, transport):
        await asyncio.sleep(1.0)
        s.engine.expects = lambda plan, state: do.Expectation(node="b", language="en")
        await transport.press("1")
        await asyncio.sleep(1.0)
        await transport.play(sound(1.0))
        await eventually(lambda: len(s.took(happened.Spoken)) == 2, 60)

    s = talk(reacts, play, lines=["stop it"], interruptible=False)
    assert s.took(happened.Spoken)[0].interrupted


def test_keys_reach_the_conversation_in_their_order_also_from_who_is_muted(talk, eventually):
    async def play(s, transport):
        await asyncio.sleep(2.0)
        await transport.press("12*#")
        await eventually(lambda: len(s.took(happened.Pressed)) == 4, 60)

    s = talk(line, play, mute=True)
    assert "".join(what.keys for what in s.took(happened.Pressed)) == "12*#"


def thinks(what):
    match what:
        case happened.Started():
            return [do.RunModel(turn=1, watched=True)]


async def bridge(s):
    await s.stage.say(do.Say(say="filler", text="One moment, please.", language="en", ahead=True))


def test_words_that_bridge_the_waiting_are_heard_before_the_model_has_thought(talk, model, eventually):
    async def play(s, transport):
        await asyncio.sleep(1.0)
        await bridge(s)
        await eventually(lambda: s.took(happened.Spoken), 10)
        assert not s.took(happened.ModelFinished)
        await eventually(lambda: len(s.took(happened.Spoken)) == 2, 60)

    s = talk(thinks, play, llm=model([6.0, "Here I am."]))
    assert [what.spoken for what in s.took(happened.Spoken)] == ["One moment, please.", "Here I am."]
    assert [what.turn for what in s.took(happened.ModelBegan)] == [1]
    words = " ".join(message["content"] for message in s.context.get_messages())
    assert words == "One moment, please. Here I am."


def test_words_that_come_too_late_to_bridge_anything_are_not_said(talk, model, eventually):
    async def play(s, transport):
        await eventually(lambda: s.took(happened.ModelBegan), 10)
        await bridge(s)
        await eventually(lambda: len(s.took(happened.Spoken)) == 2, 60)

    s = talk(thinks, play, llm=model(["Here ", 2.0, "I am."]))
    filler = next(what for what in s.took(happened.Spoken) if what.say == "filler")
    assert (filler.spoken, filler.interrupted) == ("", True)


async def test_in_a_chat_the_waiting_is_bridged_too(scene, model, eventually):
    async with scene(thinks, model([0.5, "Here I am."])) as s:
        s.conversation.tell(happened.Started)
        await eventually(lambda: s.model.contexts)
        await bridge(s)
        await eventually(lambda: s.took(happened.Spoken))
        assert not s.took(happened.ModelFinished)
        await eventually(lambda: len(s.took(happened.Spoken)) == 2)
        assert [what.spoken for what in s.took(happened.Spoken)] == ["One moment, please.", "Here I am."]
        assert [m["content"] for m in s.context.get_messages()] == ["One moment, please.", "Here I am."]


async def test_nobody_is_told_of_the_first_words_who_has_not_asked(scene, model, eventually):
    def reacts(what):
        return [do.RunModel(turn=1)] if isinstance(what, happened.Started) else None

    async with scene(reacts, model(["Here I am."])) as s:
        s.conversation.tell(happened.Started)
        await eventually(lambda: s.took(happened.Spoken))
        assert not s.took(happened.ModelBegan)


def test_other_ways_to_begin_a_turn_stand_behind_patience_and_are_kept():
    for turns in (
        UserTurnStrategies(start=None, stop=[SpeechTimeoutUserTurnStopStrategy()]),
        ExternalUserTurnStrategies(),
    ):
        changed = patient(turns, lambda: True)
        assert isinstance(changed.start[0], Patience)
        assert changed.start[1:] == turns.start
        assert changed.stop == turns.stop
