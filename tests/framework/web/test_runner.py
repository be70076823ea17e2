"""The runner's door over real HTTP, with real processes behind it."""

import asyncio
import base64
import hmac
import json
import time

import aiohttp
import pytest
from aiohttp import WSMsgType, WSServerHandshakeError


async def start(http, runner, **request):
    request = {"transport": "websocket", "body": {"bot": "hello"}} | request
    async with http.post(f"{runner.url}/start", json=request) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def get(http, runner, path):
    async with http.get(runner.url + path) as answer:
        return await answer.json()


async def until(look, holds, within=20):
    async with asyncio.timeout(within):
        while not holds(seen := await look()):
            await asyncio.sleep(0.02)
    return seen


async def test_a_client_starts_a_session_connects_and_is_heard(run_runner, http):
    runner = await run_runner()
    started = await start(http, runner)
    assert started["wsUrl"].startswith("ws://127.0.0.1:")
    async with http.ws_connect(started["wsUrl"]) as socket:
        await socket.send_str("hello")
        assert (await socket.receive_json(timeout=10))["heard"] == "hello"
        await socket.send_str("bye")
        closing = await socket.receive(timeout=10)
        assert (closing.type, closing.data) == (WSMsgType.CLOSE, 1000)
    ended = await until(
        lambda: get(http, runner, f"/sessions/{started['sessionId']}"), lambda seen: seen["state"] == "ended"
    )
    assert ended["reason"] == "done"


async def test_webrtc_gets_its_signalling_passed_on_without_the_credentials(run_runner, http):
    runner = await run_runner()
    started = await start(http, runner, transport="webrtc", enableDefaultIceServers=True)
    assert started["iceConfig"] == {"iceServers": []}
    url = f"{runner.url}/sessions/{started['sessionId']}/api/offer"
    headers = {"Authorization": "Bearer x", "Cookie": "a=b", "X-Kept": "yes"}
    for method in ("POST", "PATCH"):
        async with http.request(method, url, data=b"an offer", headers=headers) as answer:
            seen = await answer.json()
        assert (seen["answer"], seen["method"]) == ("an offer", method)
        assert seen["headers"]["x-kept"] == "yes"
        assert not {"authorization", "cookie"} & seen["headers"].keys()


async def test_a_text_session_goes_over_a_websocket(run_runner, http):
    runner = await run_runner()
    started = await start(http, runner, transport="", body={"channel": "text"})
    async with http.ws_connect(started["wsUrl"]) as socket:
        await socket.send_str("hi")
        assert (await socket.receive_json(timeout=10))["session"] == started["sessionId"]
    (view,) = (await get(http, runner, "/sessions"))["sessions"]
    assert (view["channel"], view["flow"], view["node"]) == ("text", "hello", "greet")


async def test_a_client_may_come_without_start_as_to_pipecats_development_runner(run_runner, http):
    runner = await run_runner()
    async with http.ws_connect(f"{runner.url}/ws-client") as socket:
        await socket.send_str("hi")
        assert (await socket.receive_json(timeout=20))["heard"] == "hi"


async def test_the_harness_door_is_shut_outside_a_test_profile(run_runner, http):
    runner = await run_runner()
    with pytest.raises(WSServerHandshakeError):
        await http.ws_connect(f"{runner.url}/ws")


async def test_the_harness_door_is_open_in_a_test_profile(run_runner, http):
    runner = await run_runner(test_profile=True)
    async with http.ws_connect(f"{runner.url}/ws") as socket:
        await socket.send_str("hi")
        assert (await socket.receive_json(timeout=20))["heard"] == "hi"


async def test_a_client_that_vanishes_takes_its_session_along(run_runner, http):
    runner = await run_runner()
    started = await start(http, runner)
    socket = await http.ws_connect(started["wsUrl"])
    await socket.send_str("hello")
    await socket.receive_json(timeout=10)
    socket._response.connection.transport.abort()
    await until(lambda: get(http, runner, f"/sessions/{started['sessionId']}"), lambda seen: seen["reason"] == "hangup")


async def test_a_worker_that_does_not_notice_that_its_client_is_gone_is_ended_from_outside(run_runner, http):
    runner = await run_runner()
    started = await start(http, runner, body={"inputs": {"behave": "deaf"}})
    async with http.ws_connect(started["wsUrl"]) as socket:
        await socket.send_str("hello")
        await socket.receive_json(timeout=10)
    await until(lambda: get(http, runner, f"/sessions/{started['sessionId']}"), lambda seen: seen["reason"] == "hangup")


