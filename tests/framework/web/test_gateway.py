"""The gateway's door over real HTTP, on the embedded store: from join to the end of a session."""

import asyncio
import time

import aiohttp
import pytest

from framework.control.records import Limits


async def until(look, holds, within=10):
    async with asyncio.timeout(within):
        while not holds(seen := await look()):
            await asyncio.sleep(0.02)
    return seen


async def state(gateway, session_id):
    return (await gateway.get(f"/sessions/{session_id}")).body["state"]


async def test_a_session_is_asked_for_seen_and_let_go(gateway):
    answer = await gateway.post("/join", {"bot": "hello", "room": "lobby"})
    assert answer.status == 202
    joined = answer.body
    assert joined == {
        "session_id": joined["pid"],
        "pid": joined["pid"],
        "room": "lobby",
        "status": "queued",
        "position": 1,
    }
    listed = (await gateway.get("/sessions?state=queued&room=lobby")).body["sessions"]
    assert [session["session_id"] for session in listed] == [joined["pid"]]
    left = await gateway.post(f"/sessions/{joined['pid']}/leave", {"reason": "changed my mind"})
    assert (left.status, left.body["status"]) == (202, "ended")
    seen = (await gateway.get(f"/sessions/{joined['pid']}")).body
    assert (seen["state"], seen["reason"]) == ("ended", "changed my mind")


async def test_the_old_names_mean_the_same(gateway):
    body = {"room_url": "https://rooms.example.org/a", "personalityId": "ava", "identity": {"id": "u1", "x": [1]}}
    joined = (await gateway.post("/join", body)).body
    record = await gateway.store.session(joined["pid"])
    assert joined["room"] == record.room == record.spec.room.url == "https://rooms.example.org/a"
    assert (record.spec.personality, record.spec.identity) == ("ava", {"id": "u1", "x": [1]})


async def test_a_free_runner_gets_the_session_at_once(gateway, join_fleet):
    await join_fleet(gateway.store)
    joined = (await gateway.post("/join", {"bot": "hello"})).body
    assert (joined["status"], joined["position"]) == ("assigned", 0)
    await until(lambda: state(gateway, joined["pid"]), lambda seen: seen == "joined")
    left = await gateway.post(f"/sessions/{joined['pid']}/leave")
    assert left.body["status"] == "ending"
    await until(lambda: state(gateway, joined["pid"]), lambda seen: seen == "ended")


@pytest.mark.parametrize("way", ["header", "body"])
async def test_the_same_request_with_the_same_key_starts_one_session(gateway, way):
    async def ask(**body):
        in_body = {"idempotency_key": "k1"} if way == "body" else {}
        headers = {"Idempotency-Key": "k1"} if way == "header" else {}
        return await gateway.post("/join", {"bot": "hello", **in_body, **body}, headers=headers)

    first, again, other = await ask(room="a"), await ask(room="a"), await ask(room="b")
    assert (first.status, again.status, other.status) == (202, 200, 422)
    assert first.body["session_id"] == again.body["session_id"] == other.body["session_id"]
    assert "new key" in other.body["fix"]


async def test_a_room_has_one_bot_of_each_role(gateway):
    first = await gateway.post("/join", {"bot": "hello", "room": "lobby"})
    second = await gateway.post("/join", {"bot": "hello", "room": "lobby"})
    assert (second.status, second.body["session_id"]) == (409, first.body["session_id"])
    assert second.headers["content-type"] == "application/problem+json"
    other = await gateway.post("/join", {"bot": "hello", "room": "lobby", "role": "coach"})
    assert other.status == 202


async def test_there_is_an_end_to_the_queue(run_gateway):
    gateway = await run_gateway(limits=Limits(max_queued=1))
    assert (await gateway.post("/join", {"bot": "hello"})).status == 202
    full = await gateway.post("/join", {"bot": "hello"})
    assert (full.status, full.body["outcome"], full.headers["retry-after"]) == (429, "full", "5")


async def test_a_bot_has_as_many_sessions_as_the_project_says(gateway):
    assert (await gateway.post("/join", {"bot": "single"})).status == 202
    full = await gateway.post("/join", {"bot": "single"})
    assert (full.status, full.body["outcome"]) == (429, "bot_full")


