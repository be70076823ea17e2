"""How much one may ask for, and what a stranger's JSON may hold."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from framework.web.bodies import read
from framework.web.limits import DEPTH, Buckets, address, json_object, limited, too_often
from framework.web.ports import RefusedError


class Hands:
    def __init__(self):
        self.time = 0.0

    def __call__(self):
        return self.time


def refused(body):
    with pytest.raises(RefusedError) as caught:
        json_object(body)
    return caught.value.status


# --- Rates ------------------------------------------------------------------


def test_a_bucket_lets_its_burst_through_and_then_its_rate():
    clock = Hands()
    buckets = Buckets(2.0, 3, clock=clock)
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 0]
    assert buckets.take("a") == pytest.approx(0.5)
    clock.time += 0.5
    assert buckets.take("a") == 0
    assert buckets.take("a") > 0
    assert buckets.take("b") == 0


def test_asking_while_it_is_empty_does_not_make_it_emptier():
    clock = Hands()
    buckets = Buckets(1.0, 1, clock=clock)
    buckets.take("a")
    for _ in range(100):
        buckets.take("a")
    clock.time += 1
    assert buckets.take("a") == 0


def test_a_rate_of_nothing_is_no_limit():
    buckets = Buckets(0, 1)
    assert {buckets.take("a") for _ in range(100)} == {0.0}
    assert len(buckets) == 0


def test_buckets_have_an_end_and_the_oldest_go_first():
    buckets = Buckets(1.0, 1, most=10, clock=Hands())
    buckets.take("kept")
    for number in range(1000):
        buckets.take(str(number))
        buckets.take("kept")
    assert len(buckets) == 10
    assert buckets.take("kept") > 0


def test_a_clock_that_goes_back_takes_nothing_away():
    clock = Hands()
    buckets = Buckets(1.0, 2, clock=clock)
    buckets.take("a")
    clock.time -= 100
    assert buckets.take("a") == 0


def test_whoever_asks_too_often_hears_when_to_come_back():
    assert (too_often(0.2).status, too_often(0.2).retry_after_s, too_often(7.3).retry_after_s) == (429, 1, 8)


@pytest.mark.parametrize(
    ("client", "name"),
    [
        (("192.0.2.1", 5), "192.0.2.1"),
        (("2001:db8:1:2:3::4", 5), "2001:db8:1:2::/64"),
        (("::ffff:192.0.2.1", 5), "::ffff:192.0.2.1"),
        (("", 0), ""),
        ((), "unknown"),
        (None, "unknown"),
        ("text", "unknown"),
    ],
)
def test_failures_are_counted_by_where_they_come_from(client, name):
    assert address(client).replace("::ffff:c000:201", "::ffff:192.0.2.1") == name


# --- JSON -------------------------------------------------------------------


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=20), JSON, max_size=5), st.booleans())
def test_every_plain_object_is_read_as_it_was_written(value, ascii_only):
    assert json_object(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary(max_size=200))
def test_no_bytes_make_reading_fail_otherwise_than_by_refusing(body):
    try:
        found = json_object(body)
    except RefusedError:
        return
    assert isinstance(found, dict)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[]", 400),
        (b"null", 400),
        (b"{", 400),
        (b"{} {}", 400),
        (b'{"a": NaN}', 400),
        (b'{"a": Infinity}', 400),
        (b'{"a": "\xff"}', 400),
        ("{}".encode("utf-16"), 400),
        (b'{"a": 1e999}', 422),
        (b'{"a": -1e999}', 422),
        (b'{"a": 9223372036854775808}', 422),
        (b'{"a": ' + b"9" * 100_000 + b"}", 422),
        (b'{"a": -' + b"9" * 30 + b"}", 422),
        (b'{"a": "\\ud800"}', 422),
        (b'{"\\udc00": 1}', 422),
        (b'{"a": ["\\ud800"]}', 422),
        (b'{"' + b"k" * 300 + b'": 1}', 422),
        (b'{"a": "' + b"x" * 300_000 + b'"}', 422),
    ],
    ids=lambda value: str(value)[:30],
)
def test_odd_json_is_refused_and_says_so(body, status):
    assert refused(body) == status


def nested(depth, opening=b'{"a":', closing=b"}"):
    return opening * depth + b"1" + closing * depth


def test_json_is_as_deep_as_it_may_be_and_no_deeper():
    assert json_object(nested(DEPTH - 1))
    assert refused(nested(DEPTH + 1)) == 400
    assert refused(nested(100_000)) == 400
    assert refused(b'{"a":' + nested(100_000, b"[", b"]") + b"}") == 400
    assert refused(b'{"a":' + b"[" * 300_000) == 400


def test_the_largest_numbers_are_read():
    assert json_object(b'{"a": 9223372036854775807, "b": -9223372036854775807}')["a"] == 2**63 - 1


async def test_a_body_is_cut_off_where_it_is_too_long():
    async def endless():
        return {"type": "http.request", "body": b"x" * 1000, "more_body": True}

    receive = limited(endless, 2500)
    await receive()
    await receive()
    with pytest.raises(RefusedError) as refused:
        await receive()
    assert refused.value.status == 413


async def test_who_leaves_in_the_middle_of_a_body_has_not_broken_the_server():
    arriving = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])

    async def receive():
        return next(arriving)

    request = Request({"type": "http", "method": "POST", "path": "/join", "headers": []}, receive)
    with pytest.raises(RefusedError) as caught:
        await read(request, 1000)
    assert caught.value.status == 400