async def test_leaving_ends_a_session(run_runner, http):
    runner = await run_runner()
    started = await start(http, runner)
    async with http.post(f"{runner.url}/sessions/{started['sessionId']}/leave") as answer:
        assert answer.status == 202
        assert await answer.json() == {"session_id": started["sessionId"], "status": "ending"}
    await until(lambda: get(http, runner, f"/sessions/{started['sessionId']}"), lambda seen: seen["state"] != "ending")


async def order(http, runner, session, body):
    async with http.post(f"{runner.url}/sessions/{session}/orders", json=body) as answer:
        return answer.status, await answer.json()


async def test_orders_are_answered_with_their_id_and_status_or_with_the_reason(run_runner, http):
    runner = await run_runner()
    session = (await start(http, runner))["sessionId"]
    status, said = await order(http, runner, session, {"kind": "say", "text": "Hello", "order_id": "one"})
    assert (status, said) == (202, {"order_id": "one", "status": "applied"})
    status, said = await order(http, runner, session, {"kind": "goto", "node": "helb"})
    assert (status, said["detail"]) == (409, "there is no node `helb`\n  Did you mean `help`?")
    status, said = await order(http, runner, session, {"kind": "dance"})
    assert (status, said["errors"][0]["pointer"]) == (422, "/")
    status, said = await order(http, runner, session, {"kind": "say", "text": ""})
    assert (status, said["errors"][0]["pointer"]) == (422, "/say/text")


@pytest.mark.parametrize("path", ["/sessions/nobody", "/bots/nobody/graph", "/nothing", "/page/..%2fauth.py"])
async def test_what_is_not_there_is_a_404_that_says_so(run_runner, http, path):
    runner = await run_runner()
    async with http.get(runner.url + path) as answer:
        assert answer.status == 404
        assert answer.content_type == "application/problem+json"
        assert "no" in (await answer.json(content_type=None))["detail"]


@pytest.mark.parametrize("path", ["leave", "orders", "api/offer"])
async def test_unknown_sessions_are_404_on_every_route(run_runner, http, path):
    runner = await run_runner()
    async with http.post(f"{runner.url}/sessions/nobody/{path}", json={"kind": "end"}) as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        pytest.param(b"{", 400, "not JSON", id="malformed"),
        pytest.param(b'{"transport": NaN}', 400, "no JSON number", id="not a number"),
        pytest.param(b"[" * 50_000, 400, "nested deeper than 50", id="deep"),
        pytest.param(b"[1]", 400, "JSON list", id="not an object"),
        pytest.param(b'"' + b"a" * 70_000 + b'"', 413, "longer than 64 kB", id="huge"),
        pytest.param(b'{"body": {"bot": "helo"}}', 404, "no bot `helo`", id="unknown bot"),
        pytest.param(b'{"body": {"bto": "hello"}}', 422, "no key `bto`", id="unknown key"),
        pytest.param(b'{"transport": "websockt"}', 404, "no transport `websockt`", id="unknown transport"),
        pytest.param(b'{"body": {"stack": "clowd"}}', 404, "no stack `clowd`", id="unknown stack"),
        pytest.param(b'{"body": {"flow": "../secret"}}', 404, "no flow", id="a path is no flow"),
        pytest.param(b'{"body": {"inputs": 3}}', 422, "/body/inputs", id="wrong type"),
        pytest.param(
            b'{"transport": "webrtc", "body": {"channel": "text"}}', 422, "over `websocket`", id="typed webrtc"
        ),
    ],
)
async def test_a_bad_request_to_start_is_a_problem_that_says_what_is_wrong(run_runner, http, body, status, detail):
    runner = await run_runner(spare=0)
    async with http.post(f"{runner.url}/start", data=body, headers={"Content-Type": "application/json"}) as answer:
        problem = await answer.json(content_type=None)
        assert (answer.status, answer.content_type) == (status, "application/problem+json")
    assert detail in problem["detail"]


async def test_a_mistyped_bot_is_answered_with_the_nearest_one(run_runner, http):
    runner = await run_runner(spare=0)
    async with http.post(f"{runner.url}/start", json={"body": {"bot": "helo"}}) as answer:
        assert (await answer.json(content_type=None))["fix"] == "Did you mean `hello`?"


