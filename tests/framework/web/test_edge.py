"""The edge as a whole: what passes, what is said to what doesn't, and how much of it there may be."""

import json

import aiohttp
import pytest
from fastapi import FastAPI, Request, WebSocket
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import HTMLResponse
from yarl import URL

from framework.web import problems
from framework.web.apikeys import issue
from framework.web.cors import Cors
from framework.web.edge import Guarded, Rates, credential_of
from framework.web.gatekeeper import Gatekeeper
from framework.web.limits import Buckets, RateSettings, read_json
from framework.web.policy import POLICY, PUBLIC, Policy, Rule

KEYS = {scope: issue(scope, tenant="acme", scopes=(scope,)) for scope in ("join", "admin", "read")}
ALL = issue("all", tenant="acme", scopes=("join", "admin", "read"))


class Ring:
    """A keyring in memory."""

    def __init__(self, *records):
        self.records = records

    async def all(self):
        return list(self.records)


def application():
    """Every route of the policy, and one that it doesn't know."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    problems.install(app)

    async def answer(request: Request):
        body = await read_json(request) if request.method == "POST" else {}
        credential = request.scope["state"].get("credential")
        return {"by": credential and credential_of(request).name, "body": body}

    for rule in (*POLICY, Rule("GET", "/unlisted", "read"), Rule("POST", "/unlisted/{name}", "read")):
        if rule.method == "WS":

            @app.websocket(rule.path)
            async def socket(client: WebSocket):
                await client.accept()
                await client.send_text(credential_of(client).name)
                await client.close()

        else:
            app.add_api_route(rule.path, answer, methods=[rule.method])
    return app


def edge(*records, **more):
    return Guarded(
        application(), Gatekeeper(Ring(*(records or (record for _, record in (*KEYS.values(), ALL))))), **more
    )


async def ask(app, method, path, *, key=None, body=b"", query=b"", client=("192.0.2.1", 1), **headers):
    """One request, as a server hands it on; the answer's status, headers and JSON."""
    sent = []
    pieces = [body[at : at + 65536] for at in range(0, len(body), 65536)] or [b""]
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    if key:
        raw.append((b"authorization", f"Bearer {key}".encode()))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": raw,
        "client": client,
        "server": ("127.0.0.1", 4444),
    }

    async def receive():
        piece = pieces.pop(0) if pieces else None
        if piece is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def send(message):
        sent.append(message)

    await app(scope, receive, send)
    text = b"".join(message.get("body", b"") for message in sent)
    return (
        sent[0]["status"],
        {name.decode(): value.decode() for name, value in sent[0]["headers"]},
        json.loads(text) if text.startswith(b"{") else text,
    )


async def knock(app, path, *, key=None, query=b"", **headers):
    """One WebSocket; all that was sent to it."""
    sent = []
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    if key:
        raw.append((b"authorization", f"Bearer {key}".encode()))

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "websocket",
        "path": path,
        "headers": raw,
        "query_string": query,
        "scheme": "ws",
        "subprotocols": [],
    }
    await app(scope | {"asgi": {"version": "3.0"}, "client": ("192.0.2.1", 1)}, receive, send)
    return sent


def concrete(rule):
    return (
        rule.path.replace("{rest:path}", "a/b")
        .replace("{session_id}", "s1")
        .replace("{order_id}", "o1")
        .replace("{name}", "n1")
    )


def text(scope):
    return KEYS[scope][0].text


# --- Who may what -----------------------------------------------------------


async def test_without_a_credential_nothing_answers_but_what_is_public():
    app, answered = edge(rates=Rates.of(RateSettings(failures=0))), set()
    for rule in (*POLICY, Rule("GET", "/unlisted", "read"), Rule("POST", "/unlisted/x", "read")):
        if rule.method == "WS":
            (closed,) = await knock(app, concrete(rule))
            assert (closed["type"], closed["code"]) == ("websocket.close", 4401)
            continue
        status, headers, said = await ask(app, rule.method, concrete(rule))
        if status == 200:
            answered.add((rule.method, rule.path))
            continue
        assert status == 401
        assert headers["content-type"] == "application/problem+json"
        assert headers["www-authenticate"] == "Bearer"
        assert said["fix"]
    assert answered == {(rule.method, rule.path) for rule in POLICY if rule.needs == PUBLIC}


@pytest.mark.parametrize("scope", ["join", "admin", "read"])
async def test_a_key_of_one_scope_gets_what_that_scope_opens_and_403_from_the_rest(scope):
    app = edge()
    for rule in POLICY:
        may = rule.public or scope in rule.scopes
        if rule.method == "WS":
            first, *_ = await knock(app, concrete(rule), key=text(scope))
            assert (first["type"] == "websocket.accept") is may
            assert may or first["code"] == 4403
            continue
        status, _, said = await ask(app, rule.method, concrete(rule), key=text(scope))
        assert status == (200 if may else 403)
        if not may:
            assert f"`{rule.scopes[0]}`" in said["detail"]
        elif not rule.public:
            assert said["by"] == scope


