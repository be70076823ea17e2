"""Amounts: whose currency is meant, what is not taken, what is said in passing."""

import pytest

from framework.slots.base import Refused


@pytest.mark.parametrize(
    ("said", "language", "options", "wanted"),
    [
        ("twelve fifty", "en", {}, (12.5, "USD")),
        ("twelve fifty", "en-GB", {}, (12.5, "GBP")),
        ("doscientos", "es-MX", {}, (200, "MXN")),
        ("fünfzig", "de-CH", {}, (50, "CHF")),
        ("twelve fifty", "en", {"currency": "EUR"}, (12.5, "EUR")),
        ("fifty cents", "en", {"currency": "EUR"}, (0.5, "EUR")),
        ("$20", "es-MX", {}, (20, "MXN")),
        ("twelve point five yen", "en", {}, (12, "JPY")),
    ],
)
def test_the_currency_is_the_slots_else_the_one_that_is_said_else_that_of_the_place(
    hear, said, language, options, wanted
):
    assert hear("money", said, language, **options) == {"amount": wanted[0], "currency": wanted[1]}


def test_another_currency_than_the_slots_is_refused(listen):
    refused = listen("money", "twenty dollars", currency="EUR")
    assert isinstance(refused, Refused)
    assert "euros" in refused.why


def test_amounts_out_of_bounds_are_refused_with_the_limit(listen):
    assert "10 dollars" in listen("money", "five dollars", min=10).why
    assert "100 euros" in listen("money", "doscientos euros", "es", max=100).why


def test_in_passing_a_number_is_no_money_but_dollars_are(hear):
    assert hear("money", "I want to send fifty to my brother", asked=False, sole=True) is None
    assert hear("money", "I want to send fifty dollars to my brother", asked=False, sole=True)["amount"] == 50
    assert hear("money", "the amount is fifty", asked=False, name="amount")["amount"] == 50


def test_a_flow_may_set_a_bare_number_where_the_currency_is_known(types, today):
    money = types["money"]
    assert money.check(12, money.Options(currency="EUR"), today) == {"amount": 12, "currency": "EUR"}
    for wrong in (
        12,
        {"amount": "12", "currency": "EUR"},
        {"amount": 12},
        {"amount": True, "currency": "EUR"},
        {"amount": 1, "currency": "XYZ"},
    ):
        with pytest.raises(ValueError, match=r"needed|number|currency"):
            money.check(wrong, money.Options(), today)


def test_a_currency_that_does_not_exist_is_refused_in_the_flow(types):
    with pytest.raises(ValueError, match="no currency"):
        types["money"].Options(currency="euro")


def test_amounts_are_spoken_so_that_the_currency_is_clear(types):
    money, options = types["money"], types["money"].Options()
    assert money.spoken({"amount": 0.5, "currency": "USD"}, options, "en") == "50 cents"
    assert money.spoken({"amount": 0.5, "currency": "EUR"}, options, "en") == "0.5 euros"
    assert money.spoken({"amount": 20, "currency": "SEK"}, options, "de") == "20 Schwedische Kronen"
