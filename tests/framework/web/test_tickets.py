"""Tickets and cookies: signed, for a while, for one thing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.errors import UserError
from framework.web.credentials import Credential
from framework.web.ports import RefusedError
from framework.web.tickets import COOKIE, Tickets

ANN = Credential(key_id="0123456789ab", name="ann", tenant="acme", scopes=frozenset({"join", "read"}))
SECRET = b"k" * 32


class Hands:
    def __init__(self):
        self.time = 1000.0

    def __call__(self):
        return self.time


@pytest.fixture
def clock():
    return Hands()


@pytest.fixture
def tickets(clock):
    return Tickets(SECRET, clock)


def cookie_of(tickets, credential=ANN):
    return tickets.cookie(credential, secure=True).split(";")[0].removeprefix(f"{COOKIE}=")


def test_a_ticket_is_good_for_its_path_and_what_is_below(tickets):
    ticket = tickets.issue(ANN, "/sessions/abc")
    for path in ("/sessions/abc", "/sessions/abc/ws-client"):
        assert tickets.redeem(ticket, path).credential.tenant == "acme"
    for path in ("/sessions/abcd", "/sessions", "/", "/ws/events", "/sessions/ABC"):
        assert tickets.redeem(ticket, path) is None


def test_a_ticket_is_good_for_a_minute(tickets, clock):
    ticket = tickets.issue(ANN, "/ws/events")
    clock.time += 59.9
    assert tickets.redeem(ticket, "/ws/events")
    clock.time += 0.2
    assert tickets.redeem(ticket, "/ws/events") is None


def test_a_cookie_is_good_for_twelve_hours(tickets, clock):
    value = cookie_of(tickets)
    clock.time += 12 * 3600 - 1
    assert tickets.of_cookie(value).credential.name == "ann"
    clock.time += 2
    assert tickets.of_cookie(value) is None


def test_neither_outlives_what_it_was_got_by(tickets, clock):
    brief = Credential(key_id="a", name="a", tenant="acme", expires_at=1010.0)
    ticket, cookie = tickets.issue(brief, "/a"), cookie_of(tickets, brief)
    clock.time += 11
    assert tickets.redeem(ticket, "/a") is None
    assert tickets.of_cookie(cookie) is None


def test_a_ticket_is_no_cookie_and_a_cookie_no_ticket(tickets):
    assert tickets.of_cookie(tickets.issue(ANN, "/")) is None
    assert tickets.redeem(cookie_of(tickets), "/") is None


def test_whoever_has_the_secret_reads_it_and_nobody_else(tickets, clock):
    ticket = tickets.issue(ANN, "/a")
    assert Tickets(SECRET, clock).redeem(ticket, "/a")
    assert Tickets(b"l" * 32, clock).redeem(ticket, "/a") is None
    assert Tickets(clock=clock).redeem(ticket, "/a") is None


def test_the_cookie_is_for_the_browser_alone_and_for_our_pages(tickets):
    header = tickets.cookie(ANN, secure=True)
    assert "; HttpOnly; SameSite=Strict; Secure" in header
    assert "Secure" not in tickets.cookie(ANN, secure=False)
    assert "Max-Age=0" in tickets.no_cookie(secure=False)


@pytest.mark.parametrize("path", ["", "events", "//a", "/a/../b", "/a\nb", "/" + "a" * 600])
def test_a_ticket_for_an_odd_path_is_not_made(tickets, path):
    with pytest.raises(RefusedError):
        tickets.issue(ANN, path)


def test_the_longest_names_fit(tickets):
    long = Credential(key_id="a" * 32, name="😀" * 100, tenant="a" * 64, scopes=ANN.scopes)
    path = "/" + "a" * 500
    assert tickets.redeem(tickets.issue(long, path), path).credential.name == long.name


@given(st.data())
def test_a_ticket_that_was_changed_anywhere_is_refused(data):
    tickets = Tickets(SECRET, lambda: 1000.0)
    good = tickets.issue(ANN, "/a")
    place = data.draw(st.integers(0, len(good) - 1))
    letter = data.draw(st.characters())
    changed = good[:place] + letter + good[place + 1 :]
    assert changed == good or tickets.redeem(changed, "/a") is None


@given(st.text(max_size=200))
def test_no_text_makes_reading_a_ticket_fail(text):
    tickets = Tickets(SECRET)
    assert tickets.redeem(text, "/") is None
    assert tickets.of_cookie(text) is None


def test_a_weak_secret_stops_the_start_and_is_in_no_representation():
    with pytest.raises(UserError, match="32 bytes"):
        Tickets.read({"CONVO_SECRET": "short"})
    assert "kkkk" not in repr(Tickets.read({"CONVO_SECRET": "k" * 32}))
    assert Tickets.read({}).secret != Tickets.read({}).secret