async def test_a_bot_has_at_most_its_number_of_sessions(run_runner, http):
    runner = await run_runner()
    await start(http, runner, body={"bot": "single"})
    async with http.post(f"{runner.url}/start", json={"body": {"bot": "single"}}) as answer:
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "10"


async def test_a_huge_message_is_refused_and_counted(run_runner, http):
    runner = await run_runner()
    started = await start(http, runner)
    async with http.ws_connect(started["wsUrl"]) as socket:
        await socket.send_str("x" * (2 << 20))
        closing = await socket.receive(timeout=10)
        assert closing.data == 1009
    await until(lambda: get(http, runner, "/health"), lambda seen: seen["counts"].get("refused_too_big") == 1)


@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        pytest.param({"Host": "evil.example"}, "its own machine only", id="a name bound to this address"),
        pytest.param({"Origin": "http://evil.example"}, "a page of `http://evil.example`", id="another page"),
        pytest.param({"Origin": "null"}, "a page of `null`", id="a sandboxed page"),
    ],
)
async def test_pages_of_others_can_not_reach_a_runner_without_a_token(run_runner, http, headers, detail):
    runner = await run_runner(spare=0)
    for path in ("/sessions", "/ready", "/"):
        async with http.get(runner.url + path, headers=headers) as answer:
            assert answer.status == 403
            assert detail in (await answer.json(content_type=None))["detail"]
    with pytest.raises(WSServerHandshakeError):
        await http.ws_connect(f"{runner.url}/ws-client", headers=headers)


async def test_no_other_origin_is_ever_allowed(run_runner, http):
    runner = await run_runner(spare=0)
    async with http.options(f"{runner.url}/start", headers={"Access-Control-Request-Method": "POST"}) as answer:
        assert "Access-Control-Allow-Origin" not in answer.headers


ROUTES = [
    ("GET", "/"),
    ("GET", "/page/page.js"),
    ("GET", "/bots"),
    ("GET", "/bots/hello/graph"),
    ("GET", "/sessions"),
    ("GET", "/sessions/x"),
    ("POST", "/start"),
    ("POST", "/sessions/x/leave"),
    ("POST", "/sessions/x/orders"),
    ("POST", "/sessions/x/api/offer"),
    ("GET", "/openapi.json"),
    ("GET", "/nothing"),
]


async def test_probes_need_no_token(run_runner, http):
    runner = await run_runner(token="s3cret")
    async with http.get(f"{runner.url}/health") as answer:
        assert answer.status == 200
    async with http.get(f"{runner.url}/ready") as answer:
        assert answer.status in (200, 503)


async def test_with_a_token_every_route_wants_it(run_runner, http):
    runner = await run_runner(token="s3cret", spare=0)
    for method, path in ROUTES:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic s3cret"}):
            async with http.request(method, runner.url + path, headers=headers) as answer:
                assert answer.status == 401, path
                assert answer.headers["WWW-Authenticate"] == "Bearer"
        async with http.request(method, runner.url + path, headers={"Authorization": "Bearer s3cret"}) as answer:
            assert answer.status not in (401, 403), path
    for path in ("/ws-client", "/sessions/x/ws-client"):
        with pytest.raises(WSServerHandshakeError):
            await http.ws_connect(runner.url + path)


async def test_a_browser_signs_in_with_the_token_and_keeps_a_cookie(run_runner):
    runner = await run_runner(token="s3cret")
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        async with browser.get(runner.url, headers={"Accept": "text/html"}) as answer:
            assert answer.status == 401
            assert 'action="/login"' in await answer.text()
        async with browser.post(f"{runner.url}/login", data={"token": "wrong"}) as answer:
            assert answer.status == 401
            assert "That is not the token." in await answer.text()
        async with browser.post(f"{runner.url}/login", data={"token": "s3cret"}) as answer:
            assert answer.status == 200
            assert 'id="transcript"' in await answer.text()
        (cookie,) = browser.cookie_jar
        assert cookie["httponly"]
        assert cookie["samesite"] == "Strict"
        assert "s3cret" not in cookie.value
        started = await start(browser, runner)
        async with browser.ws_connect(started["wsUrl"]) as socket:
            await socket.send_str("hi")
            assert (await socket.receive_json(timeout=10))["heard"] == "hi"
        async with browser.get(f"{runner.url}/sessions", headers={"Origin": "http://evil.example"}) as answer:
            assert answer.status == 403


