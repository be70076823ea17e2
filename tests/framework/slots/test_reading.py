"""Transcripts are compared by what was said, not by how it was written."""

from __future__ import annotations

import pytest

from framework.slots.reading import error_rate, spoken_form


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("I'd like twenty one, please.", "id like 21 please"), ("Yes.", "yes"), ("The third of March, 1985", "March 3rd nineteen eighty five"),
        ("five five five one two three four", "555-1234"), ("one moment", "1 moment"), ("the 2nd one", "the second one"),
        ("It's 2.5.", "it's two point five"), ("we have a dozen", "We have 12"),
    ],
)  # fmt: skip
def test_two_spellings_are_the_same(said, heard):
    assert spoken_form(said) == spoken_form(heard)
    assert error_rate(said, heard) == 0


def test_wrong_words_are_counted():
    assert error_rate("one two pizzas please", "two pizzas") > 0
    assert error_rate("I have two pizzas", "I had two pizzas today") == 0.5
    assert error_rate("", "") == 0
    assert error_rate("", "hello") == 1


def test_other_languages_have_their_own_numbers():
    assert error_rate("Son veintiuno.", "son 21", "es") == 0
    assert error_rate("Das sind einundzwanzig.", "das sind 21", "de") == 0
