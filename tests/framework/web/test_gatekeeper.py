"""Who a request comes from: keys, tokens, tickets, cookies, and a machine without keys."""

from dataclasses import replace
from datetime import UTC, datetime

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from framework.errors import StoreError, UserError
from framework.web.apikeys import issue
from framework.web.auth import Denied
from framework.web.credentials import LOCAL
from framework.web.gatekeeper import Gatekeeper, refuses_to_listen
from framework.web.ports import RefusedError
from framework.web.tickets import COOKIE, Tickets
from framework.web.tokens import Tokens, TokenSettings

JWT_SECRET = "s" * 40


class Ring:
    """A keyring in memory."""

    def __init__(self, *records):
        self.records = {record.key_id: record for record in records}
        self.away = False

    async def all(self):
        if self.away:
            raise StoreError("away")
        return list(self.records.values())

    async def get(self, key_id):
        return self.records.get(key_id)

    async def put(self, record):
        self.records[record.key_id] = record


class Hands:
    def __init__(self):
        self.time = 1_800_000_000.0

    def __call__(self):
        return self.time


KEY, RECORD = issue("web", tenant="acme", scopes=("join", "read"))
OTHER, _ = issue("other", tenant="acme", scopes=("join",))


@pytest.fixture
def clock():
    return Hands()


@pytest.fixture
def ring():
    return Ring(RECORD)


@pytest.fixture
def gate(ring, clock):
    tokens = Tokens(TokenSettings(secret=JWT_SECRET, issuer="id", audience="convo"))
    return Gatekeeper(ring, tokens=tokens, tickets=Tickets(b"k" * 32, clock), now=clock, clock=clock)


@pytest.fixture
def keyless(clock):
    return Gatekeeper(Ring(), now=clock, clock=clock, origins=frozenset({"http://localhost:3000"}))


def headers(*pairs, **values):
    raw = [*pairs, *((name.replace("_", "-"), value) for name, value in values.items())]
    return Headers(raw=[(name.encode(), value.encode("latin-1")) for name, value in raw])


def bearer(text):
    return headers(host="gateway.example", authorization=f"Bearer {text}")


def token(clock, **claims):
    return jwt.encode(
        {"iss": "id", "aud": "convo", "exp": clock() + 600, "tenant": "beta", "scope": "read", **claims}, JWT_SECRET
    )


async def denied(gate, given, status=401, **more):
    answer = await gate.authenticate(given, **more)
    assert isinstance(answer, Denied)
    assert answer.status == status
    assert KEY.secret not in answer.detail + answer.fix
    return answer


# --- Keys and tokens --------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [bearer(KEY.text), headers(authorization=f"bearer  {KEY.text} "), headers(x_api_key=KEY.text)],
    ids=["bearer", "spaces", "x-api-key"],
)
async def test_a_key_is_known_in_either_header(gate, given):
    assert await gate.authenticate(given) == RECORD.credential()


async def test_a_token_is_known_beside_keys(gate, clock):
    credential = await gate.authenticate(bearer(token(clock)))
    assert (credential.tenant, credential.scopes) == ("beta", {"read"})


@pytest.mark.parametrize(
    "given",
    [
        headers(host="127.0.0.1"),
        bearer(OTHER.text),
        bearer(KEY.text[:-1]),
        bearer(KEY.text + "x"),
        bearer(f"convo_{KEY.key_id}_{OTHER.secret}"),
        bearer(f"convo_{KEY.key_id}_{RECORD.hash.removeprefix('sha256:')}"),
        bearer("convo_"),
        bearer("nothing"),
        bearer("ä"),
        headers(authorization="Bearer"),
        headers(authorization=f"Basic {KEY.text}"),
        headers(authorization=KEY.text),
        headers(x_api_key=""),
        headers(("authorization", f"Bearer {KEY.text}"), ("x-api-key", KEY.text)),
        headers(("authorization", f"Bearer {OTHER.text}"), ("authorization", f"Bearer {KEY.text}")),
        headers(x_api_key=OTHER.text, cookie=f"{COOKIE}=whatever"),
    ],
    ids=range(16),
)
async def test_everything_else_is_nobody(gate, given):
    await denied(gate, given)


async def test_a_key_in_the_query_is_never_looked_at(gate):
    for name in ("key", "api_key", "token", "access_token", "ticket", "authorization"):
        await denied(gate, headers(), query=f"{name}={KEY.text}", ticketed=True)


async def test_a_revoked_or_expired_key_is_told_so(ring, gate, clock):
    await ring.put(RECORD.revoked())
    assert "revoked" in (await denied(gate, bearer(KEY.text))).detail
    today = datetime.fromtimestamp(clock.time, UTC)
    short, record = issue("short", tenant="acme", scopes=("join",), days=1, now=today)
    await ring.put(record)
    clock.time = record.expires_at.timestamp()
    assert "expired" in (await denied(gate, bearer(short.text))).detail


