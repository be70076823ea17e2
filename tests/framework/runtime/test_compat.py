"""Pipecat's own flows with Pipecat's own functions, over our engine."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from framework.errors import UserError
from framework.plugins.host import PluginHost
from framework.project import Project
from framework.runtime.compat import load_handlers
from framework.runtime.session import LiveSession
from framework.services.resolve import Services
from framework.sessions.spec import SessionSpec

HANDLERS = '''
from pipecat.flows import NO_RESPONSE, TRANSITION_IN_YAML, flows_tool_options

seen = []

@flows_tool_options(cancel_on_interruption=True, timeout_secs=5)
async def look(flow_manager, number: str):
    """Look up a parcel.

    Args:
        number: Four digits.
    """
    flow_manager.state["parcel"] = {"number": number}
    seen.append(("look", flow_manager.current_node, len(flow_manager.get_current_context()) > 0))
    return {"status": "found"}, TRANSITION_IN_YAML

async def hum(flow_manager):
    """Wait."""
    return {"noted": True}, NO_RESPONSE

async def wrong(flow_manager):
    """Breaks the contract."""
    return "just a text"

async def jump(flow_manager):
    """Goes elsewhere by itself."""
    await flow_manager.set_node_from_config({"name": "found"})
    return {"went": True}, NO_RESPONSE

async def note(action, flow_manager):
    seen.append(("note", action["colour"], flow_manager.worker is not None))
    flow_manager.state["noted"] = action["colour"]

def plain(action):
    seen.append(("plain", action["type"]))
'''

FLOW = """
initial_node: ask
nodes:
  ask:
    role_message: You are kind.
    task_messages: [{role: developer, content: Ask for the number.}]
    respond_immediately: false
    pre_actions:
      - {type: tts_say, text: Good evening.}
      - {type: mark, handler: plain}
    functions:
      - {name: look, transition_to: {field: status, cases: {found: found}, default: ask}}
      - {name: hum}
      - {name: wrong}
      - {name: jump}
  found:
    task_messages: [{role: developer, content: "Say where {{ parcel.number }} is."}]
    post_actions:
      - {type: function, handler: note, colour: red}
      - {type: end_conversation, text: Goodbye.}
"""


@pytest.fixture
def pipecat_flow(tmp_path):
    (tmp_path / "convo.yaml").write_text("bots: {}\n")
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "none.yaml").write_text("stack: none\nllm: {provider: rules}\n")
    (tmp_path / "parcels.yaml").write_text(FLOW)
    (tmp_path / "parcels.py").write_text(HANDLERS)
    return Project.find(tmp_path)


class Talk:
    def __init__(self, project: Project, model: Any) -> None:
        self.model = model
        self.events: list[Any] = []
        self.session = LiveSession(
            SessionSpec(flow=str(project.root / "parcels.yaml"), stack="none", channel="text"),
            project=project,
            host=PluginHost.load(project, installed=False),
            handlers="parcels.py",
            on_event=self.events.append,
            services=lambda _blueprint, _conversation: Services(llm=model),
        )

    async def hears(self, *turns: str) -> Any:
        running = asyncio.create_task(self.session.run())
        for turn in turns:
            assert await self.session.person()
            await self.session.hear(turn)
        if await self.session.person():
            self.session.hang_up()
        return await asyncio.wait_for(running, 20)

    def said(self) -> list[str]:
        return [event.data["spoken"] for event in self.events if event.type == "bot.said"]


async def test_a_function_s_result_branches_and_its_state_fills_placeholders(pipecat_flow, model):
    llm = model([("look", {"number": "1001"})], ["It is here."])
    talk = Talk(pipecat_flow, llm)
    outcome = await talk.hears("one thousand and one")
    assert outcome.reason == "done"
    assert talk.said() == ["Good evening.", "It is here.", "Goodbye."]
    assert {"role": "developer", "content": "Say where 1001 is."} in llm.contexts[1]
    seen = talk.session.conversation.plan and talk.session._manager.worker is not None
    assert seen
    assert talk.session.conversation.state["state"] == {"parcel": {"number": "1001"}, "noted": "red"}


async def test_a_function_without_response_leaves_the_model_silent(pipecat_flow, model):
    llm = model([("hum", {})], ["Never."])
    talk = Talk(pipecat_flow, llm)
    await talk.hears("hm")
    assert talk.said() == ["Good evening."]
    assert len(llm.contexts) == 1


async def test_a_function_that_breaks_the_contract_is_an_error_for_the_model(pipecat_flow, model):
    llm = model([("wrong", {})], ["Sorry."])
    talk = Talk(pipecat_flow, llm)
    await talk.hears("hm")
    answer = next(message["content"] for message in llm.contexts[1] if message["role"] == "tool")
    assert "crashed" in answer
    assert "just a text" not in answer


async def test_a_function_may_jump_to_a_node(pipecat_flow, model):
    llm = model([("jump", {})], ["There."])
    talk = Talk(pipecat_flow, llm)
    await talk.hears("go")
    entered = [event.data["node"] for event in talk.events if event.type == "node.entered"]
    assert entered == ["ask", "found"]


@pytest.mark.parametrize("name", ["nowhere.py", "no_such_module_anywhere"])
def test_handlers_that_are_not_there_are_a_sentence(tmp_path, name):
    with pytest.raises(UserError, match="are not there"):
        load_handlers(name, tmp_path)


def test_handlers_that_raise_are_a_sentence(tmp_path):
    (tmp_path / "broken.py").write_text("1 / 0\n")
    with pytest.raises(UserError, match="ZeroDivisionError"):
        load_handlers("broken.py", tmp_path)


def test_every_flow_of_pipecats_own_kind_builds_with_its_functions():
    from framework.flows.load import load
    from framework.runtime.compat import Compat, Manager

    folder = Path("flows/compat")
    module = load_handlers("handlers.py", folder)
    for path in [*folder.glob("*.yaml"), *folder.glob("*.json")]:
        flow = load(path).flow
        compat = Compat(flow, [module], Manager())
        named = {f.name for node in flow.nodes.values() for f in node.functions if not f.transition_only}
        assert named <= set(compat.tools), path
    assert "handlers" not in sys.modules
