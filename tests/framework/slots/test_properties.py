"""What holds for every value and every text: the spoken form is heard again, nothing crashes, places are right."""

from __future__ import annotations

import json
from datetime import date, datetime

import jsonschema
import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.slots import BUILT_IN, postal, postcodes
from framework.slots.base import Found, Hearing
from framework.slots.numbers import whole
from framework.slots.phone import canonical
from framework.slots.phrases import correction, declines, yes_no
from framework.slots.reading import error_rate, words
from framework.slots.spans import Span

TODAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 10)  # noqa: DTZ001 - the clock on the wall
FIRST, LAST = datetime(1000, 1, 1), datetime(9999, 12, 31)  # noqa: DTZ001
LANGUAGES = ("en", "es", "de")
TYPES = {slot_type.name: slot_type for slot_type in BUILT_IN}
LABELS = {"values": ["small", "medium", "extra_large", "four_cheese", "rojo", "grün"]}
NEEDED = {
    "enum": LABELS,
    "list": {"of": {"type": "enum", **LABELS}},
    "object": {"fields": {"size": {"type": "enum", **LABELS}, "on": "date", "count": "integer"}},
}
"""Options that a type cannot do without."""
NAMES = ("Ada", "Lovelace", "Zoë", "O'Brien", "Müller", "Jean-Luc", "Núñez", "McDonald", "Wei", "Li")

WORDS = (
    "my",
    "sink",
    "leaks",
    "el",
    "grifo",
    "gotea",
    "der",
    "Hahn",
    "tropft",
    "4711",
    "St.",
    "blue",
    "Mary's",
    "nein",
)
LOCALS = (
    "ada",
    "um",
    "at",
    "dot",
    "two",
    "ein",
    "una",
    "oh",
    "be",
    "you",
    "de",
    "punkt",
    "all",
    "minus",
    "no",
    "email",
    "double",
    "is",
)

PHRASES = st.sampled_from(
    ["no", "yes", "the", "twenty", "one", "of", "March", "I", "meant", "A", "D", "half", "and", "a", "dozen", "next", "-", ",", ".",
     "week", "at", "dot", "half past", "o'clock", "dollars", "hours", "@", "plus", "double", "+49", "12:30", "Uhr", "$", "arroba", "2", "1985", "3rd", "point", "hundred", "mil", "y", "ein", "und", "minus", "large", "my name is", "ß", "İ", "º", "ﬁ", "'"]
)  # fmt: skip
TEXTS = st.text(max_size=40) | st.lists(PHRASES, max_size=8).map(" ".join)


def hearing(language, *, asked=True, sole=False):
    return Hearing(language, TODAY, asked=asked, name="size", sole=sole, now=NOW)


def options(name, **more):
    return TYPES[name].Options.model_validate(NEEDED.get(name, {}) | more)


def heard_again(name, value, language, **more):
    slot_type, chosen = TYPES[name], options(name, **more)
    said = slot_type.spoken(value, chosen, language)
    heard = slot_type.hear(said, chosen, hearing(language))
    assert isinstance(heard, Found), said
    assert heard.value == value, said
    return heard.value


@pytest.mark.parametrize("language", LANGUAGES)
@given(value=st.integers(-(10**12), 10**12))
def test_a_spoken_integer_is_heard_again(language, value):
    assert heard_again("integer", value, language) == value


@pytest.mark.parametrize("language", LANGUAGES)
@given(value=st.decimals(-(10**6), 10**6, places=3).map(float))
def test_a_spoken_number_is_heard_again(language, value):
    assert heard_again("number", value, language) == value


@pytest.mark.parametrize("language", LANGUAGES)
@given(value=st.dates(date(1000, 1, 1), date(9999, 12, 31)))
def test_a_spoken_day_is_heard_again(language, value):
    assert heard_again("date", value.isoformat(), language) == value.isoformat()