async def test_a_wrong_secret_hears_nothing_about_the_key(ring, gate):
    await ring.put(RECORD.revoked())
    wrong = await denied(gate, bearer(f"convo_{KEY.key_id}_{OTHER.secret}"))
    unknown = await denied(gate, bearer(OTHER.text))
    assert wrong == unknown


async def test_while_keys_cannot_be_read_nobody_is_let_in_and_nobody_is_refused(ring, clock):
    ring.away = True
    gate = Gatekeeper(ring, now=clock, clock=clock)
    for sent in (bearer(KEY.text), headers(host="127.0.0.1")):
        with pytest.raises(RefusedError) as refused:
            await gate.authenticate(sent)
        assert refused.value.status == 503


@given(
    st.lists(st.tuples(st.sampled_from(["authorization", "x-api-key", "cookie", "host", "origin"]), st.text())),
    st.text(),
)
async def test_no_headers_make_it_fail_or_open(pairs, query):
    gate = Gatekeeper(Ring(RECORD))
    raw = [(name.encode(), value.encode(errors="replace")) for name, value in pairs]
    assert isinstance(await gate.authenticate(Headers(raw=raw), query=query, ticketed=True), Denied)


# --- Tickets and cookies ----------------------------------------------------


async def with_ticket(gate, path="/ws/events", **more):
    credential = await gate.authenticate(bearer(KEY.text))
    ticket = gate.tickets.issue(credential, path, **more)
    return f"ticket={ticket}"


async def test_a_ticket_counts_where_a_browser_can_send_no_header(gate):
    query = await with_ticket(gate)
    credential = await gate.authenticate(headers(), path="/ws/events", query=query, ticketed=True)
    assert (credential.key_id, credential.scopes) == (KEY.key_id, {"join", "read"})
    await denied(gate, headers(), path="/ws/events", query=query)
    await denied(gate, headers(), path="/join", query=query, ticketed=True)
    await denied(gate, headers(), path="/ws/events", query=f"{query}&{query}", ticketed=True)


async def test_a_key_that_is_shown_comes_before_a_ticket(gate):
    query = await with_ticket(gate)
    await denied(gate, bearer(OTHER.text), path="/ws/events", query=query, ticketed=True)


async def test_a_ticket_ends_with_its_key(ring, gate, clock):
    query = await with_ticket(gate, seconds=60)
    await ring.put(RECORD.revoked())
    clock.time += 5
    answer = await denied(gate, headers(), path="/ws/events", query=query, ticketed=True)
    assert "revoked" in answer.detail


async def test_a_ticket_gives_no_scope_that_the_key_has_lost(ring, gate, clock):
    query = await with_ticket(gate)
    await ring.put(RECORD.model_copy(update={"scopes": ("read",)}))
    clock.time += 5
    assert (await gate.authenticate(headers(), path="/ws/events", query=query, ticketed=True)).scopes == {"read"}


async def test_a_tokens_ticket_is_good_while_the_token_is(gate, clock):
    credential = await gate.authenticate(bearer(token(clock, exp=clock() + 20)))
    query = f"ticket={gate.tickets.issue(credential, '/events')}"
    assert await gate.authenticate(headers(), path="/events", query=query, ticketed=True) == replace(
        credential, expires_at=clock() + 20
    )
    clock.time += 21
    await denied(gate, headers(), path="/events", query=query, ticketed=True)


async def test_a_local_ticket_is_worth_nothing_once_there_are_keys(gate):
    query = f"ticket={gate.tickets.issue(LOCAL, '/events')}"
    await denied(gate, headers(host="127.0.0.1"), path="/events", query=query, ticketed=True)


async def signed_in(gate, **more):
    credential = await gate.recognise(KEY.text)
    value = gate.tickets.cookie(credential, secure=False).split(";")[0]
    return headers(host="gateway.example", cookie=value, **more)


async def test_a_cookie_signs_the_page_in(gate):
    assert (await gate.authenticate(await signed_in(gate))).tenant == "acme"
    assert (await gate.authenticate(await signed_in(gate, origin="https://gateway.example"))).tenant == "acme"
    nowhere = Headers(raw=[(b"cookie", (await signed_in(gate))["cookie"].encode()), (b"origin", b"null")])
    await denied(gate, nowhere, status=403)
    by_a_link = await signed_in(gate, sec_fetch_site="same-site", sec_fetch_mode="navigate")
    assert (await gate.authenticate(by_a_link)).tenant == "acme"
    await denied(gate, headers(cookie=f"{COOKIE}=x.y"))
    await denied(gate, headers(cookie=f"{COOKIE}="))
    await denied(gate, headers(cookie="=;;;"))


