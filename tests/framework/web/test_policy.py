"""Routes and the scopes they want: what is not listed is closed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.errors import DuplicateNameError, UserError
from framework.web.policy import POLICY, PUBLIC, Policy, Rule, is_sound


def test_what_is_public_is_what_the_table_of_doors_says():
    public = {(rule.method, rule.path) for rule in POLICY if rule.public}
    assert public == {
        ("GET", "/health"),
        ("GET", "/ready"),
        ("POST", "/daily/webhook"),
        ("POST", "/livekit/webhook"),
        ("POST", "/login"),
    }


@pytest.mark.parametrize(
    ("method", "path", "scopes"),
    [
        ("POST", "/join", ("join",)),
        ("POST", "/admin", ("admin",)),
        ("GET", "/admin/abc", ("admin",)),
        ("GET", "/events", ("read",)),
        ("HEAD", "/events", ("read",)),
        ("WS", "/ws/events", ("read",)),
        ("POST", "/sessions/abc/leave", ("join", "admin")),
        ("POST", "/sessions/abc/orders", ("admin",)),
        ("POST", "/sessions/abc/api/offer", ("join",)),
        ("WS", "/sessions/abc/ws-client", ("join",)),
    ],
)
def test_each_route_wants_its_scope(method, path, scopes):
    assert Policy(POLICY).find(method, path).scopes == scopes


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/join"),
        ("POST", "/nothing"),
        ("GET", "/joins"),
        ("GET", "/join/"),
        ("POST", "/admin/abc"),
        ("GET", "/admin/abc/def"),
        ("GET", "/ws/events"),
        ("WS", "/events"),
        ("OPTIONS", "/join"),
        ("TRACE", "/sessions/a/b"),
        ("get", "/events"),
        ("GET", "/EVENTS"),
        ("GET", "/sessions/"),
    ],
)
def test_what_is_not_listed_has_no_rule(method, path):
    assert Policy(POLICY).find(method, path) is None


def test_a_plugins_route_below_a_session_has_its_own_rule_whenever_it_comes():
    policy = Policy(POLICY)
    policy.add(Rule("GET", "/sessions/{session_id}/transcript", "read"))
    assert policy.find("GET", "/sessions/abc/transcript").scopes == ("read",)
    assert policy.find("GET", "/sessions/abc/other").scopes == ("join",)


def test_a_route_is_not_opened_twice():
    with pytest.raises(DuplicateNameError):
        Policy(POLICY).add(Rule("GET", "/events", PUBLIC))


@pytest.mark.parametrize("needs", ["everyone", (), ("join", "everyone"), ""])
def test_a_rule_with_a_scope_that_there_is_not_is_refused(needs):
    with pytest.raises(UserError):
        Rule("GET", "/x", needs)


def test_the_methods_of_a_path_are_told():
    policy = Policy(POLICY)
    assert policy.methods("/join") == ["POST"]
    assert policy.methods("/ws/events") == []
    assert policy.methods("/nothing") == []


@given(st.text(max_size=60))
def test_a_sound_path_has_nothing_in_it_that_another_reader_would_read_otherwise(path):
    if is_sound("/" + path):
        assert "\\" not in path
        assert "%" not in path
        assert ".." not in path.split("/")
        assert "//" not in "/" + path
        assert path.isprintable()


@pytest.mark.parametrize(
    "path", ["", "x", "/..", "/a/..", "/a/./b", "/a//b", "//", "/a\\..\\b", "/a\0", "/a\r\nb", "/%2e%2e", "/a;b"]
)
def test_an_unsound_path_is_told(path):
    assert not is_sound(path)
