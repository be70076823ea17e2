"""Any words, as they were said."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from framework.slots.text import TextOptions


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("It hurts when I run.", "It hurts when I run"), ("  leave it at the door ", "leave it at the door"), ("why?", "why?"),
        ("A D A", "ADA"), ("wait...", "wait..."), ("¡hola!", "¡hola!"), ("42", "42"),
    ],
)  # fmt: skip
def test_all_that_was_said_is_the_value(hear, said, value):
    assert hear("text", said) == value


@pytest.mark.parametrize("said", ["", "   ", "."])
def test_silence_is_no_text(hear, said):
    assert hear("text", said) is None


def test_a_text_must_fit_its_options(hear):
    assert hear("text", "ab", min_length=3) == "That is too short."
    assert hear("text", "abcdef", "es", max_length=3) == "Es demasiado largo."
    assert hear("text", "abc", "de", pattern="[0-9]+") == "Das hat nicht die richtige Form."
    assert hear("text", "123", pattern="[0-9]+") == "123"


def test_in_passing_a_text_needs_the_name_of_its_slot(listen):
    assert listen("text", "leave it at the door", asked=False, name="note") is None
    said = "and the note is leave it at the door"
    heard = listen("text", said, asked=False, name="note")
    assert (heard.value, said[heard.start : heard.end]) == ("leave it at the door", "leave it at the door")


def test_a_pattern_that_is_none_is_refused():
    with pytest.raises(ValidationError, match="not a regular expression"):
        TextOptions(pattern="[")


@pytest.mark.parametrize("pattern", ["(a+)+", "(a|b*)*", "([a-z]+){2,}"])
def test_a_pattern_that_could_take_forever_is_refused(pattern):
    with pytest.raises(ValidationError, match="take forever"):
        TextOptions(pattern=pattern)
    assert TextOptions(pattern="[A-Z]{2}-(\\d+)(/x)?").pattern


def test_only_texts_that_fit_are_set(types, today):
    assert types["text"].check("abc", TextOptions(), today) == "abc"
    for wrong in (3, None, ["a"], ""):
        with pytest.raises(ValueError, match=r"text is needed|too short"):
            types["text"].check(wrong, TextOptions(), today)
