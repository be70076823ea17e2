"""Webhooks: signed, fresh, and heard once."""

import base64
import hashlib
import hmac
import json

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from framework.control.connection import Connection
from framework.control.store import Store
from framework.web.ports import RefusedError
from framework.web.webhooks import is_probe, once, verify_daily, verify_livekit

NOW = 1_800_000_000.0
KEY = b"0123456789abcdef0123456789abcdef"
SECRET = base64.b64encode(KEY).decode()
API_SECRET = "l" * 40
BODY = json.dumps(
    {"version": "1.0.0", "type": "participant.joined", "id": "ptcpt-1", "payload": {"room": "a"}}
).encode()
CALL = json.dumps({"To": "+15550100", "From": "+15550101", "callId": "c-1", "callDomain": "d-1"}).encode()
ROOM = json.dumps({"event": "room_finished", "id": "EV_1", "createdAt": str(int(NOW)), "room": {"name": "a"}}).encode()


def daily(body=BODY, stamp=str(int(NOW)), key=KEY, kind="webhook"):
    signature = base64.b64encode(hmac.digest(key, stamp.encode() + b"." + body, hashlib.sha256)).decode()
    return Headers({f"X-{kind}-Signature": signature, f"X-{kind}-Timestamp": stamp})


def livekit(body=ROOM, secret=API_SECRET, algorithm="HS256", **claims):
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    merged = {"iss": "API1", "nbf": int(NOW), "exp": int(NOW) + 300, "sha256": digest} | claims
    token = jwt.encode({name: value for name, value in merged.items() if value is not None}, secret, algorithm)
    return Headers({"Authorization": token})


def status(call, *arguments):
    with pytest.raises(RefusedError) as refused:
        call(*arguments)
    return refused.value.status


# --- Daily ------------------------------------------------------------------


def test_a_signed_event_of_daily_is_believed():
    event = verify_daily(daily(), BODY, SECRET, NOW)
    assert (event.service, event.type, event.id, event.sent_at) == ("daily", "participant.joined", "ptcpt-1", NOW)
    assert event.payload["payload"] == {"room": "a"}


def test_a_phone_call_that_waits_is_believed_with_milliseconds_too():
    stamp = str(int(NOW * 1000))
    event = verify_daily(daily(CALL, stamp, kind="pinless"), CALL, SECRET, NOW)
    assert (event.type, event.id, event.sent_at) == ("dialin", "c-1", NOW)


def test_nothing_of_the_payload_is_in_a_representation():
    assert "+15550101" not in repr(verify_daily(daily(CALL), CALL, SECRET, NOW))


@pytest.mark.parametrize("secret", ["", "not base64!", base64.b64encode(b"short").decode(), "AAAA" * 3])
def test_without_a_secret_nothing_of_daily_is_believed(secret):
    key = base64.b64decode(secret) if secret.isalnum() else b""
    assert status(verify_daily, daily(key=key), BODY, secret, NOW) == 403


@pytest.mark.parametrize(
    "headers",
    [
        Headers({}),
        Headers({"X-Webhook-Signature": "x"}),
        Headers({"X-Webhook-Timestamp": str(int(NOW))}),
        daily(key=b"another" * 4),
        daily(body=BODY + b" "),
        daily(stamp=""),
        daily(stamp="now"),
        daily(stamp="-1"),
        daily(stamp="1e9"),
        daily(stamp="9" * 40),
        Headers({**daily(), "x-webhook-timestamp": str(int(NOW) + 1)}),
        Headers({**daily(), "x-webhook-signature": "ä"}),
        Headers({**daily(), "x-webhook-signature": ""}),
    ],
    ids=str,
)
def test_what_is_not_rightly_signed_is_refused(headers):
    assert status(verify_daily, headers, BODY, SECRET, NOW) == 401


@pytest.mark.parametrize(("age", "fresh"), [(0, True), (299, True), (301, False), (-299, True), (-301, False)])
def test_a_webhook_is_fresh_for_five_minutes(age, fresh):
    if fresh:
        assert verify_daily(daily(), BODY, SECRET, NOW + age)
        assert verify_livekit(livekit(), ROOM, "API1", API_SECRET, NOW + age)
    else:
        assert status(verify_daily, daily(), BODY, SECRET, NOW + age) == 401
        assert status(verify_livekit, livekit(), ROOM, "API1", API_SECRET, NOW + age) == 401


