"""Addresses of electronic mail: what belongs to one, and what only sounds like it."""

import pytest


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("I'm at work", None),
        ("meet me at the station", None),
        ("ada@example.com please", "ada@example.com"),
        ("ADA@EXAMPLE.COM", "ada@example.com"),
        ("well I think the best one would be ada at example dot com", "ada@example.com"),
    ],
)
def test_only_addresses_are_heard(hear, said, wanted):
    got = hear("email", said)
    assert got == wanted or (wanted is None and "@" not in got)


def test_in_passing_an_address_counts_where_nothing_else_takes_one(hear):
    said = "send it to ada@example.com please"
    assert hear("email", said, asked=False, sole=True) == "ada@example.com"
    assert hear("email", said, asked=False) is None


def test_what_could_be_misheard_is_spelled_in_a_read_back(types):
    email = types["email"]
    assert email.spoken("ada@example.com", email.Options(), "en") == "ada at example dot com"
    assert email.spoken("two@example.com", email.Options(), "en") == "t w o at example dot com"


@pytest.mark.parametrize("wrong", ["ada", "ada@", "@example.com", "ada@example", "a b@example.com", 7])
def test_what_is_no_address_is_refused_when_a_tool_sets_it(types, today, wrong):
    with pytest.raises(ValueError, match="email address"):
        types["email"].check(wrong, types["email"].Options(), today)
