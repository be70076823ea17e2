"""A bot that says `on_lost: restart`: when its worker is killed, a new one goes on where the old one left off."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import textwrap
from typing import Any

import pytest

from framework.control.connection import Connection
from framework.control.records import Limits, Request
from framework.control.store import Store
from framework.errors import UserError
from framework.processes.runner import Runner
from framework.processes.settings import Deadlines, RunnerSettings, keeps_of
from framework.project import Project
from framework.sessions.orders import Set
from framework.sessions.spec import SessionSpec

CONVO = "bots: {test: {flow: test, stack: none, on_lost: restart}, card: {flow: card, stack: none, on_lost: restart}}\n"
FLOW = """
flow: test
outputs: [name, size]
slots: {name: {type: text, prompt: "Your name?"}, size: {type: enum, values: [small, large], prompt: "Which size?"}}
initial_node: hello
nodes:
  hello: {say: Welcome., next: ask}
  ask: {collect: [name, size], next: bye}
  bye: {say: Goodbye., end: true}
"""
CARD = """
flow: card
slots: {name: {type: text, prompt: "Your name?"}, card: {type: digits, prompt: "Your card?", sensitive: true}}
initial_node: hello
nodes:
  hello: {say: Welcome., next: ask}
  ask: {collect: [name, card], next: bye}
  bye: {say: Goodbye., end: true}
"""


@pytest.fixture
async def store():
    store = Store(Connection.embedded(), limits=Limits(lease_ms=4000, claim_ms=2000))
    yield store
    await store.close()


@pytest.fixture
async def place(tmp_path, store):
    """A runner with one session of a bot, and what its stream tells; the runner is gone when the test is over."""
    files = {"convo.yaml": CONVO, "flows/test.yaml": FLOW, "flows/card.yaml": CARD}
    for name, text in {**files, "stacks/none.yaml": "stack: none\nllm: {provider: rules}\n"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(textwrap.dedent(text))
    started: list[tuple[Runner, asyncio.Task[None]]] = []

    async def begin(bot: str = "test", *, on_lost: str = "restart", keeps: str = "safe") -> Scene:
        settings = RunnerSettings(
            root=tmp_path,
            keeps=keeps,
            drain_s=0.0,
            deadlines=Deadlines(stop_s=0.5, cancel_s=0.5, term_s=0.5, linger_s=1),
        )
        runner = Runner(
            settings, lambda: Project.find(tmp_path), port=0, token="t" * 40, store=store, own_signals=False
        )
        started.append((runner, asyncio.create_task(runner.run())))
        spec = SessionSpec(session_id="one", bot=bot, transport="headless", channel="text")
        async with asyncio.timeout(90):
            while not await store.runners():
                await asyncio.sleep(0.05)
        await store.join(Request(spec=spec, room="one", on_lost=on_lost))
        return Scene(runner, store)

    yield begin
    for runner, running in started:
        runner.leave(drain_s=0.0)
        await asyncio.wait_for(asyncio.gather(running, return_exceptions=True), 30)


class Scene:
    def __init__(self, runner: Runner, store: Store) -> None:
        self.runner, self.store = runner, store

    async def events(self, kind: str) -> list[dict[str, Any]]:
        told = [json.loads(stored.text) for stored in await self.store.past_events("0-0", session_id="one")]
        return [event["data"] for event in told if event["type"] == kind]

    async def until(self, kind: str, **data: Any) -> None:
        async with asyncio.timeout(60):
            while not any(data.items() <= one.items() for one in await self.events(kind)):
                await asyncio.sleep(0.05)

    async def kept(self) -> str:
        found = await self.store.server.do("GET", "{convo:dev}:keep:one")
        return found.decode() if found else ""

    async def set(self, **slots: Any) -> None:
        order = Set(slots=slots)
        await self.store.order("one", order.order_id, "set", order.model_dump_json(), by="test")

    async def kill(self) -> int:
        """Kill the session's process; answers the epoch that it had."""
        epoch = (await self.store.session("one")).epoch
        os.kill(self.runner._supervisor.view("one").pid, signal.SIGKILL)
        return epoch

    async def said(self) -> list[str]:
        return [data["spoken"] for data in await self.events("bot.said")]

    async def ended(self) -> Any:
        async with asyncio.timeout(60):
            while (record := await self.store.session("one")).state not in ("ended", "failed"):
                await asyncio.sleep(0.05)
        return record


async def test_a_killed_worker_in_the_middle_of_a_question_is_gone_on_for_by_another(place):
    scene = await place()
    await scene.until("bot.said", spoken="Your name?")
    await scene.set(name="Ada")
    await scene.until("bot.said", spoken="Which size?")
    before = await scene.kept()
    async with asyncio.timeout(20):  # the last step's checkpoint follows within a moment
        while not before or await scene.kept() != before:
            before = await scene.kept()
            await asyncio.sleep(0.3)
    epoch = await scene.kill()
    await scene.until("session.resumed")
    record = await scene.store.session("one")
    assert (record.state, record.attempts) == ("joined", 1)
    assert record.epoch > epoch
    assert await scene.store.keep("one", epoch, record.runner, "of the old process") == "fenced"
    await scene.set(size="large")
    assert (await scene.ended()).state == "ended"
    assert (await scene.said()).count("Welcome.") == 1
    assert (await scene.events("session.ended"))[0]["outputs"] == {"name": "Ada", "size": "large"}
    assert [one["reason"] for one in await scene.events("session.requeued")] == ["lost"]
    assert await scene.kept() == ""


@pytest.mark.parametrize(("bot", "keeps"), [("card", "safe"), ("test", "off")])
async def test_without_a_checkpoint_the_conversation_begins_again(place, bot, keeps):
    scene = await place(bot, keeps=keeps)
    await scene.until("bot.said", spoken="Your name?")
    await scene.set(name="Ada")
    await scene.until("slot.set", slot="name")
    await scene.kill()
    async with asyncio.timeout(60):
        while (await scene.said()).count("Welcome.") < 2:
            await asyncio.sleep(0.05)
    assert await scene.events("session.resumed") == []
    assert await scene.kept() == ""


async def test_a_bot_that_does_not_restart_is_lost_and_keeps_nothing(place):
    scene = await place(on_lost="fail")
    await scene.until("bot.said", spoken="Your name?")
    await scene.kill()
    record = await scene.ended()
    assert (record.state, record.reason) == ("failed", "lost")
    assert await scene.kept() == ""


@pytest.mark.parametrize("word", ["", "safe", "off", "all"])
def test_which_checkpoints_are_kept_is_a_setting(word):
    assert keeps_of({"CONVO_CHECKPOINTS": word}) == (word or "safe")


def test_a_wrong_setting_is_told():
    with pytest.raises(UserError, match="CONVO_CHECKPOINTS is `some`"):
        keeps_of({"CONVO_CHECKPOINTS": "some"})