async def test_the_page_may_load_nothing_from_elsewhere(run_runner, http):
    runner = await run_runner(spare=0)
    async with http.get(runner.url) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "http" not in policy
        assert "http" not in (await answer.text()).replace("http-equiv", "")


async def test_bots_and_their_flows_can_be_drawn(run_runner, http):
    runner = await run_runner(spare=0)
    offered = await get(http, runner, "/bots")
    assert offered["default"] == "hello"
    assert offered["bots"][0]["description"] == "Says hello."
    drawn = await get(http, runner, "/bots/hello/graph")
    assert [(node["id"], node["kind"], node["end"]) for node in drawn["nodes"]] == [
        ("greet", "say", False),
        ("help", "instruct", False),
        ("bye", "say", True),
    ]
    assert drawn["edges"] == [
        {"from": "greet", "to": "help", "label": ""},
        {"from": "help", "to": "bye", "label": "is done"},
    ]


async def test_the_runner_says_when_it_is_ready(run_runner, http):
    runner = await run_runner()
    state = await until(lambda: get(http, runner, "/ready"), lambda seen: seen["ready"])
    assert state["warm"] == 1
    assert json.dumps(state)


async def test_starting_a_session_by_its_id_twice_is_one_session(run_runner, http):
    runner = await run_runner()
    body = {"bot": "hello", "session_id": "mine", "epoch": 5}
    for _ in range(2):
        assert (await start(http, runner, body=body))["sessionId"] == "mine"
    assert [one["session_id"] for one in (await get(http, runner, "/sessions"))["sessions"]] == ["mine"]


async def test_a_session_of_an_older_epoch_is_refused(run_runner, http):
    runner = await run_runner()
    await start(http, runner, body={"bot": "hello", "session_id": "mine", "epoch": 5})
    request = {"transport": "websocket", "body": {"bot": "hello", "session_id": "mine", "epoch": 4}}
    async with http.post(f"{runner.url}/start", json=request) as answer:
        assert (answer.status, "started again" in await answer.text()) == (409, True)


SECRET = base64.b64encode(b"s" * 32).decode()


def signed(body, *, at=None, secret=SECRET):
    stamp = str(int(at or time.time()))
    signature = hmac.digest(base64.b64decode(secret), f"{stamp}.{body}".encode(), "sha256")
    return {"X-Webhook-Timestamp": stamp, "X-Webhook-Signature": base64.b64encode(signature).decode()}


CALL = json.dumps({"callId": "c1", "callDomain": "d1", "From": "+15550100", "To": "+15550101"})


async def test_a_signed_call_starts_a_session_once_even_where_the_door_wants_a_token(run_runner, http):
    runner = await run_runner(token="s3cret", webhook_secret=SECRET, webhook_bot="hello")
    url, headers = f"{runner.url}/daily/webhook", signed(CALL)
    async with http.post(url, data=CALL, headers=headers) as answer:
        assert answer.status == 202
        session = (await answer.json())["session_id"]
    async with http.post(url, data=CALL, headers=headers) as answer:
        assert answer.status == 409
    async with http.get(f"{runner.url}/sessions", headers={"Authorization": "Bearer s3cret"}) as answer:
        assert [one["session_id"] for one in (await answer.json())["sessions"]] == [session]


@pytest.mark.parametrize(
    ("secret", "headers", "status"),
    [
        (SECRET, {}, 401),
        (SECRET, signed(CALL, at=time.time() - 3600), 401),
        (SECRET, signed(CALL, secret=base64.b64encode(b"x" * 32).decode()), 401),
        (SECRET, signed(CALL + " "), 401),
        ("", signed(CALL), 403),
    ],
    ids=["unsigned", "stale", "another's", "changed", "no secret here"],
)
async def test_a_call_that_is_not_believable_starts_nothing(run_runner, http, secret, headers, status):
    runner = await run_runner(webhook_secret=secret, webhook_bot="hello")
    async with http.post(f"{runner.url}/daily/webhook", data=CALL, headers=headers) as answer:
        assert answer.status == status
    assert (await get(http, runner, "/sessions"))["sessions"] == []
