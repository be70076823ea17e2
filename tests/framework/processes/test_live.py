"""A session on Pipecat as its worker holds it: before its client has come, and while it is silenced."""

from __future__ import annotations

import asyncio
import math
import time
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from framework.plugins.host import PluginHost
from framework.plugins.transports import Transport
from framework.processes.live import Talk
from framework.project import Project
from framework.sessions.events import Event
from framework.sessions.orders import End, Occur, Pause, Say
from framework.sessions.spec import SessionSpec

ROOT = Path(__file__).resolve().parents[3]


class Far(Transport):
    """A client that never comes."""

    name = "far"
    needs_signalling = True

    def signalling(self, spec: SessionSpec, connected: Any) -> Any:
        return Starlette()

    def build(self, context: Any) -> Any:
        raise AssertionError("nobody came")


class Held:
    """A session, what it told, and what became of its orders."""

    def __init__(self, transport: Transport | None, client_s: float = 30.0, flow: str = "hello") -> None:
        project = Project.find(ROOT)
        self.events: list[Event] = []
        self.fates: list[tuple[str, str, str]] = []
        self.talk = Talk(
            SessionSpec(flow=flow, stack="offline", channel="text"),
            transport,
            project=project,
            host=PluginHost.load(project),
            on_event=self.events.append,
            client_s=client_s,
        )

    async def give(self, name: str, order: Any) -> None:
        await self.talk.order(order, lambda status, why: self.fates.append((name, status, why)))

    def begin(self) -> asyncio.Task[Any]:
        return asyncio.create_task(self.talk.run(lambda _: None))

    def said(self) -> list[str]:
        return [event.data["spoken"] for event in self.events if event.type == "bot.said"]


async def until(holds: Any) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.01)


async def test_orders_before_the_session_has_begun_are_carried_out_in_it():
    held = Held(None)
    order = Say(text="A word from us.")
    await held.give("one", order)
    await held.give("again", order)
    assert held.fates == []
    running = held.begin()
    await until(lambda: ("one", "spoken", "") in held.fates)
    await held.talk.stop("enough")
    result = await asyncio.wait_for(running, 30)
    assert (result.failed, result.reason) == (False, "enough")
    assert held.said().count("A word from us.") == 1
    assert [fate for fate in held.fates if fate[0] == "again"] == [("again", "applied", ""), ("again", "spoken", "")]
    await held.give("late", Say(text="Too late."))
    assert held.fates[-1] == ("late", "refused", "the session ended (enough)")


async def test_an_event_by_order_leads_a_live_session_on(tmp_path):
    flow = tmp_path / "bell.yaml"
    flow.write_text(
        "flow: bell\nevents: {bell.rang: {times: integer}}\ninitial_node: a\nnodes:\n"
        "  a: {wait: for the bell, next: [{event: bell.rang, goto: b}, {after: 60s, goto: b}]}\n"
        "  b: {say: It rang., end: rang}\n"
    )
    held = Held(None, flow=str(flow))
    running = held.begin()
    await held.give("odd", Occur(type="bell.rang", data={"times": "many"}))
    await until(lambda: ("odd", "refused") in [fate[:2] for fate in held.fates])
    await held.give("one", Occur(type="bell.rang", data={"times": 3}))
    assert (await asyncio.wait_for(running, 30)).reason == "rang"
    assert ("one", "applied", "") in held.fates
    assert held.said() == ["It rang."]


async def test_an_end_before_the_client_has_come_ends_at_once_and_refuses_what_waits():
    held = Held(Far())
    running = held.begin()
    await held.give("one", Say(text="A word from us."))
    await held.give("two", Pause())
    await held.give("three", End(reason="no need"))
    result = await asyncio.wait_for(running, 30)
    assert (result.failed, result.reason) == (False, "no need")
    assert [(name, status) for name, status, _ in held.fates] == [
        ("one", "refused"), ("two", "refused"), ("three", "applied"),
    ]  # fmt: skip
    await held.give("late", Say(text="Too late."))
    assert held.fates[-1] == ("late", "refused", "the session ended (no need)")


async def test_orders_of_a_session_whose_client_never_comes_are_refused():
    held = Held(Far(), client_s=0.1)
    await held.give("one", Say(text="A word from us."))
    result = await asyncio.wait_for(held.begin(), 30)
    assert result.reason == "never_joined"
    assert held.fates == [("one", "refused", "the session ended (never_joined)")]


@pytest.mark.parametrize("until_then", [-math.inf, 0.0])
async def test_a_session_without_a_lease_says_nothing_and_is_cancelled_without_a_word(until_then):
    held = Held(None)
    held.talk.lease(until_then)
    running = held.begin()
    await until(lambda: any(event.type == "node.entered" for event in held.events))
    await held.talk.cancel("fenced")
    result = await asyncio.wait_for(running, 30)
    assert result.reason == "fenced"
    assert held.said() == []


async def test_a_session_speaks_once_it_has_its_lease():
    held = Held(None)
    held.talk.lease(time.monotonic())
    running = held.begin()
    await until(lambda: any(event.type == "node.entered" for event in held.events))
    assert held.said() == []
    held.talk.lease(math.inf)
    await until(held.said)
    await held.talk.cancel("done with it")
    assert (await asyncio.wait_for(running, 30)).reason == "done with it"