async def test_a_route_that_no_rule_names_is_closed_even_for_those_who_may_everything():
    app, key = edge(), ALL[0].text
    for method, path in (("GET", "/unlisted"), ("POST", "/unlisted/x")):
        status, _, said = await ask(app, method, path, key=key)
        assert status == 404
        assert "/unlisted" in said["detail"]


async def test_a_plugins_route_is_open_under_the_rule_that_it_names():
    policy = Policy(POLICY)
    policy.add(Rule("GET", "/unlisted", "read"))
    app = edge(policy=policy)
    assert (await ask(app, "GET", "/unlisted", key=text("read")))[0] == 200
    assert (await ask(app, "GET", "/unlisted", key=text("join")))[0] == 403


async def test_another_method_is_told_which_there_are():
    status, headers, _ = await ask(edge(), "DELETE", "/join", key=ALL[0].text)
    assert (status, headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "path", ["/sessions/s1/../../admin", "/sessions/s1/./x", "//join", "/sessions/s1/a//b", "/join\n", "/jo\\in"]
)
async def test_a_path_that_may_mean_another_is_nothing(path):
    for method in ("GET", "POST"):
        assert (await ask(edge(), method, path, key=ALL[0].text))[0] == 404
        assert (await ask(edge(), method, path))[0] == 401


@given(st.text(max_size=30), st.sampled_from(["GET", "POST", "PUT", "OPTIONS", "TRACE", "X"]))
async def test_no_path_passes_without_a_credential_but_the_public_ones(path, method):
    app = GUARDED
    status, _, _ = await ask(app, method, "/" + path)
    assert status == 401 or any(rule.public and rule.path == "/" + path for rule in POLICY)


GUARDED = edge(rates=Rates.of(RateSettings(failures=0)))


async def test_while_keys_cannot_be_read_the_answer_is_503_with_a_time_to_come_back():
    class Away:
        async def all(self):
            raise TimeoutError

    app = Guarded(application(), Gatekeeper(Away()))
    status, headers, said = await ask(app, "POST", "/join", key=ALL[0].text)
    assert (status, headers["retry-after"]) == (503, "2")
    assert "can't be checked" in said["detail"]
    assert (await knock(app, "/ws/events", key=ALL[0].text))[0]["code"] == 4503
    assert (await ask(app, "GET", "/health"))[0] == 200


async def test_a_refusal_repeats_nothing_of_what_was_offered():
    secret = "convo_0123456789ab_" + "s3cret" * 8
    for more in (
        {"key": secret},
        {"x_api_key": secret},
        {"query": f"ticket={secret}".encode()},
        {"cookie": f"convo_session={secret}"},
    ):
        status, headers, said = await ask(edge(), "GET", "/events", **more)
        assert status == 401
        assert "s3cret" not in json.dumps(said) + json.dumps(headers)


# --- Browsers ---------------------------------------------------------------


async def test_a_browser_gets_the_form_and_everyone_else_a_problem():
    def form(headers):
        return HTMLResponse("<form>", 401) if "text/html" in headers.get("accept", "") else None

    app = edge(page=form)
    assert (await ask(app, "GET", "/", accept="text/html"))[::2] == (401, b"<form>")
    assert (await ask(app, "GET", "/", accept="*/*"))[1]["content-type"] == "application/problem+json"
    assert (await ask(app, "GET", "/events", accept="text/html"))[1]["content-type"] == "application/problem+json"


async def test_a_ticket_opens_a_websocket_and_a_stream_but_nothing_that_changes_anything():
    app = edge()
    credential = ALL[1].credential()
    query = f"ticket={app.gatekeeper.tickets.issue(credential, '/')}".encode()
    assert (await knock(app, "/ws/events", query=query))[0]["type"] == "websocket.accept"
    assert (await ask(app, "GET", "/events", query=query))[0] == 200
    assert (await ask(app, "POST", "/join", query=query))[0] == 401
    assert (await ask(app, "DELETE", "/sessions/s1/x", query=query))[0] == 401


async def test_a_pages_question_is_answered_before_the_credential_and_its_refusals_can_be_read():
    app = Cors(edge(), frozenset({"https://app.example"}))
    status, _, _ = await ask(
        app, "OPTIONS", "/join", origin="https://app.example", access_control_request_method="POST"
    )
    assert status == 204
    status, headers, _ = await ask(app, "POST", "/join", origin="https://app.example")
    assert (status, headers["access-control-allow-origin"]) == (401, "https://app.example")
    status, _, _ = await ask(
        app, "OPTIONS", "/join", origin="https://evil.example", access_control_request_method="POST"
    )
    assert status == 401