@pytest.mark.parametrize("language", LANGUAGES)
@given(value=st.booleans())
def test_a_spoken_yes_or_no_is_heard_again(language, value):
    assert heard_again("boolean", value, language) is value


@pytest.mark.parametrize("language", LANGUAGES)
@given(value=st.sampled_from(LABELS["values"]))
def test_a_spoken_value_is_heard_again(language, value):
    assert heard_again("enum", value, language) == value


@pytest.mark.parametrize("language", LANGUAGES)
@given(value=st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(" ".join))
def test_a_spoken_name_is_heard_again(language, value):
    assert heard_again("person_name", value, language) == value


@pytest.mark.parametrize("language", LANGUAGES)
@given(value=st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join))
def test_a_spoken_text_is_heard_again(language, value):
    assert heard_again("text", value, language) == value


@pytest.mark.parametrize("language", LANGUAGES)
@given(value=st.times())
def test_a_spoken_time_is_heard_again(language, value):
    canonical = value.isoformat("minutes")
    assert heard_again("time", canonical, language) == canonical


@pytest.mark.parametrize("language", LANGUAGES)
@given(value=st.times(), first=st.times(), last=st.times())
def test_a_spoken_time_is_heard_again_within_any_limits(language, value, first, last):
    first, value, last = (each.isoformat("minutes") for each in sorted((first, value, last)))
    assert heard_again("time", value, language, min=first, max=last) == value


@pytest.mark.parametrize("language", LANGUAGES)
@given(value=st.datetimes(FIRST, LAST))
def test_a_spoken_moment_is_heard_again(language, value):
    canonical = value.isoformat(timespec="minutes")
    assert heard_again("datetime", canonical, language) == canonical


@pytest.mark.parametrize("language", LANGUAGES)
@given(months=st.integers(0, 60), days=st.integers(0, 60), rest=st.integers(0, 200_000))
def test_a_spoken_length_is_heard_again(language, months, days, rest):
    value = Span(months, days, rest).iso()
    assert heard_again("duration", value, language) == value


@pytest.mark.parametrize("language", LANGUAGES)
@given(
    cents=st.integers(0, 10**9),
    code=st.sampled_from(["USD", "EUR", "GBP", "CHF", "MXN", "JPY", "SEK", "PLN", "BRL", "INR"]),
)
def test_a_spoken_amount_is_heard_again(language, cents, code):
    amount = whole(cents / 100) if code != "JPY" else cents
    value = {"amount": amount, "currency": code}
    assert heard_again("money", value, language) == value


@pytest.mark.parametrize("language", LANGUAGES)
@given(value=st.text("0123456789", min_size=1, max_size=24))
def test_spoken_digits_are_heard_again(language, value):
    assert heard_again("digits", value, language) == value


def numbers_of(region):
    """Telephone numbers of a country: one that its plan has, with other digits at the end where it has those, too."""
    sample = str(phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE).national_number)
    tails = st.text("0123456789", min_size=3, max_size=3).map(lambda tail: canonical(sample[:-3] + tail, region))
    return tails.filter(lambda number: number is not None)


@pytest.mark.parametrize("language", LANGUAGES)
@given(data=st.data(), region=st.sampled_from(["US", "DE", "ES", "GB", "MX", "FR", "AT", "CH", "IT", "BR", "IN"]))
def test_a_spoken_telephone_number_is_heard_again(language, data, region):
    value = data.draw(numbers_of(region))
    assert heard_again("phone", value, language) == value
    assert heard_again("phone", value, language, region=region) == value


@pytest.mark.parametrize("language", LANGUAGES)
@given(data=st.data(), region=st.sampled_from(["US", "DE", "ES", "GB", "CA", "NL", "MX", "AT", "PT", "JP", "IE", "SE"]))
def test_a_spoken_postal_code_is_heard_again(language, region, data):
    form = data.draw(st.sampled_from(sorted(postcodes.forms(region).values())))
    code = "".join(
        data.draw(st.sampled_from("0123456789"))
        if mark == "9"
        else data.draw(st.sampled_from("ABCEHJKLMNPRSTVWXY"))
        if mark == "A"
        else mark
        for mark in form
    )
    value = postal.canonical(code, region)
    if value is not None:
        assert heard_again("postal_code", value, language, region=region) == value


