"""What holds for every value and every text: the spoken form is heard again, nothing crashes, places are right."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.slots import BUILT_IN
from framework.slots.base import Found, Hearing
from framework.slots.phrases import correction, declines, yes_no
from framework.slots.reading import error_rate, words

TODAY = date(2026, 11, 21)
LANGUAGES = ("en", "es", "de")
TYPES = {slot_type.name: slot_type for slot_type in BUILT_IN}
LABELS = {"values": ["small", "medium", "extra_large", "four_cheese", "rojo", "grün"]}
NAMES = ("Ada", "Lovelace", "Zoë", "O'Brien", "Müller", "Jean-Luc", "Núñez", "McDonald", "Wei", "Li")

PHRASES = st.sampled_from(
    ["no", "yes", "the", "twenty", "one", "of", "March", "I", "meant", "A", "D", "half", "and", "a", "dozen", "next", "-", ",", ".",
     "week", "2", "1985", "3rd", "point", "hundred", "mil", "y", "ein", "und", "minus", "large", "my name is", "ß", "İ", "º", "ﬁ", "'"]
)  # fmt: skip
TEXTS = st.text(max_size=40) | st.lists(PHRASES, max_size=8).map(" ".join)


def hearing(language, *, asked=True, sole=False):
    return Hearing(language, TODAY, asked=asked, name="size", sole=sole)


def options(name):
    return TYPES[name].Options.model_validate(LABELS if name == "enum" else {})


def heard_again(name, value, language):
    slot_type = TYPES[name]
    heard = slot_type.hear(slot_type.spoken(value, options(name), language), options(name), hearing(language))
    assert isinstance(heard, Found), slot_type.spoken(value, options(name), language)
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


@given(text=TEXTS, other=TEXTS, language=st.sampled_from(LANGUAGES))
def test_nothing_crashes_the_phrases(text, other, language):
    assert yes_no(text, language) in {True, False, None}
    assert declines(text, language) in {True, False}
    rest = correction(text, language)
    assert rest is None or (rest and rest in text)
    assert error_rate(text, text, language) == 0
    assert error_rate(text, other, language) >= 0
    assert isinstance(words(text, language), tuple)
