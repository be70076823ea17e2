"""Who gets in: every route and credential, tenants, keys that were revoked, sign-in, webhooks, plugins' routes."""

import base64
import hashlib
import hmac
import json
import re
import time

import aiohttp
import jwt
import pytest

from framework.control.connection import Connection
from framework.control.store import Store
from framework.errors import PluginError, UserError
from framework.plugins.routes import Route, RouteAnswer, Routes
from framework.processes.gateway import Gateway, GatewaySettings
from framework.web.apikeys import issue
from framework.web.keyring import StoreKeyring
from framework.web.policy import POLICY

OPEN = {"/health", "/ready", "/daily/webhook", "/livekit/webhook", "/login"}
"""What answers without a credential: two say next to nothing, the rest verify what they are given."""


class WatchedConnection:
    """Passes everything on to a real connection and notes it."""

    def __init__(self, inner):
        self._inner, self.done = inner, []
        self.run_id = inner.run_id

    async def run(self, script, prefix, *arguments):
        self.done.append(script)
        return await self._inner.run(script, prefix, *arguments)

    async def do(self, *words):
        self.done.append(" ".join(map(str, words[:2])))
        return await self._inner.do(*words)

    async def many(self, commands):
        self.done += [" ".join(map(str, words[:2])) for words in commands]
        return await self._inner.many(commands)

    async def tail(self, key, after, wait_ms):
        return await self._inner.tail(key, after, wait_ms)

    async def close(self):
        await self._inner.close()


@pytest.fixture
async def guarded(run_gateway):
    """A gateway with keys: of two tenants with each scope and all, one for all tenants, one revoked, one expired."""
    connection = WatchedConnection(Connection.embedded())
    store = Store(connection)
    ring = StoreKeyring(store)
    keys = {}

    async def make(name, tenant, scopes, *, revoked=False, days=None):
        key, record = issue(name, tenant=tenant, scopes=scopes, days=days)
        await ring.put(record.revoked() if revoked else record)
        keys[name] = key.text

    every = ("join", "admin", "read")
    for tenant in ("acme", "bell"):
        await make(tenant, tenant, every)
        for scope in every:
            await make(f"{tenant}-{scope}", tenant, (scope,))
    await make("all", "*", every)
    await make("revoked", "acme", every, revoked=True)
    await make("expired", "acme", every, days=-1)
    keys["wrong"] = keys["acme"][:-4] + "xxxx"
    gateway = await run_gateway(store, start_s=0.2, CONVO_RATE_FAILURES="0")
    gateway.keys, gateway.done = keys, connection.done
    return gateway


def routes():
    """Every route there is, by the table and by the OpenAPI document, as something that can be asked for."""
    for rule in POLICY:
        if rule.method != "WS":
            yield rule.method, rule.path.replace("{rest:path}", "api/offer")


def asked_for(path, session="s1", order="o1"):
    return path.format(session_id=session, order_id=order, name="hello")


def only_keys(done):
    """What is left when what looks keys up is taken away."""
    return [what for what in done if not what.startswith("HGETALL {convo:dev}:keys")]


@pytest.mark.parametrize("who", ["nobody", "wrong", "revoked", "expired"])
async def test_nothing_answers_without_a_credential_but_what_may(guarded, who):
    caller = guarded.with_key(guarded.keys.get(who, ""))
    document = (await guarded.with_key(guarded.keys["all"]).get("/openapi.json")).body
    described = {(method.upper(), path) for path, found in document["paths"].items() for method in found}
    assert {path for _, path in described} <= {rule.path for rule in POLICY}
    asked = {*routes(), *described, ("GET", "/nothing"), ("OPTIONS", "/join"), ("DELETE", "/sessions")}
    guarded.done.clear()
    for method, path in sorted(asked):
        answer = await caller.ask(method, asked_for(path), allow_redirects=False)
        if path in ("/health", "/ready"):
            assert answer.status == 200
        elif path in OPEN:
            assert answer.status in (401, 403), (method, path, answer.status)
        else:
            assert answer.status == 401, (method, path, answer.status)
            assert answer.headers["www-authenticate"] == "Bearer"
    for path in ("/ws/events", "/ws-client", "/sessions/s1/ws-client"):
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await caller.http.ws_connect(guarded.url + path, headers=caller.headers)
    assert only_keys(guarded.done) == []


