from __future__ import annotations

import pytest
from pipecat.adapters.llm.schemas.function_schema import FunctionSchema

from framework.plugins.services import ServiceContext
from framework.testing.scripted import Script, ScriptError, Step, build_llm, build_stt, build_tts


def scripted(script):
    return build_llm(ServiceContext(args={"script": script}))


def order(taken):
    async def handler(params):
        taken.append(params.arguments)
        await params.result_callback({"ok": True})

    size = {"size": {"type": "string"}}
    return FunctionSchema(name="order", description="Order.", properties=size, required=["size"], handler=handler)


async def test_a_conversation_that_follows_its_script_passes(talking):
    script = Script([Step(heard="pizza", say="Which size?"), Step(heard="large", say="It is on its way.")])
    async with talking(scripted(script)) as talk:
        await talk.say("A pizza, please.")
        await talk.say("A large one.")
        assert talk.said == ["Which size?", "It is on its way."]
    script.check()


async def test_a_step_may_speak_and_call(talking):
    taken = []
    script = Script(
        [Step(say="One moment.", call={"order": {"size": "large"}}, offered=["order"]), Step(heard="ok", say="Done.")]
    )
    async with talking(scripted(script), [order(taken)]) as talk:
        await talk.say("A large one.")
        await talk.until(lambda: "Done." in talk.said)
        assert taken == [{"size": "large"}]
    script.check()


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        pytest.param(Step(heard="pasta", say="x"), "`pasta` should have been heard", id="other words"),
        pytest.param(Step(call={"pay": {}}), "`pay` can't be called, there is `order`", id="no such call"),
        pytest.param(Step(say="x", offered=["pay"]), "`pay` should be offered", id="an offer less"),
        pytest.param(Step(say="x", role="pizzeria"), "the role should hold `pizzeria`", id="another role"),
    ],
)
async def test_leaving_the_script_is_an_error_at_once_and_at_the_end(talking, step, problem):
    script = Script([step])
    async with talking(scripted(script), [order([])]) as talk:
        await talk.say("A pizza.")
        assert [problem in error.error for error in talk.errors] == [True]
    with pytest.raises(ScriptError, match="step 1 of the script"):
        script.check()


async def test_a_script_that_is_over_says_so(talking):
    script = Script([])
    async with talking(scripted(script)) as talk:
        await talk.say("Hello?")
        assert "the script ends after 0 steps" in talk.errors[0].error


def test_steps_that_never_came_are_told():
    with pytest.raises(ScriptError, match="2 steps of the script never came to pass, from step 1 on"):
        Script([Step(say="a"), Step(say="b")]).check()
    with pytest.raises(ScriptError, match="1 line of the script never came to pass"):
        Script(lines=["Hello."]).check()


async def test_a_recogniser_hears_its_lines_in_turn_and_then_says_that_there_are_none():
    script = Script(lines=["A pizza.", ""])
    ear = build_stt(ServiceContext(args={"script": script}))
    frames = [frame async for frame in ear.run_stt(bytes(32000))]
    assert [(frame.text, frame.finalized) for frame in frames] == [("A pizza.", True)]
    assert [frame async for frame in ear.run_stt(bytes(32000))] == []
    script.check()
    with pytest.raises(ScriptError, match="ends after 2 lines"):
        script.hear(1.0)


async def test_a_voice_takes_its_time_and_remembers():
    script = Script(word_s=0.5)
    voice = build_tts(ServiceContext(args={"script": script}))
    voice._sample_rate = 16000
    frames = [frame async for frame in voice.run_tts("Hello there.", "c")]
    assert [len(frame.audio) for frame in frames] == [32000]
    assert script.said == ["Hello there."]


async def test_a_script_may_stand_in_a_stack(talking):
    model = build_llm(ServiceContext(settings={"steps": [Step(say="Hello.")]}))
    async with talking(model) as talk:
        await talk.say("Hi.")
        assert talk.said == ["Hello."]
