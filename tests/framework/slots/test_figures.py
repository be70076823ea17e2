"""Digits, telephone numbers and postal codes: how they are corrected, checked and told apart from other numbers."""

import pytest

from framework.slots.base import Refused


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("eight hundred five five five", "800555"),
        ("eight hundred and five", "805"),
        ("eight hundred fifteen", "815"),
        ("twenty twenty", "2020"),
        ("two thousand", "2000"),
        ("one moment", None),
        ("one", "1"),
    ],
)
def test_digits_are_said_in_hundreds_and_pairs(hear, said, wanted):
    assert hear("digits", said) == wanted


def test_the_end_of_digits_can_be_corrected(hear):
    assert hear("digits", "one two three four, no, five six", length=4) == "1256"
    assert hear("digits", "one two three four, no, five six seven eight", length=4) == "5678"


def test_several_lengths_may_be_right(hear, listen):
    assert hear("digits", "378282246310005", length=[15, 16], check="luhn") == "378282246310005"
    assert "15 or 16" in listen("digits", "3782", length=[15, 16]).why


def test_digits_in_passing_must_be_named(hear):
    assert hear("digits", "my pin is 4711", asked=False, name="pin") == "4711"
    assert hear("digits", "I have 4711 problems", asked=False, name="pin", sole=True) is None


def test_what_is_no_card_is_refused_when_a_tool_sets_it_too(types, today):
    digits = types["digits"]
    card = digits.Options(length=16, check="luhn")
    assert digits.check("4111 1111 1111 1111", card, today) == "4111111111111111"
    for wrong in ("4111111111111112", "4111", 4111111111111111, ""):
        with pytest.raises(ValueError, match=r"digits|right"):
            digits.check(wrong, card, today)


def test_a_telephone_number_must_be_one_of_its_country(hear, listen, types, today):
    assert hear("phone", "020 7946 0958", region="GB") == "+442079460958"
    assert isinstance(listen("phone", "111 111 1111"), Refused)
    with pytest.raises(ValueError, match="telephone number"):
        types["phone"].check("12", types["phone"].Options(), today)


def test_a_telephone_number_in_passing_is_noticed_where_it_can_be_nothing_else(hear):
    said = "hi, you can call me at 415 555 2671 about the two boxes"
    assert hear("phone", said, asked=False, sole=True) == "+14155552671"
    assert hear("phone", said, asked=False) is None


def test_a_postal_code_has_the_form_of_its_country(hear, listen):
    assert hear("postal_code", "SW1A1AA", region="GB") == "SW1A 1AA"
    assert hear("postal_code", "one two three four A B", region="NL") == "1234 AB"
    assert hear("postal_code", "D02 AF30", region="IE") == "D02 AF30"
    assert hear("postal_code", "one one four five five", region="SE") == "114 55"
    assert isinstance(listen("postal_code", "1234", "de"), Refused)
    assert isinstance(listen("postal_code", "99999", "es"), Refused)
    assert hear("postal_code", "my postcode is 10115", "de", asked=False, name="postcode") == "10115"


def test_a_country_is_two_capitals(types):
    for name in ("phone", "postal_code"):
        with pytest.raises(ValueError, match="no country"):
            types[name].Options(region="germany")
