"""Whole sessions by text: real engine, plugins and pipeline, a scripted model."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import math
import textwrap
from typing import Any, Self

import pytest
from loguru import logger

from framework import log
from framework.errors import SessionError, UserError
from framework.plugins.host import PluginHost
from framework.project import Project
from framework.runtime.life import Deadlines, Outcome
from framework.runtime.session import LiveSession
from framework.services.resolve import Services
from framework.sessions.events import Event
from framework.sessions.orders import (
    AppMessage,
    End,
    Goto,
    Instruct,
    Pause,
    Personality,
    Prompt,
    Resume,
    Say,
    Set,
    Whisper,
)
from framework.sessions.spec import SessionSpec
from framework.settings import LogSettings

RESOURCE = """
from framework import Resource

class Kept:
    pass

async def open_kept(context):
    print("opened by", context.plugin)
    yield Kept()

@hookimpl
def register_resources(resources):
    resources.add(Resource(Kept, open_kept))
"""

OTHER = '''
from framework import hookimpl, tool

@tool
async def unused() -> str:
    """Does nothing."""
    return ""

@hookimpl
def register_tools(tools):
    tools.add(unused)
'''

TOOLS = '''
"""Odd tools."""
import asyncio
from framework import hookimpl, tool

@tool
async def hang() -> str:
    """Never answers."""
    await asyncio.sleep(3600)

@tool
async def crash() -> str:
    """Raises."""
    raise RuntimeError("the password is 1234")

@tool
async def unfit():
    """Gives what can't be JSON."""
    return object()

@tool
async def find(what: str = "it") -> dict:
    """Finds it."""
    return {"found": what}

@hookimpl
def register_tools(tools):
    for one in (hang, crash, unfit, find):
        tools.add(one)
