"""The double refuses what the API refuses, with its bodies."""

from __future__ import annotations

import pytest

from framework.testing.openai import Reply, Server
from framework.testing.refusals import problem

USER = {"role": "user", "content": "Hi."}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CALLS = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "1"}


def tool(name="f", **parameters):
    shape = {"type": "object", "properties": {}} | parameters
    return {"type": "function", "function": {"name": name, "description": "d", "parameters": shape}}


def body(*messages, **more):
    return {"model": "gpt-4o-mini", "messages": list(messages), **more}


@pytest.mark.parametrize(
    "taken",
    [
        pytest.param(body(USER), id="a message"),
        pytest.param(body(USER, CALLS, RESULT), id="a call and its result"),
        pytest.param(body(USER, tools=[tool()]), id="a tool"),
        pytest.param(body(USER, stream=True, stream_options={"include_usage": True}), id="a stream with usage"),
    ],
)
def test_what_the_api_takes_is_taken(taken):
    assert problem(taken) is None


@pytest.mark.parametrize(
    ("refused", "part"),
    [
        pytest.param(body(), "too short", id="no messages"),
        pytest.param(body({"role": "robot", "content": "x"}), "Invalid value: 'robot'", id="a strange role"),
        pytest.param(body(USER, RESULT), "must be a response to a preceeding message", id="a result of no call"),
        pytest.param(body(USER, CALLS), "must be followed by tool messages", id="a call without result"),
        pytest.param(body(USER, CALLS, USER, RESULT), "must be followed by tool messages", id="something in between"),
        pytest.param(body({"role": "user", "content": None}), "expected a string, got null", id="nothing said"),
        pytest.param(body(USER, tools=[]), "empty array", id="an empty list of tools"),
        pytest.param(body(USER, tools=[tool("a.b")]), "does not match pattern", id="a dot in a name"),
        pytest.param(body(USER, tools=[tool("a" * 65)]), "does not match pattern", id="a long name"),
        pytest.param(body(USER, tools=[tool(type="array")]), "got 'type: \"array\"'", id="no object"),
        pytest.param(body(USER, tools=[tool(required=["x"])]), "which is no property", id="a required argument less"),
        pytest.param(body(USER, tool_choice="auto"), "only allowed when 'tools'", id="a choice among nothing"),
        pytest.param(body(USER, temperature=3), "Expected a value <= 2", id="a wild temperature"),
        pytest.param(body(USER, top_k=3), "Unrecognized request argument supplied: top_k", id="an unknown argument"),
        pytest.param(body(USER, stream_options={}), "only allowed when 'stream'", id="stream options alone"),
    ],
)
def test_what_the_api_refuses_is_refused_in_its_words(refused, part):
    assert part in problem(refused).message


async def test_it_wants_a_key_and_says_so_like_the_api():
    import aiohttp

    async with Server([Reply(text="Hi.")]) as server, aiohttp.ClientSession() as client:
        answer = await client.post(f"{server.url}/chat/completions", json=body(USER))
        assert answer.status == 401
        assert (await answer.json())["error"]["type"] == "invalid_request_error"
        keyed = {"Authorization": f"Bearer {server.key}"}
        whole = await client.post(f"{server.url}/chat/completions", json=body(USER), headers=keyed)
        assert (await whole.json())["choices"][0]["message"]["content"] == "Hi."
        empty = await client.post(f"{server.url}/chat/completions", json=body(USER), headers=keyed)
        assert empty.status == 500
        broken = await client.post(f"{server.url}/chat/completions", data=b"{", headers=keyed)
        assert broken.status == 400