# --- How much ---------------------------------------------------------------


async def test_a_body_that_is_too_long_is_refused_before_it_is_read():
    status, _, said = await ask(edge(), "POST", "/join", key=text("join"), content_length=str(2**20 + 1))
    assert status == 413
    assert "1024 kB" in said["detail"]


async def test_a_body_that_is_longer_than_it_said_is_cut_off():
    for more in ({}, {"content_length": "10"}):
        status, _, _ = await ask(edge(), "POST", "/join", key=text("join"), body=b" " * (2**20 + 1), **more)
        assert status == 413


async def test_a_route_that_reads_without_a_limit_has_one():
    read = []

    async def greedy(scope, receive, send):
        more = True
        while more:
            message = await receive()
            read.append(len(message["body"]))
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    app = Guarded(greedy, edge().gatekeeper)
    assert (await ask(app, "POST", "/join", key=text("join"), body=b" " * 2**20))[0] == 200
    read.clear()
    assert (await ask(app, "POST", "/join", key=text("join"), body=b" " * 2**22))[0] == 413
    assert sum(read) <= 2**20
    read.clear()
    assert (await ask(app, "POST", "/join", key=text("join"), content_length=str(2**22)))[0] == 413
    assert read == []


async def test_nobody_unknown_is_told_about_lengths():
    assert (await ask(edge(), "POST", "/join", content_length=str(2**40)))[0] == 401


@pytest.mark.parametrize("announced", ["-1", "x", "1" * 30, "1,2", "²"])
async def test_a_length_that_is_no_number_is_refused(announced):
    assert (await ask(edge(), "POST", "/join", key=text("join"), content_length=announced))[0] == 400


@pytest.mark.parametrize("body", [b"\xff", b"[" * 10_000, b'{"a":' * 60 + b"1" + b"}" * 60])
async def test_a_hostile_body_is_a_problem_not_a_failure(body):
    assert (await ask(edge(), "POST", "/join", key=text("join"), body=body))[0] == 400


async def test_one_credential_that_asks_too_often_is_told_to_wait_and_no_other():
    app = edge(rates=Rates(Buckets(0.1, 3), Buckets(1, 30)))
    answers = [await ask(app, "GET", "/events", key=text("read")) for _ in range(4)]
    assert [status for status, *_ in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[-1][1]["retry-after"]) <= 10
    assert (await knock(app, "/ws/events", key=text("read")))[0]["code"] == 4429
    assert (await ask(app, "GET", "/events", key=ALL[0].text))[0] == 200


async def test_this_machine_alone_without_keys_may_ask_as_often_as_it_likes():
    app = Guarded(application(), Gatekeeper(Ring()), rates=Rates(Buckets(0.1, 3), Buckets(1, 30)))
    answers = [await ask(app, "GET", "/events", host="127.0.0.1:4444") for _ in range(10)]
    assert {status for status, *_ in answers} == {200}


async def test_an_address_that_is_refused_too_often_is_told_to_wait_but_a_good_key_there_passes():
    app = edge(rates=Rates(Buckets(0, 0), Buckets(0.1, 3)))
    statuses = [(await ask(app, "GET", "/events", key=f"convo_{number:012}_{'x' * 40}"))[0] for number in range(5)]
    assert statuses == [401, 401, 401, 429, 429]
    assert (await ask(app, "GET", "/events", key=text("read")))[0] == 200
    assert (await ask(app, "GET", "/events", client=("192.0.2.2", 1)))[0] == 401
    assert (await ask(app, "GET", "/health"))[0] == 200


async def test_the_life_of_the_application_passes_untouched():
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["type"])

    await Guarded(app, Gatekeeper(Ring()))({"type": "lifespan"}, None, None)
    assert seen == ["lifespan"]


# --- On a real server -------------------------------------------------------


@pytest.fixture
async def url(serve):
    return await serve(edge())


async def test_a_real_server_says_the_same(url):
    with_key = {"Authorization": f"Bearer {text('read')}"}
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{url}/events") as answer:
            assert answer.status == 401
        async with http.get(f"{url}/events", headers=with_key) as answer:
            assert (await answer.json())["by"] == "read"
        async with http.get(URL(f"{url}/sessions/x/%2e%2e/%2e%2e/stats", encoded=True), headers=with_key) as answer:
            assert answer.status == 404
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(f"{url}/ws/events")
        assert refused.value.status == 403
        async with http.ws_connect(f"{url}/ws/events", headers=with_key) as client:
            assert (await client.receive()).data == "read"
        async with http.post(
            f"{url}/join", data=endless(), headers={"Authorization": f"Bearer {text('join')}"}
        ) as answer:
            assert answer.status == 413


async def endless():
    for _ in range(64):
        yield b" " * 65536
