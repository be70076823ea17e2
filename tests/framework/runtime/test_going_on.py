"""Sessions that are made of several flows, kept, and gone on with in another process; events, transfers, summaries."""

from __future__ import annotations

import asyncio
import io
import json
import os
import pty
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from framework.cli.main import main
from framework.errors import UserError
from framework.plugins.host import PluginHost
from framework.project import Project
from framework.runtime.session import LiveSession
from framework.runtime.summary import Summarizer
from framework.services.resolve import Services
from framework.sessions.checkpoints import FileCheckpoints, read
from framework.sessions.spec import SessionSpec

CONVO = """
bots: {order: {flow: order, stack: none}, bell: {flow: bell, stack: none}, sums: {flow: sums, stack: none}}
default_bot: order
transfers: {desk: "+15550100"}
"""
ORDER = """
flow: order
inputs: [shop]
outputs: [size]
slots: {shop: text, size: text}
interrupts:
  hours: {intent: asks for opening hours, examples: [when are you open], goto: hours, return: resume}
initial_node: hello
nodes:
  hello: {say: "Welcome to {{ slots.shop }}.", next: ask}
  ask:
    subflow: sizes
    with: {what: pizza}
    save: {size: result.size}
    next:
      - {outcome: chosen, goto: desk}
      - {else: bye}
  desk:
    say: "A {{ slots.size }} one."
    transfer: desk
    brief: "Wants a {{ slots.size }} pizza."
    next: [{outcome: done, end: transferred}, {else: bye}]
  bye: {say: "Goodbye.", end: true}
  hours: {say: "Is it about today?", next: [{intent: about today, examples: [today], goto: eight}, {else: eight}]}
  eight: {say: "We are open eight to five.", end: true}
"""
SIZES = """
flow: sizes
inputs: [what]
outputs: [size]
slots:
  what: text
  size: {type: enum, values: [small, large], prompt: "Which size of {{ slots.what }}?", confirm: readback}
initial_node: a
nodes:
  a: {collect: size, next: [{outcome: done, end: chosen}, {else: b}]}
  b: {end: gave_up}
"""
BELL = """
flow: bell
events: {bell.rang: {times: integer}}
slots: {n: integer}
initial_node: a
nodes:
  a: {run: bells.ring, next: b}
  b: {wait: for the bell, next: [{event: bell.rang, set: {n: "{{ event.times }}"}, goto: c}, {after: 5s, goto: d}]}
  c: {say: "It rang {{ slots.n }} times.", end: true}
  d: {say: "Nothing rang.", end: silent}
"""
BELLS = '''
"""Bells."""
from framework import ToolContext, hookimpl, tool

@tool
async def ring(context: ToolContext) -> str:
    """Rings."""
    context.emit("bell.rang", {"times": 3})
    context.emit("bell.polished", {"by": "hand"})
    return "rung"

@hookimpl
def register_tools(tools):
    tools.add(ring)
'''
SUMS = """
flow: sums
initial_node: a
nodes:
  a: {instruct: "Ask.", respond_immediately: false, next: [{intent: goes on, goto: b}]}
  b: {instruct: "Sell.", context_strategy: summarize, next: [{intent: is done, end: true}]}
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    files = {
        "convo.yaml": CONVO,
        "flows/order.yaml": ORDER,
        "flows/sizes.yaml": SIZES,
        "flows/bell.yaml": BELL,
        "flows/sums.yaml": SUMS,
        "stacks/none.yaml": "stack: none\nllm: {provider: rules}\n",
        "plugins/bells/__init__.py": BELLS,
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def chat(place, monkeypatch, capsys):
    """Type these lines into `convo chat`; answers the exit code and what was shown."""

    def talk(lines: str, *arguments: str):
        monkeypatch.setattr("sys.stdin", io.StringIO(lines))
        code = main(["chat", *arguments])
        return code, capsys.readouterr()

    return talk


def test_a_flow_runs_another_and_hands_the_person_over(chat):
    code, shown = chat("large\nyes\n", "order", "--input", "shop=Luigi")
    assert code == 0
    assert shown.out.splitlines() == [
        "Bot: Welcome to Luigi.",
        "Bot: Which size of pizza?",
        "You: large",
        "Bot: I have large. Is that right?",
        "You: yes",
        "Bot: A large one.",
        "[would dial desk (+15550100): Wants a large pizza. — done]",
    ]


def test_a_transfer_ends_as_it_is_told(chat):
    _, shown = chat("large\nyes\n", "order", "--input", "shop=Luigi", "--transfer", "busy")
    assert shown.out.splitlines()[-2:] == [
        "[would dial desk (+15550100): Wants a large pizza. — busy]",
        "Bot: Goodbye.",
    ]


def test_the_last_event_has_the_outputs_and_each_event_its_flow(chat):
    _, shown = chat("large\nyes\n", "order", "--input", "shop=Luigi", "--json")
    events = [json.loads(line) for line in shown.out.splitlines()]
    assert events[-1]["data"] == {"reason": "transferred", "outputs": {"size": "large"}}
    entered = [(e["flow"], e["data"]["node"], e["data"]["depth"]) for e in events if e["type"] == "node.entered"]
    assert entered == [("order", "hello", 0), ("order", "ask", 0), ("sizes", "a", 1), ("order", "desk", 0)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["order"], "flow `order` needs `shop`", id="missing input"),
        pytest.param(
            ["order", "--input", "shop=Luigi", "--input", "size=[1]"], "slot `size`: a text is needed", id="bad input"
        ),
        pytest.param(["order", "--input", "shop=Luigi", "--input", "x=1"], "no slot `x`", id="unknown input"),
        pytest.param(["order", "--input", "shop"], "is no input", id="no value"),
        pytest.param(["order", "--transfer", "maybe"], "can't end as `maybe`", id="unknown outcome"),
        pytest.param(["order", "--resume", "none.json"], "Leave out", id="two beginnings"),
        pytest.param(["--resume", "none.json"], "can't be read", id="no checkpoint"),
        pytest.param(["--resume", "convo.yaml"], "is no checkpoint", id="another file"),
    ],
)
def test_what_can_be_corrected_is_said_before_anything_begins(chat, arguments, words):
    code, shown = chat("hi\n", *arguments)
    assert code == 2
    assert words in shown.err
    assert not shown.out


def test_a_flow_that_hands_people_to_nobody_is_refused(place, chat):
    (place / "convo.yaml").write_text(CONVO.replace("desk:", "office:"))
    code, shown = chat("hi\n", "order", "--input", "shop=Luigi")
    assert code == 2
    assert "desk" in shown.err


# --- Going on ------------------------------------------------------------------


class Terminal:
    """`convo chat` in a process of its own, and somebody at its keyboard."""

    def __init__(self, place: Path, *arguments: str) -> None:
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "framework", "chat", *arguments],
            cwd=place,
            stdin=theirs,
            stdout=theirs,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs)

    def shows(self, words: str) -> str:
        """Read until these words are there."""
        shown = ""
        while words not in shown:
            shown += os.read(self._ours, 1024).decode()
        return shown

    def types(self, line: str) -> None:
        os.write(self._ours, line.encode() + b"\n")

    def dies(self) -> None:
        self.process.kill()
        self.process.wait(10)
        os.close(self._ours)


def kept_until(path: Path, words: str) -> None:
    """Wait for the checkpoint that has these words in it."""
    until = time.monotonic() + 20
    while not (path.is_file() and words in path.read_text()):
        assert time.monotonic() < until, path.read_text() if path.is_file() else "no checkpoint was kept"
        time.sleep(0.01)


def test_a_session_whose_process_was_killed_goes_on_in_the_middle_of_a_subflows_question(place, chat):
    terminal = Terminal(place, "order", "--input", "shop=Luigi", "--checkpoint", "call.json")
    terminal.shows("Which size of pizza?")
    terminal.shows("You: ")
    terminal.types("large")
    terminal.shows("Is that right?")
    kept_until(place / "call.json", '"confirming":{"slot":"size"')
    terminal.dies()
    code, shown = chat("yes\n", "--resume", "call.json", "--checkpoint", "call.json")
    assert code == 0
    assert shown.out.splitlines()[:3] == ["Bot: I have large. Is that right?", "You: yes", "Bot: A large one."]
    assert not (place / "call.json").exists()


def test_a_session_whose_process_was_killed_comes_back_from_an_interrupt(place, chat):
    terminal = Terminal(place, "order", "--input", "shop=Luigi", "--checkpoint", "call.json")
    terminal.shows("You: ")
    terminal.types("when are you open")
    terminal.shows("Is it about today?")
    kept_until(place / "call.json", '"node":"hours"')
    terminal.dies()
    code, shown = chat("today\nlarge\nyes\n", "--resume", "call.json")
    assert code == 0
    said = [line for line in shown.out.splitlines() if line.startswith("Bot: ")]
    assert said[:2] == ["Bot: Is it about today?", "Bot: We are open eight to five."]
    assert said[2].endswith("Which size of pizza?")
    assert said[-1] == "Bot: A large one."


def test_who_hangs_up_may_come_back(place, chat):
    code, _ = chat("large\n", "order", "--input", "shop=Luigi", "--checkpoint", "call.json")
    assert code == 3
    assert (place / "call.json").stat().st_mode & 0o777 == 0o600
    code, shown = chat("yes\n", "--resume", "call.json")
    assert code == 0
    assert "Bot: A large one." in shown.out


def test_a_session_goes_on_with_the_flows_that_it_began_with_only(place, chat):
    chat("large\n", "order", "--input", "shop=Luigi", "--checkpoint", "call.json")
    (place / "flows/sizes.yaml").write_text(SIZES.replace("small, large", "small, large, huge"))
    code, shown = chat("yes\n", "--resume", "call.json")
    assert code == 2
    assert "another version of the flow" in shown.err


def test_a_session_whose_checkpoint_can_not_be_kept_goes_on(place, chat):
    code, shown = chat("large\nyes\n", "order", "--input", "shop=Luigi", "--checkpoint", "nowhere/call.json")
    assert code == 0
    assert "Bot: A large one." in shown.out


# --- Events ----------------------------------------------------------------------


def test_what_a_tool_emits_reaches_the_flow_that_declares_it(chat):
    code, shown = chat("", "bell", "--json")
    events = [json.loads(line) for line in shown.out.splitlines()]
    assert code == 0
    assert [e["data"] for e in events if e["type"] == "bell.rang"] == [{"times": 3}]
    assert [e["data"] for e in events if e["type"] == "bell.polished"] == [{"by": "hand"}]
    assert [e["data"]["spoken"] for e in events if e["type"] == "bot.said"] == ["It rang 3 times."]


# --- Summaries and contexts --------------------------------------------------------


class Session:
    """A session with a scripted model, one turn at a time."""

    def __init__(self, place: Path, model: Any, spec: SessionSpec, **more: Any) -> None:
        project = Project.find(place)
        self.session = LiveSession(
            spec,
            project=project,
            host=PluginHost.load(project, installed=False),
            services=lambda _blueprint, _conversation: Services(llm=model),
            **more,
        )

    async def hears(self, *lines: str) -> None:
        running = asyncio.create_task(self.session.run())
        for line in lines:
            assert await self.session.person()
            await self.session.hear(line)
        assert await self.session.person()
        self.session.hang_up()
        await asyncio.wait_for(running, 20)


def plainly(context: list[dict[str, Any]]) -> list[str]:
    return [message["content"] for message in context if message.get("content") and message["role"] != "tool"]


async def test_a_node_that_sums_up_has_the_summary_and_the_last_turns(place, model, monkeypatch):
    script = model(["Hm?"], ["And?"], ["So?"], [("go_b", {})], ["Buy it."])
    asked = []

    async def inference(context: Any, max_tokens: Any = None, system_instruction: Any = None) -> str:
        asked.append(context.get_messages()[0]["content"])
        return "They want a pizza."

    monkeypatch.setattr(script, "run_inference", inference)
    spec = SessionSpec(flow="sums", stack="none", channel="text")
    await Session(place, script, spec).hears("hello", "a pizza", "a big one", "go on")
    assert "a pizza" in asked[0]
    assert plainly(script.contexts[-1]) == [
        "Summary of the conversation so far: They want a pizza.",
        *("And?", "a big one", "So?", "go on"),
        "Sell.",
    ]


async def test_a_model_that_can_not_sum_up_leaves_the_last_turns(place, model):
    script = model(["Hm?"], ["And?"], ["So?"], [("go_b", {})], ["Buy it."])
    spec = SessionSpec(flow="sums", stack="none", channel="text")
    await Session(place, script, spec).hears("hello", "a pizza", "a big one", "go on")
    assert plainly(script.contexts[-1]) == ["And?", "a big one", "So?", "go on", "Sell."]


async def test_little_is_not_summed_up():
    summarizer = Summarizer(None, lambda: [{"role": "user", "content": "hi"}] * 9)
    assert await summarizer.summary() == ""


async def test_a_models_context_is_as_it_was_when_a_session_goes_on(place, model):
    spec = SessionSpec(flow="sums", stack="none", channel="text")
    kept = FileCheckpoints(place / "call.json")
    await Session(place, model(["Hm?"]), spec, checkpoints=kept).hears("hello")
    left_off = read(place / "call.json")
    again = model(["Where were we?"], [("go_b", {})], ["Buy it."])
    await Session(place, again, left_off.spec, resume=left_off).hears("a pizza")
    assert plainly(again.contexts[1]) == ["Ask.", "hello", "Hm?", "Where were we?", "a pizza"]
    assert "Sell." in plainly(again.contexts[2])


async def test_a_checkpoint_of_another_version_is_refused_or_where_it_may_the_session_begins_anew(place, model):
    spec = SessionSpec(flow="sums", stack="none", channel="text")
    kept = FileCheckpoints(place / "call.json")
    await Session(place, model(["Hm?"]), spec, checkpoints=kept).hears("hello")
    flow = place / "flows" / "sums.yaml"
    flow.write_text(flow.read_text().replace("Ask.", "Ask again."))
    left_off = read(place / "call.json")
    with pytest.raises(UserError, match="another version of the flow"):
        await Session(place, model(["Hm?"]), spec, resume=left_off).session.run()
    anew = model(["Hm?"])
    await Session(place, anew, spec, resume=left_off, or_anew=True).hears("hi")
    assert plainly(anew.contexts[0]) == ["Ask again.", "hi"]
