"""OpenAI's service against a server that streams, calls tools and refuses as its API documents."""

from __future__ import annotations

import pytest
from pipecat.adapters.llm.schemas.function_schema import FunctionSchema
from pipecat.utils.errors import ErrorCategory

from framework.plugins.services import ServiceContext
from framework.services.providers import ollama, openai
from framework.testing.openai import Drop, Hang, Reply, Server, broke, busy, down


def model(server, *, provider=openai, **given):
    args = {"base_url": server.url, "api_key": server.key, "timeout_s": 1.0} | given.pop("args", {})
    settings = {"model": "gpt-4o-mini", "temperature": 0.3} | given.pop("settings", {})
    return provider.build(ServiceContext(settings=settings, args=args, **given))


def weather(sky):
    async def handler(params):
        sky.append(params.arguments)
        await params.result_callback({"sky": "clear"})

    city = {"city": {"type": "string"}}
    return FunctionSchema(name="weather", description="Look.", properties=city, required=["city"], handler=handler)


async def test_a_text_streams_through_the_pipeline(talking):
    async with Server([Reply(text="Hello there, my friend.")]) as server, talking(model(server)) as talk:
        await talk.say("Hi.")
        assert talk.said == ["Hello there, my friend."]
        assert server.requests[0]["stream"] is True
        assert server.requests[0]["temperature"] == 0.3


async def test_a_tool_call_goes_out_and_its_result_comes_back(talking):
    asked = []
    answers = [Reply(calls=[("weather", {"city": "Oslo"})]), Reply(text="It is clear in Oslo.")]
    async with Server(answers) as server, talking(model(server), [weather(asked)]) as talk:
        await talk.say("How is the weather?")
        await talk.until(lambda: talk.said)
        assert asked == [{"city": "Oslo"}]
        assert talk.said == ["It is clear in Oslo."]
        roles = [message["role"] for message in server.requests[1]["messages"]]
        assert roles == ["user", "assistant", "tool"]
        assert server.refused == []


async def test_two_calls_in_one_answer_are_both_made(talking):
    asked = []
    calls = [("weather", {"city": "Oslo"}), ("weather", {"city": "Rome"})]
    async with (
        Server([Reply(calls=calls), Reply(text="Clear.")]) as server,
        talking(model(server), [weather(asked)]) as talk,
    ):
        await talk.say("Oslo and Rome?")
        await talk.until(lambda: talk.said)
        assert sorted(one["city"] for one in asked) == ["Oslo", "Rome"]
        assert server.refused == []


async def failure(talking, server, **given):
    async with talking(model(server, **given)) as talk:
        await talk.say("Hi.")
        (error,) = talk.errors
        assert talk.said == []
        return error


async def test_a_refused_key_says_which_server_and_never_the_key(talking):
    async with Server([]) as server:
        error = await failure(talking, server, args={"api_key": "sk-wrong-987654321"})
        assert error.error.startswith("the model's service refused the key")
        assert "987654321" not in error.error
        assert error.category is ErrorCategory.AUTHENTICATION


async def test_an_unknown_model_is_named(talking):
    async with Server([]) as server:
        error = await failure(talking, server, settings={"model": "gpt-9"})
        assert "knows no such model" in error.error
        assert "`gpt-9`" in error.error


async def test_a_busy_server_that_names_a_short_wait_is_asked_again(talking):
    async with Server([busy(0.05), Reply(text="Here I am.")]) as server, talking(model(server)) as talk:
        await talk.say("Hi.")
        assert (talk.said, talk.errors) == (["Here I am."], [])


async def test_a_busy_server_that_names_a_long_wait_is_not_waited_for(talking):
    async with Server([busy(30), Reply(text="Too late.")]) as server:
        error = await failure(talking, server)
        assert "too many requests" in error.error
        assert error.category is ErrorCategory.RATE_LIMIT
        assert server.left == 1


async def test_an_account_without_credit_is_not_asked_twice(talking):
    async with Server([broke(), Reply(text="No.")]) as server:
        await failure(talking, server)
        assert server.left == 1


async def test_a_server_that_fails_twice_is_given_up(talking):
    async with Server([down(), down(), Reply(text="No.")]) as server:
        error = await failure(talking, server, args={"timeout_s": 5.0})
        assert error.error.startswith("the model's service failed (500")
        assert server.left == 1


@pytest.mark.parametrize("said", ["", "Well, "], ids=["before the first word", "in the middle"])
async def test_a_server_that_falls_silent_is_left_at_the_deadline(talking, said):
    async with Server([Hang(text=said)]) as server:
        error = await failure(talking, server, args={"timeout_s": 0.3})
        assert "gave no word within 0.3 s" in error.error
        assert error.category is ErrorCategory.CONNECTIVITY


async def test_a_connection_that_breaks_in_an_answer_says_so(talking):
    async with Server([Drop(text="Well, I ")]) as server:
        error = await failure(talking, server)
        assert "broke off in the middle" in error.error


async def test_a_server_that_is_not_there_says_so(talking):
    async with Server([]) as gone:
        pass
    error = await failure(talking, gone)
    assert "can't be reached" in error.error


async def test_arguments_that_are_no_json_are_an_error_and_not_silence(talking):
    async with (
        Server([Reply(calls=[("weather", "{city: Oslo")])]) as server,
        talking(model(server), [weather([])]) as talk,
    ):
        await talk.say("Hi.")
        assert [error.error for error in talk.errors] == ["the model called a function with arguments that are no JSON"]


async def test_ollama_gets_no_developer_messages_and_no_key_of_openai(talking):
    async with Server([Reply(text="Hello.")], key="ollama", models=["llama3.2"]) as server:
        context = ServiceContext(settings={"model": "llama3.2"}, args={"base_url": server.url})
        async with talking(ollama.build(context)) as talk:
            talk.context.add_message({"role": "developer", "content": "Be brief."})
            await talk.say("Hi.")
            assert [message["role"] for message in server.requests[0]["messages"]] == ["user", "user"]


async def test_openai_itself_gets_developer_messages():
    service = openai.build(ServiceContext(secrets={"api_key": "sk-1"}))
    assert service.supports_developer_role is True
    other = openai.build(ServiceContext(args={"base_url": "http://127.0.0.1:9/v1"}))
    assert other.supports_developer_role is False


async def test_a_foreign_server_never_sees_openais_key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
    service = openai.build(ServiceContext(args={"base_url": "http://127.0.0.1:9/v1"}))
    assert service._client.api_key == "none"