@pytest.mark.parametrize("late", [lambda: time.time() - 1, lambda: "2020-01-01T00:00:00Z"])
async def test_what_is_too_late_is_not_begun(gateway, late):
    answer = await gateway.post("/join", {"bot": "hello", "not_after": late()})
    assert (answer.status, answer.body["outcome"]) == (410, "expired")


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"bot": "helo"}, 404, "Did you mean `hello`?"),
        ({"flow": "helo"}, 404, "Did you mean `hello`?"),
        ({"flow": "order"}, 422, "flow `order` needs `shop`"),
        ({"flow": "order", "inputs": {"size": "large"}}, 422, "flow `order` needs `shop`"),
        ({"bot": "hello", "personality": "av"}, 404, "ava"),
        ({"bot": "hello", "transport": "pigeon"}, 404, "webrtc"),
        ({"bto": "hello"}, 422, "Did you mean `bot`?"),
        ({"bot": "hello", "room": "http://127.0.0.1/x"}, 422, "https://"),
        ({"bot": "hello", "room": "https://10.0.0.1/x"}, 422, "public host"),
        ({"bot": "hello", "room": "a", "room_url": "b"}, 422, "`room` only"),
        ({"bot": "hello", "priority": 10}, 422, "errors"),
        ({"bot": "hello", "role": "a b"}, 422, "errors"),
        ({"bot": "hello", "not_after": "soon"}, 422, "errors"),
        ({"bot": "hello", "tenant": "acme"}, 403, "credential"),
        ({"bot": "hello", "channel": "text", "transport": "webrtc"}, 422, "over `websocket`"),
    ],
)
async def test_what_can_not_be_is_refused_at_the_door(gateway, body, status, says):
    answer = await gateway.post("/join", body)
    assert answer.status == status
    assert says in answer.text
    assert (await gateway.store.by_state())["queued"] == 0


async def test_a_session_that_has_its_flows_inputs_is_let_in(gateway):
    answer = await gateway.post("/join", {"flow": "order", "inputs": {"shop": "Luigi"}})
    assert answer.status in (200, 201, 202)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[]", 400),
        (b'"x"', 400),
        (b'{"bot": "\xe9"}', 400),
        (b'{"inputs": {"x": NaN}}', 400),
        (b'{"inputs": {"x": 1e999}}', 422),
        (b'{"inputs": {"x": 123456789012345678901234567890}}', 422),
        (b'{"inputs": {"x": "\\ud800"}}', 422),
        (b'{"inputs": ' + b'{"x": ' * 60 + b"1" + b"}" * 60 + b"}", 400),
        (b'{"inputs": ' + b"[" * 100_000, 400),
        (b'{"inputs": {"x": "' + b"x" * 300_000 + b'"}}', 413),
        (b'{"bot": 7}', 422),
        (b'{"bot": null}', 422),
    ],
)
async def test_hostile_bodies_are_problems(gateway, body, status):
    answer = await gateway.ask("POST", "/join", data=body, headers={"Content-Type": "application/json"})
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")
    assert (await gateway.store.by_state())["queued"] == 0


async def test_pipecats_clients_start_a_session_and_talk_to_its_runner(run_gateway, join_fleet, http):
    gateway = await run_gateway(CONVO_RUNNER_TOKEN="a secret")
    await join_fleet(gateway.store)
    started = await gateway.post("/start", {"transport": "websocket", "body": {"bot": "hello"}})
    assert started.status == 200
    assert started.body["wsUrl"].startswith(gateway.url.replace("http", "ws"))
    async with http.ws_connect(started.body["wsUrl"]) as socket:
        await socket.send_str("hello")
        assert await socket.receive_json(timeout=10) == {"heard": "hello", "auth": "Bearer a secret"}
        await socket.send_str("bye")
        closing = await socket.receive(timeout=10)
        assert (closing.type, closing.data) == (aiohttp.WSMsgType.CLOSE, 4000)