async def test_a_key_opens_what_its_scope_says_and_nothing_else(guarded):
    for scope in ("join", "admin", "read"):
        caller = guarded.with_key(guarded.keys[f"acme-{scope}"])
        for rule in POLICY:
            if rule.method == "WS" or rule.public or rule.path in ("/logout", "/metrics", "/events"):
                continue
            path = asked_for(rule.path.replace("{rest:path}", "api/offer"))
            answer = await caller.ask(rule.method, path, allow_redirects=False)
            assert (answer.status == 403) == (scope not in rule.scopes), (scope, rule, answer.status)
            assert answer.status < 500 or (rule.path, answer.status) == ("/start", 503)


async def test_what_is_another_tenants_is_not_there(guarded, join_fleet):
    """The tenant matrix: each route, with ids and rooms of another tenant, finds, shows and changes nothing."""
    acme, bell = (guarded.with_key(guarded.keys[name]) for name in ("acme", "bell"))
    await join_fleet(guarded.store)
    sid = (await acme.post("/join", {"bot": "hello", "room": "lobby"})).body["session_id"]
    order = (await acme.post("/admin", {"session_id": sid, "message": "x", "order_id": "o1"})).body["orders"][0]
    before = await guarded.store.session(sid)
    for method, path, body in (
        ("GET", f"/sessions/{sid}", None),
        ("POST", f"/sessions/{sid}/leave", {}),
        ("POST", f"/sessions/{sid}/orders", {"kind": "resume"}),
        ("POST", f"/sessions/{sid}/api/offer", {}),
        ("GET", f"/sessions/{sid}/anything", None),
        ("POST", "/admin", {"session_id": sid, "message": "x"}),
        ("POST", "/admin", {"room": "lobby", "message": "x"}),
        ("GET", f"/admin/{order['order_id']}", None),
    ):
        answer = await bell.ask(method, path, **({"json": body} if body is not None else {}))
        assert answer.status == 404, (path, answer.text)
        assert "acme" not in answer.text
    for path in ("/sessions?tenant=acme", "/events?tenant=acme"):
        assert (await bell.get(path)).status == 403
    assert (await bell.post("/join", {"bot": "hello", "tenant": "acme"})).status == 403
    assert (await bell.get("/sessions")).body["sessions"] == []
    assert set((await bell.get("/stats")).body["sessions"].values()) == {0}
    assert (await bell.get("/metrics")).status == 403
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await bell.http.ws_connect(f"{bell.url}/sessions/{sid}/ws-client", headers=bell.headers)
    after = await guarded.store.session(sid)
    assert (after.state, after.reason) in {(state, "") for state in (before.state, "claimed", "joined")}
    # The same room is another one, and the same key another one.
    assert (await bell.post("/join", {"bot": "hello", "room": "lobby"})).status == 202


async def test_a_tenant_hears_its_own_events_only(guarded):
    acme, bell = (guarded.with_key(guarded.keys[name]) for name in ("acme", "bell"))
    async with bell.http.ws_connect(f"{bell.url}/ws/events?after=0-0", headers=bell.headers) as socket:
        await acme.post("/join", {"bot": "hello"})
        mine = (await bell.post("/join", {"bot": "hello"})).body["session_id"]
        event = await socket.receive_json(timeout=10)
        assert (event["tenant"], event["subject"]) == ("bell", mine)


