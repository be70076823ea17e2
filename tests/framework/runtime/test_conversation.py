"""Conversations over a real pipeline, by text, with a scripted engine."""

from __future__ import annotations

import asyncio
from typing import Any

from framework.engine import effects as do
from framework.engine import inputs as happened

LOOK = do.Offer(name="look", description="Look something up.", properties={"what": {"type": "string"}})


def asks_model(what: happened.Input) -> list[do.Effect] | None:
    """The person speaks, the model answers."""
    match what:
        case happened.Started():
            return [do.Prompt(role="You are kind.", messages=({"role": "developer", "content": "Help."},))]
        case happened.Heard():
            return [do.RunModel(turn=1)]


async def test_a_line_of_the_flow_is_said_and_remembered(scene, model, eventually):
    def reacts(what):
        if isinstance(what, happened.Started):
            return [do.Say(say="a", text="Hello there.", language="en")]
        return None

    async with scene(reacts, model()) as s:
        s.conversation.tell(happened.Started)
        await eventually(lambda: s.took(happened.Spoken))
        spoken = s.took(happened.Spoken)[0]
        assert (spoken.say, spoken.generated, spoken.spoken, spoken.interrupted) == (
            "a",
            "Hello there.",
            "Hello there.",
            False,
        )
        assert s.context.get_messages() == [{"role": "assistant", "content": "Hello there."}]


async def test_the_model_runs_only_when_the_engine_asks(scene, model, eventually):
    llm = model(["One."], ["Two."])
    async with scene(asks_model, llm) as s:
        s.conversation.tell(happened.Started)
        await eventually(lambda: s.conversation.moved)
        await s.stage.typed("hi")
        await eventually(lambda: s.took(happened.Spoken))
        assert len(llm.contexts) == 1
        assert llm.contexts[0] == [{"role": "developer", "content": "Help."}, {"role": "user", "content": "hi"}]
        assert s.took(happened.ModelFinished)[0].text == "One."
        assert llm._settings.system_instruction == "You are kind."


async def test_parallel_calls_fast_and_slow_stand_in_order_and_the_model_runs_once(scene, model, hands, eventually):
    slow_may_end = asyncio.Event()
    read: list[str] = []

    async def look(what: str) -> Any:
        if what == "slow":
            await slow_may_end.wait()
        return {"found": what}

    def reacts(what):
        match what:
            case happened.Started():
                return [do.Prompt(role=None, messages=(), tools=(LOOK,)), do.RunModel(turn=1)]
            case happened.ModelCalled():
                return [
                    do.CallTool(call=c.call, tool="look", arguments=c.arguments, timeout_s=5, by="model")
                    for c in what.calls
                ]
            case happened.ToolFinished():
                slow_may_end.set()
                return [do.Answer(call=what.call, result=what.result)]
            case happened.AnswerRead():
                read.append(what.call)
                return [do.RunModel(turn=2)] if len(read) == 2 else []

    llm = model(["Let me look.", ("look", {"what": "slow"}), ("look", {"what": "fast"})], ["Done."])
    async with scene(reacts, llm, hands(look=look)) as s:
        s.conversation.tell(happened.Started)
        await eventually(lambda: len(s.took(happened.ModelFinished)) == 2)
        assert read == ["c1.1", "c1.0"]
        context = llm.contexts[1]
        assert [m["role"] for m in context] == ["assistant", "assistant", "tool", "assistant", "tool"]
        assert context[0]["content"] == "Let me look."
        assert [m["content"] for m in context if m["role"] == "tool"] == ['{"found": "slow"}', '{"found": "fast"}']
        assert len(s.took(happened.ModelCalled)) == 1


async def test_an_interruption_in_the_middle_of_a_call_leaves_one_outcome_and_one_answer(
    scene, model, hands, eventually
):
    may_end = asyncio.Event()

    async def look(what: str) -> Any:
        await may_end.wait()
        return {"found": what}

    def reacts(what):
        match what:
            case happened.Started():
                return [do.Prompt(role=None, messages=(), tools=(LOOK,)), do.RunModel(turn=1)]
            case happened.ModelCalled():
                return [
                    do.CallTool(call=c.call, tool="look", arguments=c.arguments, timeout_s=5, by="model")
                    for c in what.calls
                ]
            case happened.ToolFinished():
                return [do.Answer(call=what.call, result=what.result)]
            case happened.AnswerRead():
                return [do.RunModel(turn=2)]

    llm = model([("look", {"what": "it"})], ["Here it is."])
    async with scene(reacts, llm, hands(look=look)) as s:
        s.conversation.tell(happened.Started)
        await eventually(lambda: s.took(happened.ModelFinished))
        await s.assembly.interrupt()
        await s.stage.typed("hurry up")
        may_end.set()
        await eventually(lambda: len(s.took(happened.ModelFinished)) == 2)
        assert len(s.took(happened.ToolFinished)) == 1
        assert len(s.took(happened.AnswerRead)) == 1
        tools = [m for m in llm.contexts[1] if m["role"] == "tool"]
        assert tools == [{"role": "tool", "content": '{"found": "it"}', "tool_call_id": "c1.0"}]


async def test_a_failing_provider_is_told_once(scene, model, eventually):
    def reacts(what):
        return [do.RunModel(turn=1)] if isinstance(what, happened.Started) else None

    async with scene(reacts, model(["error"])) as s:
        s.conversation.tell(happened.Started)
        await eventually(lambda: s.took(happened.ModelFailed))
        assert not s.took(happened.ModelFinished)


async def test_a_tool_that_raises_ends_as_an_error_without_its_words(scene, model, hands, eventually):
    async def look() -> Any:
        raise RuntimeError("the password is 1234")

    def reacts(what):
        if isinstance(what, happened.Started):
            return [do.CallTool(call="x", tool="look", arguments={}, timeout_s=1, by="flow")]
        return None

    async with scene(reacts, model(), hands(look=look)) as s:
        s.conversation.tell(happened.Started)
        await eventually(lambda: s.took(happened.ToolFinished))
        done = s.took(happened.ToolFinished)[0]
        assert (done.outcome, done.code) == ("error", "crashed")
        assert "1234" not in done.message


async def test_a_record_of_inputs_gives_the_same_effects_again(scene, model, eventually):
    given: list[list[do.Effect]] = []

    def reacts(what):
        todo = asks_model(what) or []
        given.append(todo)
        return todo

    async with scene(reacts, model(["One."])) as s:
        s.conversation.tell(happened.Started)
        await eventually(lambda: s.conversation.moved)
        await s.stage.typed("hi")
        await eventually(lambda: s.took(happened.Spoken))
        record = list(s.conversation.record)
        seen, given[:] = list(given), []
    state = s.engine.initial()
    for what in record:
        state, _ = s.engine.step(None, state, what)
    assert given == seen


async def test_an_engine_that_fails_ends_the_session_and_says_so(scene, model, eventually):
    def reacts(what):
        raise ValueError("no")

    async with scene(reacts, model()) as s:
        s.conversation.tell(happened.Started)
        await eventually(lambda: s.ends)
        assert s.ends == ["error"]
        assert s.events[0].data["code"] == "engine"
