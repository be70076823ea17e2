"""What happens, as clients of the gateway hear it: live, from where they left off, and only what is theirs."""

import asyncio
import json

import aiohttp
import pytest

from framework.control.connection import Connection
from framework.control.records import Limits, StoredEvent
from framework.control.store import Store
from framework.web.feed import BEHIND, Audience, Batch, Feed, Filter, Happened, Listener


class Heard:
    """An event stream, read one event at a time."""

    def __init__(self, answer):
        self._answer = answer

    async def event(self):
        """The next one as (name, id, data); comments are passed over."""
        fields = {}
        async with asyncio.timeout(10):
            async for line in self._answer.content:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if not name and "data" in fields:
                    return fields.get("event", "message"), fields.get("id", ""), json.loads(fields["data"])
                fields |= {name: value} if name else {}
        raise AssertionError("the stream has ended")

    async def types(self, count):
        return [(await self.event())[2]["type"] for _ in range(count)]


@pytest.fixture
def listen(http):
    def listen(gateway, query="", **headers):
        return http.get(f"{gateway.url}/events?{query}", headers={**gateway.headers, **headers})

    return listen


async def join(gateway, **body):
    answer = await gateway.post("/join", {"bot": "hello", **body})
    assert answer.status == 202, answer.text
    return answer.body["session_id"]


async def test_what_happens_is_heard_as_it_happens(gateway, listen):
    async with listen(gateway) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        heard = Heard(answer)
        sid = await join(gateway)
        name, event_id, event = await heard.event()
        assert (name, event["type"], event["subject"], event["specversion"]) == (
            "message",
            "session.queued",
            sid,
            "1.0",
        )
        assert event_id
        await gateway.post(f"/sessions/{sid}/leave")
        assert await heard.types(2) == ["session.ended", "bot.session.end"]


async def test_one_goes_on_where_one_left_off_without_gap_or_repetition(gateway, listen):
    async with listen(gateway) as answer:
        heard = Heard(answer)
        sids = [await join(gateway) for _ in range(3)]
        first = (await heard.event())[1]
    sids += [await join(gateway) for _ in range(3)]
    async with listen(gateway, **{"Last-Event-ID": first}) as answer:
        heard = Heard(answer)
        sids += [await join(gateway) for _ in range(3)]
        assert [(await heard.event())[2]["subject"] for _ in range(8)] == sids[1:]


async def test_a_resumed_stream_is_whole_while_events_pour_in(gateway, listen):
    """The change from what is past to what is live happens under load: nothing is lost or told twice there."""

    async def pour():
        return [await join(gateway) for _ in range(60)]

    pouring = asyncio.create_task(pour())
    heard_by = []
    for _ in range(4):
        async with listen(gateway, "after=0-0&types=session.queued") as answer:
            heard = Heard(answer)
            heard_by.append([(await heard.event())[2]["subject"] for _ in range(25)])
    made = await pouring
    assert heard_by == [made[:25]] * 4


async def test_only_what_was_asked_for_is_heard(gateway, listen):
    other, mine = await join(gateway), await join(gateway)
    async with (
        listen(gateway, f"session={mine}") as by_session,
        listen(gateway, "types=session.ended,order.*") as by_type,
    ):
        for sid in (other, mine):
            await gateway.post(f"/sessions/{sid}/leave")
        assert (await Heard(by_session).event())[2]["subject"] == mine
        heard = Heard(by_type)
        assert [(await heard.event())[2]["subject"] for _ in range(2)] == [other, mine]


async def test_events_that_are_kept_no_more_are_a_gap(run_gateway, listen):
    gateway = await run_gateway(limits=Limits(events=1))
    first = ""
    async with listen(gateway) as answer:
        await join(gateway)
        first = (await Heard(answer).event())[1]
    for _ in range(200):
        await join(gateway)
    async with listen(gateway, f"after={first}") as answer:
        name, _, gap = await Heard(answer).event()
        assert (name, gap["after"]) == ("gap", first)


async def test_an_id_from_a_store_that_is_no_more_is_a_gap_and_then_all_there_is(gateway, listen):
    sid = await join(gateway)
    async with listen(gateway, "after=9999999999999-0") as answer:
        heard = Heard(answer)
        assert (await heard.event())[0] == "gap"
        assert (await heard.event())[2]["subject"] == sid


async def test_a_websocket_hears_the_same_and_gets_a_cursor(gateway, http):
    async with http.ws_connect(f"{gateway.url}/ws/events") as socket:
        sids = [await join(gateway) for _ in range(2)]
        first = await socket.receive_json(timeout=10)
        assert (first["type"], first["subject"]) == ("session.queued", sids[0])
    async with http.ws_connect(f"{gateway.url}/ws/events?after={first['cursor']}") as socket:
        assert (await socket.receive_json(timeout=10))["subject"] == sids[1]


@pytest.mark.parametrize("query", ["after=x", "tenant=acme", "after=1-1-1"])
async def test_a_stream_that_can_not_be_is_a_problem(gateway, listen, http, query):
    async with listen(gateway, query) as answer:
        assert answer.status in (403, 422)
        assert answer.headers["content-type"] == "application/problem+json"
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await http.ws_connect(f"{gateway.url}/ws/events?{query}")


async def test_one_who_reads_nothing_delays_nobody(gateway, http, listen):
    """It holds its connection open and never reads; another one hears every event."""
    host, port = gateway.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port), limit=1)
    writer.write(b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    await writer.drain()
    async with listen(gateway, "types=session.queued") as answer:
        heard = Heard(answer)
        for _ in range(30):
            sid = await join(gateway, inputs={"x": "y" * 20_000})
            assert (await heard.event())[2]["subject"] == sid
    writer.close()


def test_a_listener_that_is_too_far_behind_is_told_of_a_gap_once():
    listener = Listener(Audience(Filter()), "0-0")
    batch = Batch.of([Happened("1-1", "t", "s", "x", "", b"x" * (BEHIND // 2 + 1))])
    listener.give(batch)
    listener.give(batch)
    assert listener.found() == "0-0"
    assert listener.found() == ""


async def test_a_filter_looks_at_tenant_session_and_type():
    event = Happened.of(StoredEvent(id="1-1", tenant="a", session_id="s", text='{"type":\n"node.entered"}'))
    assert b"\n" not in event.sse.removesuffix(b"\n\n").split(b"data: ")[1]
    assert Filter("a", "s", ("node.",)).passes(event)
    assert not any(wanted.passes(event) for wanted in (Filter("b"), Filter("a", "x"), Filter("a", "s", ("node",))))


async def test_the_feed_waits_for_a_store_that_is_away(redis_server):
    store = Store(Connection.to(redis_server.url))
    feed = Feed(store)
    running = asyncio.create_task(feed.run())
    try:
        async with asyncio.timeout(20):
            while not feed.alive:
                await asyncio.sleep(0.02)
            redis_server.kill()
            while feed.alive:
                await asyncio.sleep(0.05)
            redis_server.restart()
            while not feed.alive:
                await asyncio.sleep(0.05)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await store.close()