@pytest.mark.parametrize("language", LANGUAGES)
@given(
    local=st.lists(
        st.text("abcxyz0123456789", min_size=1, max_size=8) | st.sampled_from(LOCALS), min_size=1, max_size=3
    ),
    sign=st.sampled_from([".", "_", "-", "+"]),
    domain=st.lists(
        st.sampled_from(["example", "mail", "my-company", "gmx", "t-online", "3m", "web"]), min_size=1, max_size=2
    ),
    top=st.sampled_from(["com", "de", "es", "org", "io", "museum"]),
)
def test_a_spoken_address_is_heard_again(language, local, sign, domain, top):
    value = f"{sign.join(local)}@{'.'.join(domain)}.{top}"
    assert heard_again("email", value, language) == value


@pytest.mark.parametrize("language", LANGUAGES)
@given(value=st.lists(st.sampled_from(LABELS["values"]), min_size=1, max_size=8))
def test_a_spoken_order_is_heard_again(language, value):
    assert heard_again("list", value, language) == value


@pytest.mark.parametrize("language", LANGUAGES)
@given(value=st.lists(st.dates(date(1900, 1, 1), date(2100, 1, 1)).map(date.isoformat), min_size=1, max_size=4))
def test_spoken_days_are_heard_again(language, value):
    assert heard_again("list", value, language, of="date") == value


@given(size=st.sampled_from(LABELS["values"]), on=st.dates().map(date.isoformat), count=st.integers() | st.none())
def test_an_object_is_checked_field_by_field_and_spoken_in_every_language(size, on, count):
    value = {"size": size, "on": on, "count": count}
    assert TYPES["object"].check(value, options("object"), TODAY) == value
    for language in LANGUAGES:
        assert TYPES["object"].spoken(value, options("object"), language)


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("language", LANGUAGES)
@given(pressed=st.text("0123456789*#", max_size=18))
def test_nothing_crashes_the_keys_and_what_they_say_is_a_value(name, language, pressed):
    heard = TYPES[name].keys(pressed, options(name), hearing(language))
    if isinstance(heard, Found):
        assert (heard.start, heard.end) == (0, len(pressed))
        assert TYPES[name].check(heard.value, options(name), TODAY) == heard.value
        jsonschema.validate(heard.value, TYPES[name].schema(options(name)))


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("language", LANGUAGES)
@given(text=TEXTS, asked=st.booleans(), sole=st.booleans())
def test_nothing_crashes_a_type_and_what_is_found_is_json_with_its_place(name, language, *, text, asked, sole):
    heard = TYPES[name].hear(text, options(name), hearing(language, asked=asked, sole=sole))
    if not isinstance(heard, Found):
        return
    assert 0 <= heard.start < heard.end <= len(text)
    assert json.loads(json.dumps(heard.value)) == heard.value
    assert TYPES[name].check(heard.value, options(name), TODAY) == heard.value
    assert heard.named or asked
    jsonschema.validate(heard.value, TYPES[name].schema(options(name)))
    for each in LANGUAGES:
        assert TYPES[name].spoken(heard.value, options(name), each)
        assert TYPES[name].masked(heard.value, options(name), each)


@given(text=TEXTS, other=TEXTS, language=st.sampled_from(LANGUAGES))
def test_nothing_crashes_the_phrases(text, other, language):
    assert yes_no(text, language) in {True, False, None}
    assert declines(text, language) in {True, False}
    rest = correction(text, language)
    assert rest is None or (rest and rest in text)
    assert error_rate(text, text, language) == 0
    assert error_rate(text, other, language) >= 0
    assert isinstance(words(text, language), tuple)
