"""Tools that raise, hang or give what can't be JSON: the conversation goes on, and the model reads a safe sentence."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from framework.testing.openai import Reply, Server

ROOT = Path(__file__).parents[2]
ODD = '''\
import asyncio
import time

from framework import Registry, Tool, hookimpl, tool

SECRET = "the word is zebra-crossing"


@tool
async def raises() -> int:
    """Raise, with something private in the words."""
    raise RuntimeError(SECRET)


@tool(timeout_s=0.3)
async def hangs() -> int:
    """Never come back."""
    await asyncio.sleep(3600)
    return 1


@tool(timeout_s=0.3)
def blocks() -> int:
    """Never come back, and hold a thread."""
    time.sleep(3600)
    return 1


@tool
def unfit() -> object:
    """Give what no JSON can hold."""
    return {"secret": SECRET, "lock": object()}


@hookimpl
def register_tools(tools: Registry[Tool]) -> None:
    """Offer them."""
    for odd in (raises, hangs, blocks, unfit):
        tools.add(odd)
'''
ASKED = """\
flow: asked
initial_node: talk
nodes:
  talk:
    instruct: Help.
    respond_immediately: false
    tools: [odd.raises, odd.hangs, odd.blocks, odd.unfit]
    next: [{intent: is done, examples: [bye], goto: bye}]
  bye: {say: "Bye.", end: true}
"""
RUN = """\
flow: run
initial_node: go
nodes:
  go: {run: odd.TOOL, next: [{outcome: [error, timeout], goto: sorry}, {else: bye}]}
  sorry: {say: "Sorry, that did not work.", next: bye}
  bye: {say: "Bye.", end: true}
"""
STACK = """\
stack: model
llm: {provider: openai, args: {base_url: "URL", api_key: "${MODEL_API_KEY}"}, settings: {model: gpt-4o-mini}}
router: {provider: semantic}
"""
CODES = {"raises": "crashed", "hangs": "timeout", "blocks": "timeout", "unfit": "not_json"}
TOOLS = [("raises", "error"), ("hangs", "timeout"), ("blocks", "timeout"), ("unfit", "error")]


@pytest.fixture
def project(tmp_path):
    plugin = tmp_path / "plugins" / "odd"
    plugin.mkdir(parents=True)
    (plugin / "__init__.py").write_text(ODD)
    (tmp_path / "asked.yaml").write_text(ASKED)
    (tmp_path / "convo.yaml").write_text("bots: {}\n")
    (tmp_path / "stacks").mkdir()
    return tmp_path


async def chat(project, *arguments, stdin="", **environment):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "framework", "chat", *arguments),
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT), "CONVO_STATE": str(project / "state"), **environment},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(stdin.encode()), 60)
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode, out.decode(), err.decode()


@pytest.mark.parametrize(("tool", "outcome"), TOOLS)
async def test_a_model_that_calls_a_bad_tool_reads_a_code_and_a_safe_sentence(project, tool, outcome):
    answers = [
        Reply(calls=[(f"odd_{tool}", {})]),
        Reply(text="That did not work, sorry."),
        Reply(text="Anything else?"),
    ]
    async with Server(answers) as server:
        (project / "stacks" / "model.yaml").write_text(STACK.replace("URL", server.url))
        code, out, err = await chat(
            project, "asked.yaml", "--stack", "model", "--json", stdin="do it\nand now?\n", MODEL_API_KEY=server.key
        )
        events = [json.loads(line) for line in out.splitlines()]
        told = [message for message in server.requests[1]["messages"] if message["role"] == "tool"]
    assert code == 3, (out, err)
    assert [event["data"]["outcome"] for event in events if event["type"] == "tool.finished"] == [outcome]
    said = [event["data"]["spoken"] for event in events if event["type"] == "bot.said"]
    assert said == ["That did not work, sorry.", "Anything else?"]
    assert len(told) == 1
    answer = json.loads(told[0]["content"])
    assert answer["status"] == "error"
    assert answer["code"] == CODES[tool]
    assert answer["message"].endswith(".")
    assert server.refused == []
    assert "zebra" not in json.dumps(server.requests)
    assert "zebra" not in out + err


@pytest.mark.parametrize(("tool", "outcome"), TOOLS)
async def test_a_flow_that_runs_a_bad_tool_takes_the_way_of_its_outcome(project, tool, outcome):
    (project / "run.yaml").write_text(RUN.replace("TOOL", tool))
    code, out, err = await chat(project, "run.yaml", "--stack", "offline")
    assert (code, out) == (0, "Bot: Sorry, that did not work.\nBot: Bye.\n")
    assert "zebra" not in err