async def test_signalling_reaches_the_runner_with_the_gateways_own_credentials(run_gateway, join_fleet):
    gateway = await run_gateway(CONVO_RUNNER_TOKEN="a secret")
    await join_fleet(gateway.store)
    started = (await gateway.post("/start", {"transport": "webrtc", "enableDefaultIceServers": True})).body
    assert started["iceConfig"] == {"iceServers": []}
    path = f"/sessions/{started['sessionId']}/api/offer"
    headers = {"Cookie": "a=b", "X-Kept": "yes", "Origin": gateway.url}
    seen = (await gateway.ask("PATCH", f"{path}?a=1&ticket=t", data=b"an offer", headers=headers)).body
    assert (seen["method"], seen["path"], seen["body"]) == ("PATCH", f"{path}?a=1", "an offer")
    assert seen["headers"]["authorization"] == "Bearer a secret"
    assert seen["headers"]["x-kept"] == "yes"
    assert not {"cookie", "origin"} & seen["headers"].keys()


async def test_a_websocket_may_bring_its_session_with_it(gateway, join_fleet, http):
    holding = await join_fleet(gateway.store)
    async with http.ws_connect(f"{gateway.url}/ws-client?bot=single") as socket:
        await socket.send_str("hello")
        assert (await socket.receive_json(timeout=10))["heard"] == "hello"
    assert [one.spec.bot for one in holding.sessions.values()] == ["single"]
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await http.ws_connect(f"{gateway.url}/ws-client?bot=nobody")


async def test_one_who_cannot_be_started_in_time_leaves_nothing_behind(run_gateway):
    gateway = await run_gateway(start_s=0.2)
    started = await gateway.post("/start", {"body": {"bot": "hello"}})
    assert (started.status, started.headers["retry-after"]) == (503, "5")
    assert (await gateway.store.by_state())["queued"] == 0


async def test_a_key_of_idempotency_starts_one_session_for_pipecats_clients_too(gateway, join_fleet):
    holding = await join_fleet(gateway.store)

    async def start(bot="hello"):
        return await gateway.post("/start", {"body": {"bot": bot}}, headers={"Idempotency-Key": "k"})

    first, again, other = await start(), await start(), await start("single")
    assert first.body["sessionId"] == again.body["sessionId"]
    assert other.status == 422
    assert len(holding.began) == 1
    holding.end(first.body["sessionId"], "done")
    await until(lambda: state(gateway, first.body["sessionId"]), lambda seen: seen == "ended")
    assert (await start()).status == 410


async def test_a_session_that_no_runner_can_begin_is_a_bad_gateway(run_gateway, join_fleet):
    gateway = await run_gateway(limits=Limits(attempts=1))
    await join_fleet(gateway.store, refuses=lambda _: "the flow is broken")
    answer = await gateway.post("/start", {"body": {"bot": "hello"}})
    assert (answer.status, "the flow is broken" in answer.body["detail"]) == (502, True)


async def test_a_session_without_a_runner_or_past_its_end_says_so(gateway, join_fleet):
    waiting = (await gateway.post("/join", {"bot": "hello"})).body["pid"]
    assert (await gateway.post(f"/sessions/{waiting}/api/offer")).status == 503
    await gateway.post(f"/sessions/{waiting}/leave")
    assert (await gateway.post(f"/sessions/{waiting}/api/offer")).status == 410
    assert (await gateway.post("/sessions/nobody/api/offer")).status == 404


async def test_a_runner_that_is_gone_is_a_bad_gateway(gateway, join_fleet):
    await join_fleet(gateway.store, address="http://127.0.0.1:1")
    started = (await gateway.post("/start", {"body": {"bot": "hello"}})).body
    assert (await gateway.post(f"/sessions/{started['sessionId']}/api/offer")).status == 502


async def test_pages_of_sessions_leave_none_out(gateway):
    made = {(await gateway.post("/join", {"bot": "hello"})).body["pid"] for _ in range(5)}
    seen, after = [], ""
    while True:
        page = (await gateway.get(f"/sessions?limit=2&after={after}")).body
        seen += [session["session_id"] for session in page["sessions"]]
        if not (after := page["next"]):
            break
    assert sorted(seen) == sorted(made)


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=501", "state=joind", "after=%00"])
async def test_a_list_with_an_odd_filter_is_a_problem_or_a_list(gateway, query):
    answer = await gateway.get(f"/sessions?{query}")
    assert answer.status in (200, 422)
    assert answer.status == 200 or answer.headers["content-type"] == "application/problem+json"
