"""A card number that is asked for as a sensitive slot: nobody but the tool it was granted to ever gets it."""

from __future__ import annotations

import asyncio
import importlib
import io
import json
import textwrap
from types import SimpleNamespace
from typing import Any

import pytest

from framework import log
from framework.engine.inputs import Pressed, ToolFinished
from framework.plugins.host import PluginHost
from framework.project import Project
from framework.runtime.session import LiveSession
from framework.services.resolve import Services
from framework.sessions.orders import Instruct, Whisper
from framework.sessions.spec import SessionSpec
from framework.settings import LogSettings

CARD = "4929123456781234"

TOOLS = '''
"""Payments."""
from framework import ToolContext, hookimpl, tool

given = []

@tool
async def charge(card: str, context: ToolContext) -> dict:
    """Charge a card."""
    given.append(("charge", card, dict(context.slots)))
    return {"ok": True, "echo": f"charged {card[:4]} {card[4:8]} {card[8:12]} {card[12:]}", "raw": card}

@tool
async def look(context: ToolContext, x: str = "") -> dict:
    """Look around."""
    given.append(("look", x, dict(context.slots)))
    return {"ok": True}

@hookimpl
def register_tools(tools):
    tools.add(charge)
    tools.add(look)
'''

FLOW = """
flow: test
slots:
  card: {type: text, pattern: "[0-9 ]{16,19}", prompt: "Your card?", confirm: readback, sensitive: true, grant: [pay.charge]}
  name: {type: text, prompt: "Your name?"}
initial_node: ask
nodes:
  ask:
    collect: [card, name]
    next: [{intent: wants a person, examples: [agent], goto: done}, {goto: pay}]
  pay:
    run: pay.charge
    with: {card: "{{ slots.card }}"}
    next: look
  look:
    run: pay.look
    next: done
  done:
    instruct: "They have paid, {{ slots.name }} has."
    tools: [pay.look, {name: pay.charge, with: {card: "{{ slots.card }}"}}]
    next: [{intent: bye, goto: bye}]
  bye: {say: Bye., end: true}
"""


@pytest.fixture
def project(tmp_path) -> Project:
    (tmp_path / "convo.yaml").write_text("bots: {test: {flow: test, stack: none}}\n")
    for folder, name, text in (
        ("flows", "test.yaml", FLOW),
        ("stacks", "none.yaml", "stack: none\nllm: {provider: rules}\n"),
        ("plugins/pay", "__init__.py", TOOLS),
    ):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / name).write_text(textwrap.dedent(text))
    return Project.find(tmp_path)


def parted(text: str) -> str:
    return "".join(c for c in text if c.isalnum())


async def talk(session: LiveSession) -> None:
    for words in ("12", CARD, "no", f"{CARD[:4]} {CARD[4:8]} {CARD[8:12]} {CARD[12:]}", "yes", "Ada"):
        assert await session.person()
        await session.hear(words)
    assert await session.person()
    assert await session.obey(Whisper(text="They like tea.")) == "applied"
    assert await session.obey(Instruct(text="Say well.")) == "applied"
    for words in ("charge again", f"is {CARD} right?", "look around"):
        assert await session.person()
        await session.hear(words)
    assert await session.person()


async def test_a_canary_card_number_is_nowhere_but_in_the_tool_it_is_for(project, model):
    lines = io.StringIO()
    log.set_up(LogSettings(level="trace", pipecat="trace", private=True), lines)
    host = PluginHost.load(project, installed=False)
    events: list[Any] = []
    talks = model(
        ["Anything else?"], ["Well."], [("pay_charge", {})], ["Charged again."], [("pay_look", {"x": "y"})], ["Seen."]
    )
    session = LiveSession(
        SessionSpec(flow="test", stack="none", channel="text"),
        project=project,
        host=host,
        on_event=events.append,
        services=lambda _blueprint, _conversation: Services(llm=talks),
    )
    running = asyncio.create_task(session.run())
    try:
        async with asyncio.timeout(30):
            await talk(session)
    finally:
        session.hang_up()
        await asyncio.wait_for(running, 20)
        log.set_up()
    messages = talks.contexts

    told = json.dumps([event.as_json() for event in events], ensure_ascii=False)
    read = json.dumps(messages, ensure_ascii=False, default=str)
    for where in (told, lines.getvalue(), read):
        assert CARD not in parted(where)
    given = importlib.import_module(host.tools.get("pay.charge").function.__module__).given
    assert [(tool, value.replace(" ", "")) for tool, value, _ in given] == [
        ("charge", CARD),
        ("look", ""),
        ("charge", CARD),
        ("look", "y"),
    ]
    assert [slots["card"].replace(" ", "") for _, _, slots in given] == [CARD, "***", CARD, "***"]
    said = [event.data["text"] for event in events if event.type == "user.said"]
    assert said[:6] == ["", "", "", "", "", "Ada"]
    spoken = " ".join(event.data["generated"] for event in events if event.type == "bot.said")
    assert "what you told me" in spoken


async def test_a_canary_that_is_pressed_is_nowhere_either(project, model):
    path = project.root / "flows" / "test.yaml"
    path.write_text(path.read_text().replace('type: text, pattern: "[0-9 ]{16,19}"', "type: digits, length: 16"))
    lines = io.StringIO()
    log.set_up(LogSettings(level="trace", pipecat="trace", private=True), lines)
    host = PluginHost.load(project, installed=False)
    events: list[Any] = []
    kept: list[Any] = []
    talks = model(["Anything else?"])
    session = LiveSession(
        SessionSpec(flow="test", stack="none", channel="text"),
        project=project,
        host=host,
        on_event=events.append,
        checkpoints=SimpleNamespace(secrets=False, keep=kept.append, drop=lambda: None),
        services=lambda _blueprint, _conversation: Services(llm=talks),
    )
    running = asyncio.create_task(session.run())
    try:
        async with asyncio.timeout(30):
            for keys in (f"{CARD}#", "1"):
                assert await session.person()
                await session.press(keys)
            assert await session.person()
            await session.hear("Ada")
            assert await session.person()
    finally:
        session.hang_up()
        await asyncio.wait_for(running, 20)
        log.set_up()
    given = importlib.import_module(host.tools.get("pay.charge").function.__module__).given
    assert (given[0][0], given[0][1]) == ("charge", CARD)
    told = json.dumps([event.as_json() for event in events], ensure_ascii=False)
    read = json.dumps(talks.contexts, ensure_ascii=False, default=str)
    remembered = repr(session.conversation.record)
    for where in (told, lines.getvalue(), read, remembered):
        assert CARD not in parted(where)
    results = [what.result for what in session.conversation.record if isinstance(what, ToolFinished)]
    assert results == [{"ok": "***", "echo": "***", "raw": "***"}, {"ok": "***"}]
    assert [what.keys for what in session.conversation.record if isinstance(what, Pressed)] == ["***", "***"]
    said = [event.data for event in events if event.type == "user.said"]
    assert [one["text"] for one in said] == ["", "", "Ada"]
    assert [one.get("masked", False) for one in said] == [True, True, False]
    assert kept == []