@pytest.mark.parametrize(
    "more",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "https://gateway.example.evil.example"},
        {"origin": "https://gateway.example:444"},
        {"origin": ""},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "https://evil.example", "sec_fetch_mode": "navigate", "sec_fetch_site": "cross-site"},
    ],
    ids=str,
)
async def test_a_page_elsewhere_can_do_nothing_with_the_cookie(gate, more):
    await denied(gate, await signed_in(gate, **more), status=403)


# --- Those who stay ---------------------------------------------------------


async def test_one_who_stays_may_stay_until_the_key_is_revoked_or_over(ring, gate, clock):
    credential = await gate.authenticate(bearer(KEY.text))
    assert await gate.still(credential)
    await ring.put(RECORD.revoked())
    clock.time += 5
    assert not await gate.still(credential)


async def test_one_who_stays_by_a_token_may_stay_until_it_is_over(gate, clock):
    credential = await gate.authenticate(bearer(token(clock, exp=clock() + 20)))
    assert await gate.still(credential)
    clock.time += 21
    assert not await gate.still(credential)


async def test_this_machine_may_stay_until_there_is_a_key(clock):
    ring = Ring()
    gate = Gatekeeper(ring, now=clock, clock=clock)
    assert await gate.still(LOCAL)
    await ring.put(RECORD)
    clock.time += 5
    assert not await gate.still(LOCAL)


# --- Without keys -----------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1:4444", "localhost:4444", "[::1]:4444"])
async def test_without_keys_this_machine_may_everything(keyless, host):
    assert await keyless.authenticate(headers(host=host)) == LOCAL
    assert await keyless.authenticate(headers(host=host, origin=f"http://{host}")) == LOCAL


@pytest.mark.parametrize(
    "given",
    [
        headers(),
        headers(host="evil.example"),
        headers(host="127.0.0.1.evil.example"),
        headers(host="[::1"),
        headers(("host", "127.0.0.1"), ("host", "evil.example")),
        headers(host="127.0.0.1:4444", origin="http://evil.example"),
        headers(host="127.0.0.1:4444", origin="http://127.0.0.1:3000"),
        headers(host="127.0.0.1:4444", origin="null"),
        headers(host="127.0.0.1:4444", sec_fetch_site="cross-site"),
        headers(host="127.0.0.1:4444", x_forwarded_for="203.0.113.9"),
        headers(host="127.0.0.1:4444", forwarded="for=203.0.113.9"),
    ],
    ids=str,
)
async def test_without_keys_nobody_else_may_anything(keyless, given):
    await denied(keyless, given, status=403)


async def test_without_keys_a_page_that_was_named_may(keyless):
    assert await keyless.authenticate(headers(host="localhost:4444", origin="http://localhost:3000")) == LOCAL


async def test_the_door_closes_with_the_first_key_and_does_not_open_again(keyless, clock):
    ring = Ring()
    gate = Gatekeeper(ring, now=clock, clock=clock)
    here = headers(host="127.0.0.1")
    assert await gate.authenticate(here) == LOCAL
    await ring.put(RECORD.revoked())
    clock.time += 5
    await denied(gate, here)
    ring.records.clear()
    clock.time += 5
    await denied(gate, here)


async def test_tokens_alone_close_the_door_too(clock):
    tokens = Tokens(TokenSettings(secret=JWT_SECRET, issuer="id", audience="convo"))
    await denied(Gatekeeper(Ring(), tokens=tokens, now=clock, clock=clock), headers(host="127.0.0.1"))


# --- Listening --------------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5", "gateway.example", ""])
async def test_without_keys_it_does_not_listen_for_others(host):
    with pytest.raises(UserError, match="no key") as told:
        await refuses_to_listen(host, Ring())
    assert "convo keys new" in told.value.fix


async def test_with_a_key_or_tokens_or_on_this_machine_it_listens():
    await refuses_to_listen("0.0.0.0", Ring(RECORD))
    await refuses_to_listen("127.0.0.1", Ring())
    await refuses_to_listen("::1", Ring())
    tokens = Tokens(TokenSettings(secret=JWT_SECRET, issuer="id", audience="convo"))
    await refuses_to_listen("0.0.0.0", Ring(), tokens)


async def test_not_knowing_whether_there_are_keys_is_not_listening():
    ring = Ring(RECORD)
    ring.away = True
    with pytest.raises(StoreError):
        await refuses_to_listen("0.0.0.0", ring)
    await refuses_to_listen("127.0.0.1", ring)


def test_it_reads_its_secrets_from_the_environment():
    gate = Gatekeeper.read(Ring(), {"CONVO_SECRET": "k" * 32})
    assert gate.tickets.secret == b"k" * 32
    with pytest.raises(UserError):
        Gatekeeper.read(Ring(), {"CONVO_JWT_SECRET": "short"})
