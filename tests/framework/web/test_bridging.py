"""Bridges beside a gateway: which ones run, what they can do, and what becomes of one that fails."""

import asyncio
import contextlib
from types import SimpleNamespace

import pytest
from loguru import logger

from framework import Bridge, RefusalError
from framework.control.connection import Connection
from framework.control.store import Store
from framework.errors import PluginError, StoreError, UnknownNameError, UserError
from framework.project import Project
from framework.web.admission import Admission
from framework.web.bridging import Bridges, Fleet, kept_up
from framework.web.catalog import Catalog

PLUGIN = '''\
"""A bridge to nowhere."""
from framework import Bridge, Manifest, Settings, hookimpl


class BeaconSettings(Settings):
    every_s: float = 1.0


class Beacon(Bridge):
    name = "beacon"

    async def run(self, fleet):
        raise NotImplementedError


@hookimpl
def describe_plugin():
    return Manifest(settings=BeaconSettings)


@hookimpl
def register_bridges(bridges):
    bridges.add(Beacon())
'''
ROOM = "https://acme.daily.co/front-desk"


@pytest.fixture
def project(tmp_path):
    for folder, name, text in (
        ("flows", "hello.yaml", "flow: hello\ndescription: x\ninitial_node: a\nnodes: {a: {say: Hi, end: true}}\n"),
        ("plugins", "beacon.py", PLUGIN),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(text)
    (tmp_path / "convo.yaml").write_text("bots: {hello: {flow: hello, stack: offline}}\ndefault_bot: hello\n")
    return lambda: Project.find(tmp_path)


@pytest.fixture
async def store():
    store = Store(Connection.embedded())
    yield store
    await store.close()


@pytest.fixture
def fleet(store, project):
    return Fleet(name="beacon", admission=Admission(store=store, catalog=Catalog(project)))


def made(store, project, **environment):
    return Bridges.read(store, project, environment)


async def test_none_runs_unless_it_is_named(store, project):
    assert made(store, project) is None
    assert made(store, project, CONVO_BRIDGES=" , ") is None


async def test_a_bridge_gets_the_settings_of_its_plugin(store, project):
    bridges = made(store, project, CONVO_BRIDGES="beacon,beacon", BEACON_EVERY_S="0.5")
    ((bridge, fleet),) = bridges._bridges
    assert (bridge.name, fleet.settings.every_s) == ("beacon", 0.5)


@pytest.mark.parametrize(
    ("environment", "error", "sentence"),
    [
        ({"CONVO_BRIDGES": "becon"}, UnknownNameError, "CONVO_BRIDGES: no plugin offers a bridge `becon`\n.*`beacon`"),
        ({"CONVO_BRIDGES": "legacy"}, UserError, "needs a Redis that others can reach.*\n.*REDIS_URL"),
        ({"CONVO_BRIDGES": "beacon", "BEACON_EVERY_S": "x"}, UserError, "BEACON_EVERY_S"),
    ],
)
async def test_what_can_not_run_is_said_at_the_start(store, project, environment, error, sentence):
    with pytest.raises(error, match=sentence):
        made(store, project, **environment)


async def test_it_joins_as_over_http_and_the_same_again_is_the_same(fleet, store):
    body = {"room_url": ROOM, "idempotency_key": "k"}
    first = await fleet.join(body, tenant="acme", session_id="call-1")
    assert first == await fleet.join(body, tenant="acme", session_id="call-1")
    assert (first["session_id"], first["pid"], first["room"], first["status"]) == ("call-1", "call-1", ROOM, "queued")
    record = await store.session("call-1")
    assert (record.tenant, record.room, record.spec.session_id) == ("acme", ROOM, "call-1")
    alone = await fleet.join({}, tenant="acme", session_id="call-2")
    assert alone["room"] == "call-2"


@pytest.mark.parametrize(
    ("body", "more", "status", "outcome"),
    [
        ({"room_url": ROOM}, {}, 409, "busy"),
        ({"room": "other"}, {"session_id": "call-1"}, 409, "taken"),
        ({"bot": "helo"}, {}, 404, ""),
        ({"bott": "hello"}, {}, 422, ""),
        ({"bot": 7}, {}, 422, ""),
        ({"room_url": "http://127.0.0.1/x"}, {}, 422, ""),
        ({"not_after": 1}, {}, 410, "expired"),
        ({}, {"session_id": "a b"}, 422, ""),
        ({}, {"tenant": "a:b"}, 422, ""),
        ({"config": {"a": float("nan")}}, {}, 400, ""),
    ],
)
async def test_what_a_door_would_refuse_is_a_refusal(fleet, body, more, status, outcome):
    await fleet.join({"room_url": ROOM}, tenant="acme", session_id="call-1")
    with pytest.raises(RefusalError) as refused:
        await fleet.join(body, **{"tenant": "acme", **more})
    assert (refused.value.status, refused.value.outcome) == (status, outcome)


async def test_orders_go_to_the_tenants_own_rooms_and_are_given_once(fleet, store):
    await fleet.join({"room": "lobby"}, tenant="acme", session_id="call-1")
    body = {"room": "lobby", "message": "Hello.", "order_id": "o1"}
    for _ in range(2):
        (order,) = await fleet.admin(body, tenant="acme", by="beacon")
        assert (order["order_id"], order["session_id"], order["status"]) == ("o1", "call-1", "accepted")
    assert [order.by for order in await store.open_orders("call-1")] == ["beacon"]
    for tenant, wrong, status in (("other", body, 404), ("acme", {"room": "lobby"}, 422), ("acme", {"x": 1}, 422)):
        with pytest.raises(RefusalError) as refused:
            await fleet.admin(wrong, tenant=tenant, by="beacon")
        assert refused.value.status == status


async def test_sessions_are_shown_as_over_http_and_leave(fleet):
    for number in range(3):
        await fleet.join({"room": f"r{number}"}, tenant="acme", session_id=f"call-{number}")
    assert await fleet.leave("call-0", "enough") == "ended"
    with pytest.raises(RefusalError, match="no session"):
        await fleet.leave("nobody", "enough")
    assert (await fleet.session("call-0"))["reason"] == "enough"
    assert await fleet.session("nobody") is None
    found = [one["session_id"] async for one in fleet.sessions(states="queued,joined", tenant="acme")]
    assert sorted(found) == ["call-1", "call-2"]
    assert [one async for one in fleet.sessions(tenant="other")] == []
    assert (fleet.kept_s("ended"), fleet.kept_s("failed"), fleet.kept_s("joined")) == (3600, 7 * 24 * 3600, 0)


async def test_events_go_on_from_a_cursor_and_begin_anew_with_the_store(fleet):
    await fleet.join({"room": "lobby"}, tenant="acme", session_id="call-1")
    async with contextlib.aclosing(fleet.events("")) as events:
        (first,) = await anext(events)
    assert (first["type"], first["subject"]) == ("session.queued", "call-1")
    await fleet.leave("call-1", "enough")
    async with contextlib.aclosing(fleet.events(first["cursor"])) as events:
        assert [event["type"] for event in await anext(events)] == ["session.ended", "bot.session.end"]
    async with contextlib.aclosing(fleet.events("99999999999999-0")) as events:
        assert len(await anext(events)) == 3


def test_a_room_has_one_name(fleet):
    assert fleet.room("HTTPS://Acme.daily.co/front-desk/") == ROOM
    with pytest.raises(RefusalError):
        fleet.room("ftp://x")


class Failing(Bridge):
    """Fails in one way after another."""

    name = "failing"

    def __init__(self, *ends):
        self.ends = [*ends]
        self.over = asyncio.Event()

    async def run(self, fleet):
        if not self.ends:
            self.over.set()
            await asyncio.Event().wait()
        if end := self.ends.pop(0):
            raise end


async def test_a_bridge_that_fails_is_named_and_started_again_without_anybodys_words():
    lines = []
    sink = logger.add(lambda message: lines.append(message.record), level="WARNING")
    group = ExceptionGroup("s3cret", [PluginError("it broke")])
    bridge = Failing(RuntimeError("s3cret"), StoreError("the store is away"), group, None)
    running = asyncio.create_task(kept_up(bridge, SimpleNamespace(), again_s=0.001))
    try:
        await asyncio.wait_for(bridge.over.wait(), 10)
    finally:
        logger.remove(sink)
        running.cancel()
    assert [line["extra"]["problem"] for line in lines] == [
        "RuntimeError", "the store is away", "it broke", "it returned",
    ]  # fmt: skip
    assert {line["extra"]["bridge"] for line in lines} == {"failing"}
    pauses = [line["extra"]["again_s"] for line in lines]
    assert pauses == sorted(set(pauses))
    assert not [line for line in lines if "s3cret" in line["message"] + str(line["extra"])]
