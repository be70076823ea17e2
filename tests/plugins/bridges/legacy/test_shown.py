"""What an old operator looks at: the pool of runners, and the records of sessions."""

import asyncio
import json

import aiohttp

ROOM = "https://acme.daily.co/front-desk"


async def test_free_runners_are_in_the_pool_and_come_back_when_somebody_takes_one(world):
    await world.gateway()
    runner = await world.runner(capacity=1)
    await world.until(lambda: world.lines("bot:standby:pool") == [runner.address])
    assert world.cli("LPOP", "bot:standby:pool") == runner.address
    waited = await asyncio.to_thread(world.cli, "BLPOP", "bot:standby:pool", "10")
    assert waited.split("\n") == ["bot:standby:pool", runner.address]
    await world.until(lambda: world.lines("bot:standby:pool") == [runner.address])
    world.push({"room_url": ROOM})
    await world.session(ROOM, "joined")
    await world.until(lambda: world.there("bot:standby:pool") == 0)


async def test_the_pool_is_read_only_and_may_be_a_set(world):
    await world.gateway(LEGACY_STANDBY="set")
    runner = await world.runner()
    world.cli("RPUSH", "bot:standby:pool", "http://impostor")
    await world.until(lambda: world.ask("TYPE", "bot:standby:pool") == "set")
    assert world.lines("bot:standby:pool") == [runner.address]
    await runner.member.drain()
    await world.until(lambda: world.there("bot:standby:pool") == 0)


async def test_a_session_is_shown_from_beginning_to_end(world):
    await world.gateway()
    runner = await world.runner()
    world.push({"room_url": ROOM, "sessionId": "call-1"})
    await world.until(lambda: world.hash("session:call-1").get("state") == "joined")
    runner.member.happened("call-1", {"type": "user.said", "data": {"participant": "user", "text": "My PIN is 1234."}})
    runner.member.happened("call-1", {"type": "node.entered", "data": {"node": "bye", "kind": "say", "depth": 0}})
    world.cli("RPUSH", f"admin:queue:{ROOM}", '{"type": "end", "reason": "closing"}')
    await world.until(lambda: world.hash("session:call-1")["state"] == "ended")
    shown = world.hash("session:call-1")
    expected = {"room": ROOM, "bot": "hello", "tenant": "default", "reason": "closing", "attempts": "0"}
    assert expected.items() <= shown.items()
    assert shown["created"] <= shown["started"] <= shown["ended"]
    await world.until(lambda: '"bot.session.end"' in world.lines("session:call-1:logs")[-1])
    lines = [json.loads(line) for line in world.lines("session:call-1:logs")]
    types = [line["type"] for line in lines]
    assert types[:3] == ["session.queued", "session.assigned", "session.claimed"]
    assert {"bot.session.start", "user.said", "node.entered", "order.accepted", "session.ended"} <= set(types)
    assert [line["node"] for line in lines if line["type"] == "node.entered"] == ["bye"]
    assert "PIN" not in "".join(world.lines("session:call-1:logs"))
    kept = world.limits.keep_ended_ms
    assert 0 < int(world.ask("PTTL", "session:call-1")) <= kept
    assert 0 < int(world.ask("PTTL", "session:call-1:logs")) <= kept


async def test_another_gateway_goes_on_where_the_first_one_stopped(world):
    await world.gateway()
    runner = await world.runner()
    world.push({"room_url": ROOM, "sessionId": "call-1"})
    await world.until(lambda: world.hash("session:call-1").get("state") == "joined")
    world.gateways[0].leave()
    await world.until(lambda: world.there("bot:legacy:lease") == 0)
    runner.end("call-1", "done")
    world.push({"room": "lobby", "sessionId": "call-2"})
    await world.gateway()
    await world.until(lambda: world.hash("session:call-1")["state"] == "ended")
    await world.until(lambda: world.hash("session:call-2").get("state") == "joined")

    async def whole():
        events = await world.store.past_events("0-0", session_id="call-1")
        wanted = [json.loads(event.text)["type"] for event in events]
        return [json.loads(line)["type"] for line in world.lines("session:call-1:logs")] == wanted

    await world.until(whole)


async def test_sessions_that_began_by_the_new_door_are_shown_too(world):
    gateway = await world.gateway()
    await world.runner()
    async with aiohttp.ClientSession(gateway.url) as http, http.post("/join", json={"room": "lobby"}) as answer:
        session_id = (await answer.json())["session_id"]
    await world.until(lambda: world.hash(f"session:{session_id}").get("state") == "joined")
    world.cli("RPUSH", "admin:queue:lobby", "Hello.")
    await world.until(lambda: world.there("admin:queue:lobby") == 0)