'''

FLOW = """
flow: test
slots: {size: {type: enum, values: [small, large]}}
initial_node: talk
nodes:
  talk:
    instruct: Talk.
    respond_immediately: false
    tools: [{name: odd.hang, timeout: 300ms}, odd.crash, odd.unfit, odd.find]
    next: [{intent: is done, examples: [goodbye], goto: bye}]
  bye: {say: Bye., end: true}
  admin: {entry: operator, say: "An operator speaks.", next: talk}
"""


@pytest.fixture
def project(tmp_path) -> Project:
    (tmp_path / "convo.yaml").write_text("bots: {test: {flow: test, stack: none}}\n")
    for folder, name, text in (
        ("flows", "test.yaml", FLOW),
        ("stacks", "none.yaml", "stack: none\nllm: {provider: rules}\n"),
        ("plugins/odd", "__init__.py", TOOLS),
    ):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / name).write_text(textwrap.dedent(text))
    return Project.find(tmp_path)


class Played:
    """A session under way, and all it told."""

    def __init__(self, project: Project, model: Any, spec: dict[str, Any], **more: Any) -> None:
        self.events: list[Event] = []
        self.phases: list[str] = []
        self.model = model
        self.session = LiveSession(
            SessionSpec(**{"flow": "test", "stack": "none", "channel": "text", **spec}),
            project=project,
            host=PluginHost.load(project, installed=False),
            on_event=self.events.append,
            on_phase=self.phases.append,
            services=lambda _blueprint, _conversation: Services(llm=model),
            **more,
        )

    async def __aenter__(self) -> Self:
        self.running = asyncio.create_task(self.session.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        if not self.running.done():
            self.session.hang_up()
            await asyncio.wait_for(self.running, 20)

    async def ends(self) -> Outcome:
        return await asyncio.wait_for(self.running, 20)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event.data for event in self.events if event.type == kind]


@pytest.fixture
def played(project, model):
    return lambda *responses, spec=None, **more: Played(project, model(*responses), spec or {}, **more)


async def test_a_flow_is_talked_through_to_its_end(played):
    async with played(["Hello."], [("go_bye", {})]) as p:
        assert await p.session.person()
        await p.session.hear("hi")
        assert await p.session.person()
        await p.session.hear("that was all")
        outcome = await p.ends()
    assert (outcome.status, outcome.reason) == ("ended", "done")
    assert [d["spoken"] for d in p.of("bot.said")] == ["Hello.", "Bye."]
    assert [d["text"] for d in p.of("user.said")] == ["hi", "that was all"]
    assert p.events[-1].type == "session.ended"
    assert p.phases == ["waiting", "talking", "ending"]


@pytest.mark.parametrize(
    ("tool", "outcome", "code"),
    [
        pytest.param("odd_hang", "timeout", "timeout", id="one that hangs"),
        pytest.param("odd_crash", "error", "crashed", id="one that raises"),
        pytest.param("odd_unfit", "error", "not_json", id="one that gives no JSON"),
    ],
)
async def test_a_bad_tool_has_one_outcome_and_the_model_a_safe_sentence(played, tool, outcome, code):
    async with played([(tool, {})], ["Sorry, that did not work."]) as p:
        assert await p.session.person()
        await p.session.hear("do it")
        assert await p.session.person()
    assert [d["outcome"] for d in p.of("tool.finished")] == [outcome]
    answer = next(m["content"] for m in p.model.contexts[1] if m["role"] == "tool")
    assert code in answer
    assert "1234" not in answer
    assert [d["spoken"] for d in p.of("bot.said")] == ["Sorry, that did not work."]


async def test_a_provider_that_fails_takes_the_error_way(played):
    async with played(["error"]) as p:
        assert await p.session.person()
        await p.session.hear("hi")
        outcome = await p.ends()
    assert (outcome.status, outcome.reason) == ("failed", "error")
    assert p.of("bot.said")


@pytest.mark.parametrize("busy", [False, True], ids=["while the person may speak", "while a tool runs"])
async def test_every_order_has_a_fate(played, busy):
    async with played([("odd_hang", {})], ["There."], ["Yes."], ["Well."]) as p:
        assert await p.session.person()
        if busy:
            await p.session.hear("do it")
            while not p.of("tool.called"):
                await asyncio.sleep(0.01)
        assert await p.session.obey(Say(text="A word.")) == "applied"
        assert await p.session.obey(Instruct(text="Be brief.")) == "applied"
        assert await p.session.obey(Set(slots={"size": "large"})) == "applied"
        with pytest.raises(SessionError, match="size"):
            await p.session.obey(Set(slots={"size": "enormous"}))
        with pytest.raises(SessionError, match="nowhere"):
            await p.session.obey(Goto(node="nowhere"))
        assert await p.session.obey(Goto(node="admin")) == "applied"
        assert await p.session.obey(End(reason="enough")) == "applied"
        outcome = await p.ends()
    assert outcome.reason == "enough"
    assert "A word." in [d["spoken"] for d in p.of("bot.said")]
    assert "admin" in [d["node"] for d in p.of("node.entered")]


class Told:
    """What became of orders."""

    def __init__(self) -> None:
        self.all: list[tuple[str, str, str]] = []

    def __call__(self, name: str) -> Any:
        return lambda status, why: self.all.append((name, status, why))

    def of(self, name: str) -> list[tuple[str, str]]:
        return [(status, why) for one, status, why in self.all if one == name]


async def test_an_order_after_the_end_is_refused(played):
    async with played() as p:
        assert await p.session.person()
        p.session.hang_up()
        await p.ends()
        with pytest.raises(SessionError, match="ended"):
            await p.session.obey(Say(text="too late"))


async def test_orders_before_the_client_has_come_wait_for_it_in_their_order(played):
    told = Told()
    async with played(waits_for_client=True) as p:
        await p.session.order(Goto(node="admin"), told("one"))
        while p.phases != ["waiting"]:
            await asyncio.sleep(0.01)
        await p.session.order(Say(text="Welcome."), told("two"))
        assert told.all == []
        p.session._client.set()
        assert await p.session.person()
        assert [name for name, status, _ in told.all if status == "applied"] == ["one", "two"]
        assert told.of("two") == [("applied", ""), ("spoken", "")]
    assert "Welcome." in [d["spoken"] for d in p.of("bot.said")]


async def test_an_end_before_the_client_has_come_ends_at_once(played):
    told = Told()
    async with played(waits_for_client=True) as p:
        await p.session.order(Say(text="Welcome."), told("one"))
        await p.session.order(End(reason="no need"), told("two"))
        outcome = await p.ends()
    assert (outcome.status, outcome.reason) == ("ended", "no need")
    assert told.all == [("one", "refused", "the session ended (no need)"), ("two", "applied", "")]
    assert p.of("bot.said") == []


async def test_orders_of_a_session_whose_client_never_comes_are_refused(played):
    told = Told()
    async with played(waits_for_client=True, deadlines=Deadlines(client=0.2)) as p:
        await p.session.order(Say(text="Welcome."), told("one"))
        await p.ends()
    assert told.all == [("one", "refused", "the session ended (never_joined)")]


async def test_orders_of_a_session_that_could_not_begin_are_refused(played):
    told = Told()
    p = played(spec={"flow": "nowhere"})
    await p.session.order(Say(text="Welcome."), told("one"))
    with pytest.raises(UserError):
        await p.session.run()
    await p.session.order(Say(text="Welcome."), told("two"))
    assert [(name, status) for name, status, _ in told.all] == [("one", "refused"), ("two", "refused")]


async def test_the_same_order_twice_counts_once_and_is_told_of_twice(played):
    told = Told()
    async with played() as p:
        assert await p.session.person()
        order = Say(text="Once.")
        await p.session.order(order, told("one"))
        await p.session.order(order, told("two"))
        assert await p.session.person()
        await p.session.order(order, told("three"))
        assert [d["spoken"] for d in p.of("bot.said")] == ["Once."]
    assert told.of("one") == told.of("two") == [("applied", ""), ("spoken", "")]
    assert told.of("three") == [("spoken", "")]


async def test_what_an_instruct_made_the_bot_say_is_spoken(played):
    told = Told()
    async with played([("odd_find", {})], ["Here it is."]) as p:
        assert await p.session.person()
        await p.session.order(Instruct(text="Find it."), told("one"))
        assert await p.session.person()
        assert told.of("one") == [("applied", ""), ("spoken", "")]
    assert [d["spoken"] for d in p.of("bot.said")] == ["Here it is."]


async def test_a_session_that_is_paused_goes_on_where_it_was(played):
    async with played(["Hello."], ["Here I am."], ["Well."]) as p:
        assert await p.session.person()
        await p.session.hear("hi")
        assert await p.session.person()
        assert await p.session.obey(Pause(text="One moment.")) == "applied"
        with pytest.raises(SessionError, match="`resume` it first"):
            await p.session.obey(Goto(node="admin"))
        await p.session.hear("is anybody there?")
        assert await p.session.obey(Resume()) == "applied"
        assert await p.session.person()
    assert [d["spoken"] for d in p.of("bot.said")] == ["Hello.", "One moment.", "Here I am."]
    assert [d["text"] for d in p.of("user.said")] == ["hi"]
    assert all("anybody" not in str(context) for context in p.model.contexts)


async def test_the_model_reads_what_operators_whisper_and_prompt(played):
    async with played(["Hello."], ["Well."]) as p:
        assert await p.session.person()
        assert await p.session.obey(Whisper(text="They like tea.")) == "applied"
        assert await p.session.obey(Prompt(text="Sing.")) == "applied"
        await p.session.hear("hi")
        assert await p.session.person()
    told = [m["content"] for m in p.model.contexts[0] if m["role"] == "developer"]
    assert told == ["They like tea.", "Sing."]


async def test_a_personality_of_the_project_takes_over_and_an_unknown_one_is_refused(played, project):
    (project.root / "personalities").mkdir()
    (project.root / "personalities" / "bea.yaml").write_text("personality: bea\nname: Bea\nrole: You are Bea.\n")
    async with played(["Hello."]) as p:
        assert await p.session.person()
        assert await p.session.obey(Personality(personality="bea")) == "applied"
        with pytest.raises(SessionError, match="Did you mean `bea`"):
            await p.session.obey(Personality(personality="beaa"))
        await p.session.hear("hi")
        assert await p.session.person()
    assert p.model._settings.system_instruction.startswith("You are Bea.")


async def test_a_message_to_nobody_is_refused(played):
    async with played() as p:
        assert await p.session.person()
        with pytest.raises(SessionError, match="no client"):
            await p.session.obey(AppMessage(type="hint"))


async def test_orders_that_are_under_way_at_the_end_are_refused(played):
    told = Told()
    async with played([1.0, "Too late."]) as p:
        assert await p.session.person()
        await p.session.order(Instruct(text="Be slow."), told("one"))
        while not told.all:
            await asyncio.sleep(0.01)
        p.session.hang_up("gone")
        await p.ends()
    assert told.of("one") == [("applied", ""), ("refused", "the session ended (gone)")]


async def test_only_the_plugins_that_a_flow_uses_are_opened(project, played, capsys):
    used = project.root / "plugins/odd/__init__.py"
    used.write_text(used.read_text() + RESOURCE)
    for name, text in (("other", OTHER + RESOURCE), ("serving", "from framework import hookimpl\n" + RESOURCE)):
        (project.root / "plugins" / name).mkdir()
        (project.root / "plugins" / name / "__init__.py").write_text(f'"""A plugin."""\n{text}')
    async with played(["Hello."]) as p:
        assert await p.session.person()
    opened = {line.split()[-1] for line in capsys.readouterr().out.splitlines() if line.startswith("opened by")}
    assert opened == {"odd", "serving"}


async def test_a_fenced_session_ends_at_once_without_a_word(played):
    async with played([1.0, "Too late."]) as p:
        assert await p.session.person()
        await p.session.hear("hi")
        p.session.fence()
        outcome = await p.ends()
        p.session.lease(math.inf)
    assert (outcome.status, outcome.reason) == ("ended", "fenced")
    assert p.of("bot.said") == []


async def test_hanging_up_ends_the_session_with_that_reason(played):
    async with played() as p:
        assert await p.session.person()
        p.session.hang_up()
        outcome = await p.ends()
    assert (outcome.status, outcome.reason) == ("ended", "hangup")
    assert p.of("session.ended") == [{"reason": "hangup", "outputs": {}}]


async def test_a_session_without_a_word_for_too_long_is_ended(played):
    async with played(deadlines=Deadlines(idle=0.3)) as p:
        outcome = await p.ends()
    assert outcome.reason == "idle"


async def test_a_client_that_never_comes_fails_the_session(played):
    async with played(waits_for_client=True, deadlines=Deadlines(client=0.2)) as p:
        outcome = await p.ends()
    assert (outcome.status, outcome.reason) == ("failed", "never_joined")


async def test_a_session_leaves_no_task_behind(played):
    before = asyncio.all_tasks()
    async with played(["Hello."]) as p:
        assert await p.session.person()
        await p.session.hear("hi")
        p.session.hang_up()
        await p.ends()
    left = {task for task in asyncio.all_tasks() - before if task is not p.running}
    assert {task.get_name() for task in left} == set()


@pytest.fixture
def logged():
    """What is logged at the default level, one object a line."""
    handlers, level, sink = logging.root.handlers[:], logging.root.level, io.StringIO()
    log.set_up(LogSettings(json=True), sink)
    yield lambda: [json.loads(line) for line in sink.getvalue().splitlines()]
    logger.remove()
    logging.captureWarnings(capture=False)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


async def test_what_is_logged_names_session_and_tenant_and_nobodys_words(played, logged):
    async with played(["error"], spec={"session_id": "s1", "tenant": "acme"}) as p:
        assert await p.session.person()
        await p.session.obey(Say(text="Zanzibar is what the operator says."))
        with pytest.raises(SessionError):
            await p.session.obey(Set(slots={"size": "Zanzibar"}))
        await p.session.hear("Zanzibar is what I say")
        await p.ends()
        logger.warning("behind the session")
    inside = [line for line in logged() if line["message"] != "behind the session"]
    assert inside
    assert all((line["session"], line["tenant"]) == ("s1", "acme") for line in inside)
    assert "Zanzibar" not in str(inside)