async def test_a_key_of_all_tenants_names_one(guarded):
    every = guarded.with_key(guarded.keys["all"])
    sid = (await every.post("/join", {"bot": "hello", "tenant": "acme"})).body["session_id"]
    assert (await guarded.with_key(guarded.keys["acme"]).get(f"/sessions/{sid}")).status == 200
    listed = (await every.get("/sessions?tenant=acme")).body["sessions"]
    assert [one["tenant"] for one in listed] == ["acme"]
    text = (await every.get("/metrics")).text
    assert 'convo_sessions{state="queued",tenant="acme"} 1.0' in text
    assert 'convo_joins_total{outcome="queued",tenant="acme"} 1.0' in text


async def test_limits_of_a_tenant_are_the_projects(run_gateway, tmp_path):
    (tmp_path / "convo.yaml").write_text(
        "bots: {hello: {flow: hello, class: large}}\ntenants: {default: {max_sessions: 1, isolation: own}}\n"
    )
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "hello.yaml").write_text("flow: hello\ninitial_node: a\nnodes: {a: {say: Hi., end: true}}\n")
    from framework.project import Project

    gateway = await run_gateway(project=lambda: Project.find(tmp_path), CONVO_BUILD="b7")
    sid = (await gateway.post("/join", {})).body["session_id"]
    assert (await gateway.store.session(sid)).pool == "default.large.b7"
    full = await gateway.post("/join", {})
    assert (full.status, full.body["outcome"]) == (429, "tenant_full")