@pytest.mark.parametrize("body", [b"[]", b"\xff", b"{"])
def test_a_signed_body_that_is_no_object_is_refused(body):
    assert status(verify_daily, daily(body), body, SECRET, NOW) == 400


@given(st.data())
def test_a_body_that_was_changed_anywhere_is_refused(data):
    place = data.draw(st.integers(0, len(BODY) - 1))
    changed = BODY[:place] + bytes([BODY[place] ^ data.draw(st.integers(1, 255))]) + BODY[place + 1 :]
    assert status(verify_daily, daily(), changed, SECRET, NOW) == 401
    assert status(verify_livekit, livekit(BODY), changed, "API1", API_SECRET, NOW) == 401


@pytest.mark.parametrize(
    ("body", "probe"),
    [
        (b'{"test":"test"}', True),
        (b'{"test": true}', True),
        (BODY, False),
        (b"{}", False),
        (b'{"test":"test","callId":"c"}', False),
    ],
)
def test_dailys_probe_is_that_one_body(body, probe):
    assert is_probe(body) is probe


# --- LiveKit ----------------------------------------------------------------


def test_a_signed_event_of_livekit_is_believed():
    event = verify_livekit(livekit(), ROOM, "API1", API_SECRET, NOW)
    assert (event.service, event.type, event.id) == ("livekit", "room_finished", "EV_1")
    bearer = Headers({"Authorization": "Bearer " + livekit()["authorization"]})
    assert verify_livekit(bearer, ROOM, "API1", API_SECRET, NOW) == event


@pytest.mark.parametrize(
    "headers",
    [
        Headers({}),
        Headers({"Authorization": ""}),
        Headers({"Authorization": "a.b.c"}),
        livekit(secret="m" * 40),
        livekit(secret="m" * 64, algorithm="HS512"),
        livekit(secret="l" * 64, algorithm="HS512"),
        Headers({"Authorization": jwt.encode({"iss": "API1", "exp": int(NOW) + 9}, None, "none")}),
        livekit(iss="API2"),
        livekit(iss=None),
        livekit(sha256=None),
        livekit(sha256="x"),
        livekit(sha256=7),
        livekit(body=b"{}"),
        livekit(exp=None),
        livekit(exp="soon"),
        livekit(exp=int(NOW) - 301),
        livekit(nbf=int(NOW) - 301),
    ],
    ids=lambda headers: headers.get("authorization", "nothing")[-20:],
)
def test_what_livekit_did_not_sign_for_now_is_refused(headers):
    assert status(verify_livekit, headers, ROOM, "API1", API_SECRET, NOW) == 401


def test_a_token_without_a_beginning_is_as_old_as_its_event():
    headers = livekit(nbf=None, exp=int(NOW) + 10**6)
    assert verify_livekit(headers, ROOM, "API1", API_SECRET, NOW)
    assert status(verify_livekit, headers, ROOM, "API1", API_SECRET, NOW + 400) == 401
    bare = b'{"event": "room_finished"}'
    assert status(verify_livekit, livekit(bare, nbf=None), bare, "API1", API_SECRET, NOW) == 401


@pytest.mark.parametrize(("key", "secret"), [("", API_SECRET), ("API1", ""), ("", "")])
def test_without_a_secret_nothing_of_livekit_is_believed(key, secret):
    assert status(verify_livekit, livekit(iss=key), ROOM, key, secret, NOW) == 403


# --- Once -------------------------------------------------------------------


async def test_an_event_is_heard_once_whatever_its_signature():
    store = Store(Connection.embedded())
    first = verify_daily(daily(), BODY, SECRET, NOW)
    again = verify_daily(daily(stamp=str(int(NOW) + 60)), BODY, SECRET, NOW)
    await once(first, store.seen)
    for event in (first, again):
        with pytest.raises(RefusedError) as refused:
            await once(event, store.seen)
        assert refused.value.status == 409
    await once(verify_livekit(livekit(), ROOM, "API1", API_SECRET, NOW), store.seen)
    await store.close()


def test_an_event_without_an_id_is_known_by_what_was_signed():
    body = b'{"type": "x"}'
    one, two = (verify_daily(daily(body, str(int(NOW) + late)), body, SECRET, NOW).key for late in (0, 1))
    assert one == verify_daily(daily(body), body, SECRET, NOW).key
    assert one != two
