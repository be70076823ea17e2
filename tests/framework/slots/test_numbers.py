"""Numbers in figures and words, in three languages, typed and recognised."""

from __future__ import annotations

import pytest

from framework.slots.number import NumberOptions
from framework.slots.numbers import numbers_in

ENGLISH = {
    "2": 2, "Two.": 2, "two, please": 2, "I'd like three": 3, "twenty one": 21, "Twenty-one.": 21, "a dozen": 12,
    "half a dozen": 6, "two dozen": 24, "a couple": 2, "three and a half": 3.5, "half": 0.5, "a quarter": 0.25,
    "two and three quarters": 2.75, "minus two": -2, "-2": -2, "negative ten": -10, "one hundred and five": 105,
    "a hundred": 100, "one hundred five": 105, "two thousand and twenty six": 2026, "twenty twenty six": 2026,
    "nineteen eighty five": 1985, "nineteen oh five": 1905, "eighteen hundred": 1800, "1,234": 1234, "1985": 1985,
    "one million two hundred thousand and five": 1200005, "2.5": 2.5, "two point five": 2.5, "one point oh five": 1.05,
    "five five five one two three four": 5551234, "5 5 5 1 2 3 4": 5551234, "555-1234": 5551234,
    "double five one two": 5512, "zero": 0, "none": 0, "For.": 4, "To.": 2, "just one": 1, "One.": 1, "one please": 1,
    "three, no, four": 4, "two, sorry, five": 5, "I'm thirty years old": 30, "um, make it six": 6, "2 million": 2000000,
    "what about seven": 7, "seventy-seven": 77, "three people": 3, "fourty": 40,
}  # fmt: skip
SPANISH = {
    "dos": 2, "veintiuno": 21, "treinta y cinco": 35, "tres y medio": 3.5, "media docena": 6, "una docena": 12,
    "mil novecientos ochenta y cinco": 1985, "menos dos": -2, "dos coma cinco": 2.5, "2,5": 2.5, "ciento cinco": 105,
    "quinientos doce": 512, "dos mil veintiséis": 2026, "Una.": 1, "una pizza": 1, "quisiera tres, por favor": 3,
    "1.234": 1234, "dieciséis": 16, "un millón": 1000000, "cinco cinco uno dos": 5512, "dos, perdón, tres": 3,
}  # fmt: skip
GERMAN = {
    "zwei": 2, "einundzwanzig": 21, "dreieinhalb": 3.5, "ein Dutzend": 12, "ein halbes Dutzend": 6, "anderthalb": 1.5,
    "neunzehnhundertfünfundachtzig": 1985, "minus zwei": -2, "zwei Komma fünf": 2.5, "2,5": 2.5, "hundertfünf": 105,
    "zweitausendsechsundzwanzig": 2026, "eins": 1, "ich nehme drei, bitte": 3, "1.234": 1234, "dreißig": 30,
    "zwo": 2, "fuenf": 5, "fünf fünf eins zwei": 5512, "zwei, nein, drei": 3, "siebenundsiebzig": 77,
}  # fmt: skip


@pytest.mark.parametrize(("said", "value"), ENGLISH.items())
def test_english_numbers(hear, said, value):
    assert hear("number", said) == value


@pytest.mark.parametrize(("said", "value"), SPANISH.items())
def test_spanish_numbers(hear, said, value):
    assert hear("number", said, "es") == value


@pytest.mark.parametrize(("said", "value"), GERMAN.items())
def test_german_numbers(hear, said, value):
    assert hear("number", said, "de") == value


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "the big one"), ("en", "one moment"), ("en", "no one"), ("en", "three or four"), ("en", "I went for a walk"),
        ("en", "what time is it in two hours"), ("en", "how many do you have, two?"), ("en", "just a second"),
        ("en", "the weather is nice"), ("en", "this one is for you, too"), ("es", "un momento"), ("es", "tengo una pregunta"),
        ("es", "hace buen tiempo"), ("es", "¿cuánto cuestan dos?"), ("de", "einen Moment"), ("de", "das ist eine gute Frage"),
        ("de", "schönes Wetter heute"), ("de", "wie viele sind zwei?"),
    ],
)  # fmt: skip
def test_what_is_no_number_is_not_heard(hear, language, said):
    assert hear("number", said, language) is None


def test_a_number_out_of_range_is_refused_with_the_limit(hear):
    assert hear("integer", "twelve", max=10) == "It can be at most 10."
    assert hear("integer", "cero", "es", min=1) == "Tiene que ser 1 como mínimo."
    assert hear("number", "eins", "de", min=2.5) == "Es müssen mindestens 2,5 sein."


def test_half_a_thing_is_no_integer(hear):
    assert hear("integer", "two and a half") == "It has to be a whole number."
    assert hear("integer", "three point zero") == 3


def test_the_place_of_a_number_is_told(listen):
    said = "I'd like two and a half, please"
    heard = listen("number", said)
    assert said[heard.start : heard.end] == "two and a half"
    assert (listen("number", "it is -2").start, listen("number", "it is -2").end) == (6, 8)


def test_a_number_in_passing_needs_the_name_of_its_slot(listen):
    assert listen("integer", "I have two cats", asked=False, name="guests") is None
    heard = listen("integer", "my name is Ada and guests: four", asked=False, name="guests")
    assert (heard.value, heard.named) == (4, True)
    assert listen("integer", "the party size is six", asked=False, name="party_size").value == 6


def test_in_passing_the_only_open_number_takes_the_one_number_there_is(hear):
    def passing(said, **options):
        return hear("integer", said, asked=False, name="quantity", sole=True, **options)

    assert passing("two large margheritas") == 2
    assert passing("two large margheritas and three small ones") is None
    assert passing("a large margherita on the third of March 1985") is None
    assert passing("one moment, please") is None
    assert passing("what time is it in two hours") is None
    assert passing("two hundred people are waiting", max=20) is None


def test_several_numbers_in_one_text_are_read_in_order():
    assert [n.value for n in numbers_in("two large and one small, or 3 medium", "en")] == [2, 1, 3]


@pytest.mark.parametrize(("value", "canonical"), [(3, 3), (3.0, 3), ("7", 7), ("-2.5", -2.5), (2.5, 2.5)])
def test_a_number_that_was_set_gets_its_canonical_form(types, today, value, canonical):
    checked = types["number"].check(value, NumberOptions(), today)
    assert checked == canonical
    assert type(checked) is type(canonical)


@pytest.mark.parametrize("value", ["three", True, None, [], float("nan"), float("inf"), "", "1e999"])
def test_what_is_no_number_is_not_set(types, today, value):
    with pytest.raises(ValueError, match="number is needed"):
        types["number"].check(value, NumberOptions(), today)


def test_limits_hold_for_what_is_set_too(types, today):
    with pytest.raises(ValueError, match="at most 10"):
        types["integer"].check(11, NumberOptions(max=10), today)
    with pytest.raises(ValueError, match="whole number"):
        types["integer"].check(2.5, NumberOptions(), today)
    with pytest.raises(ValueError, match="above"):
        NumberOptions(min=3, max=2)