async def test_a_browser_signs_in_with_a_key_and_out_again(guarded):
    page = await guarded.get("/", headers={"Accept": "text/html"})
    assert (page.status, page.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert "http" not in page.text.replace("http-equiv", "")
    wrong = await guarded.ask("POST", "/login", data={"token": "nonsense"}, allow_redirects=False)
    assert (wrong.status, "Set-Cookie" in wrong.headers) == (401, False)
    right = await guarded.ask("POST", "/login", data={"token": guarded.keys["acme"]}, allow_redirects=False)
    assert right.status == 303
    cookie = {"Cookie": right.headers["set-cookie"].partition(";")[0]}
    assert (await guarded.get("/", headers=cookie)).status == 200
    assert (await guarded.get("/bots", headers=cookie)).body["default"] == "hello"
    assert (await guarded.get("/sessions", headers={**cookie, "Origin": "https://evil.example"})).status == 403
    out = await guarded.ask("POST", "/logout", headers=cookie, allow_redirects=False)
    assert "Max-Age=0" in out.headers["set-cookie"]


async def test_a_ticket_opens_a_stream_for_a_browser(guarded):
    acme = guarded.with_key(guarded.keys["acme"])
    ticket = (await acme.post("/tickets", {"path": "/ws/events"})).body["ticket"]
    async with guarded.http.ws_connect(f"{guarded.url}/ws/events?ticket={ticket}") as socket:
        sid = (await acme.post("/join", {"bot": "hello"})).body["session_id"]
        assert (await socket.receive_json(timeout=10))["subject"] == sid
    assert (await guarded.get(f"/sessions?ticket={ticket}")).status == 401


async def test_without_keys_it_serves_this_machine_only(tmp_path, gateway):
    with pytest.raises(UserError, match="there is no key"):
        await Gateway(gateway.store, dict, GatewaySettings(root=tmp_path), host="0.0.0.0", port=0).run(signals=False)
    assert (await gateway.get("/sessions", headers={"Host": "gateway.example.org"})).status == 403
    assert (await gateway.get("/sessions", headers={"X-Forwarded-For": "192.0.2.1"})).status == 403


async def test_the_manual_tells_all_and_loads_nothing_from_elsewhere(gateway):
    manual = await gateway.get("/docs")
    document = (await gateway.get("/openapi.json")).body
    for path in ("/join", "/start", "/sessions/{session_id}", "/admin", "/events", "/stats"):
        assert path in manual.text
        assert path in document["paths"]
    assert "idempotency_key" in manual.text
    assert not re.search(r"(src|href|url\()=?[\"']?(https?:)?//", manual.text)
    assert "default-src 'none'" in manual.headers["content-security-policy"]


async def test_figures_of_the_fleet(gateway, join_fleet):
    await join_fleet(gateway.store, capacity=3)
    await gateway.post("/start", {"body": {"bot": "hello"}})
    stats = (await gateway.get("/stats")).body
    assert stats["sessions"]["joined"] == 1
    assert stats["pool"]["shared.default.any"] == {"runners": 1, "slots": 3, "free": 2, "taken": 1}
    assert stats["store"]["up"]
    assert stats["runners"][0]["owned"] == 1
    text = (await gateway.get("/metrics")).text
    for line in (
        'convo_slots{pool="shared.default.any",state="free"} 2.0',
        'convo_joins_total{outcome="assigned",tenant="default"} 1.0',
        'convo_runners{pool="shared.default.any",state="ready"} 1.0',
        "convo_store_up 1.0",
    ):
        assert line in text
    assert 'route="/stats"' in text


# --- Webhooks ---------------------------------------------------------------------------------------------------------

SECRET = base64.b64encode(b"a secret of sixteen bytes or more").decode()


def daily(body, secret=SECRET, at=None):
    text, stamp = json.dumps(body).encode(), str(int(at or time.time()))
    signature = base64.b64encode(hmac.digest(base64.b64decode(secret), stamp.encode() + b"." + text, hashlib.sha256))
    return {"data": text, "headers": {"X-Webhook-Signature": signature.decode(), "X-Webhook-Timestamp": stamp}}


async def test_a_call_that_daily_announces_starts_one_session(run_gateway):
    gateway = await run_gateway(DAILY_WEBHOOK_SECRET=SECRET)
    call = daily({"callId": "c1", "callDomain": "d", "From": "+1555"})
    first = await gateway.ask("POST", "/daily/webhook?bot=single", **call)
    again = await gateway.ask("POST", "/daily/webhook?bot=single", **call)
    assert (first.status, again.body["session_id"]) == (202, first.body["session_id"])
    record = await gateway.store.session(first.body["session_id"])
    assert (record.bot, record.spec.config["call"]["callId"]) == ("single", "c1")
    assert (await gateway.ask("POST", "/daily/webhook", data=b'{"test": "test"}')).status == 200


@pytest.mark.parametrize(
    "call",
    [
        {"data": b"{}"},
        daily({"callId": "c"}, secret=base64.b64encode(b"another secret of many bytes").decode()),
        daily({"callId": "c"}, at=time.time() - 3600),
        {**daily({"callId": "c"}), "data": b'{"callId": "d"}'},
    ],
)
async def test_what_daily_has_not_signed_now_starts_nothing(run_gateway, call):
    gateway = await run_gateway(DAILY_WEBHOOK_SECRET=SECRET)
    assert (await gateway.ask("POST", "/daily/webhook", **call)).status == 401
    assert (await gateway.store.by_state())["queued"] == 0


async def test_webhooks_without_a_secret_are_refused(gateway):
    for path in ("/daily/webhook", "/livekit/webhook"):
        assert (await gateway.ask("POST", path, **daily({"callId": "c"}))).status == 403


async def test_a_room_that_livekit_has_finished_ends_its_bots(run_gateway):
    gateway = await run_gateway(LIVEKIT_API_KEY="key", LIVEKIT_API_SECRET="a secret of more than thirty-two bytes")
    sid = (await gateway.post("/join", {"bot": "hello", "room": "lobby"})).body["session_id"]
    body = json.dumps({"event": "room_finished", "id": "e1", "room": {"name": "lobby"}}).encode()
    claims = {
        "iss": "key",
        "nbf": int(time.time()),
        "exp": int(time.time()) + 60,
        "sha256": base64.b64encode(hashlib.sha256(body).digest()).decode(),
    }
    token = jwt.encode(claims, "a secret of more than thirty-two bytes", "HS256")
    first = await gateway.ask("POST", "/livekit/webhook", data=body, headers={"Authorization": token})
    assert (first.status, first.body["ending"]) == (200, [sid])
    again = await gateway.ask("POST", "/livekit/webhook", data=body, headers={"Authorization": token})
    assert again.status == 409
    assert (await gateway.store.session(sid)).reason == "room_finished"


# --- Routes of plugins ------------------------------------------------------------------------------------------------


async def ring(request):
    """A plugin's route: starts a session for whoever asks."""
    joined = await request.join({"bot": "hello", **json.loads(request.body or b"{}")})
    return {"tenant": request.tenant, "by": request.by, "pid": joined["pid"], "headers": sorted(request.headers)}


async def teapot(request):
    return RouteAnswer(json={"query": dict(request.query)}, status=418)


async def fail(request):
    raise RuntimeError("secret detail")


async def signed(request):
    if request.headers.get("x-signature") != "right":
        raise PluginError("not signed")


@pytest.fixture
async def with_routes(run_gateway, monkeypatch):
    import sys
    import types

    module = types.ModuleType("phones_calls")
    for function in (ring, teapot, fail, signed):
        setattr(module, function.__name__, function)
    monkeypatch.setitem(sys.modules, "phones_calls", module)
    routes = Routes("route", owner="phones")
    routes.add(Route(path="/calls", endpoint="phones_calls:ring", scope="join"))
    routes.add(Route(method="GET", path="/tea/pot", endpoint="phones_calls:teapot"))
    routes.add(Route(method="GET", path="/fail", endpoint="phones_calls:fail"))
    routes.add(Route(path="/hook", endpoint="phones_calls:ring", scope="public", verify="phones_calls:signed"))
    store = Store(Connection.embedded())
    gateway = await run_gateway(store, routes=tuple(routes.values()))
    gateway.keys = {}
    for scope in ("join", "admin"):
        key, record = issue(scope, tenant="acme", scopes=(scope,))
        await StoreKeyring(store).put(record)
        gateway.keys[scope] = key.text
    return gateway


async def test_a_plugins_route_needs_the_scope_that_it_names(with_routes):
    join, admin = (with_routes.with_key(with_routes.keys[scope]) for scope in ("join", "admin"))
    rang = await join.post("/plugins/phones/calls", {"room": "r"})
    assert (rang.status, rang.body["tenant"], rang.body["by"]) == (200, "acme", "join")
    assert "authorization" not in rang.body["headers"]
    assert (await with_routes.store.session(rang.body["pid"])).tenant == "acme"
    assert (await admin.post("/plugins/phones/calls", {})).status == 403
    assert (await with_routes.post("/plugins/phones/calls", {})).status == 401
    assert (await join.post("/plugins/phones/calls", {"room": "r"})).status == 409
    assert (await admin.get("/plugins/phones/tea/pot?a=b")).status == 418
    assert (await join.get("/plugins/phones/tea/pot")).status == 403
    assert (await admin.get("/plugins/phones/other")).status == 404


async def test_a_plugin_that_fails_says_nothing_of_how(with_routes):
    answer = await with_routes.with_key(with_routes.keys["admin"]).get("/plugins/phones/fail")
    assert (answer.status, "secret detail" in answer.text) == (500, False)


async def test_a_public_route_verifies(with_routes):
    assert (await with_routes.post("/plugins/phones/hook", {})).status == 403
    right = await with_routes.post("/plugins/phones/hook", {}, headers={"X-Signature": "right"})
    assert right.body["tenant"] == "default"


@pytest.mark.parametrize(
    "wrong", [{"path": "/a b"}, {"path": "a"}, {"path": "/a/../b"}, {"path": "/a", "scope": "public"}]
)
def test_a_route_that_would_be_open_or_can_not_be_is_refused(wrong):
    with pytest.raises(PluginError):
        Routes("route", owner="phones").add(Route(endpoint="x:y", **wrong))
