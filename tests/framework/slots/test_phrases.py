"""Refusals, corrections, and the framework's own sentences."""

from __future__ import annotations

import pytest

from framework.slots import phrases
from framework.slots.languages import LANGUAGES

KEYS = ("readback", "implicit", "apology", "not_understood", "closing", "ask_again", "limit")


@pytest.mark.parametrize(
    ("language", "said", "rest"),
    [
        ("en", "No, I meant Thursday.", "Thursday."), ("en", "actually Thursday", "Thursday"), ("en", "no, Thursday", "Thursday"),
        ("en", "sorry, I mean Ada", "Ada"), ("en", "make it large", "large"), ("en", "No, it's Ada.", "it's Ada."),
        ("en", "wait, the large one", "the large one"), ("en", "change it to small", "small"), ("en", "no the third", "the third"),
        ("en", "I said fifteen", "fifteen"), ("en", "no", None), ("en", "no thank you", None), ("en", "not really", None),
        ("en", "no that's wrong", None), ("en", "yes, that's right", None), ("en", "actually no", None), ("en", "two pizzas", None),
        ("en", "I actually have a question", None), ("en", "the weather is nice", None), ("en", "", None), ("en", "sorry", None),
        ("es", "no, quise decir el jueves", "el jueves"), ("es", "perdón, tres", "tres"), ("es", "no, gracias", None),
        ("es", "mejor grande", "grande"), ("es", "hace buen tiempo", None), ("de", "nein, ich meinte Donnerstag", "Donnerstag"),
        ("de", "doch lieber groß", "groß"), ("de", "Entschuldigung, drei", "drei"), ("de", "nein danke", None),
        ("de", "das Wetter ist schön", None),
    ],
)  # fmt: skip
def test_corrections_give_what_is_right(language, said, rest):
    assert phrases.correction(said, language) == rest


@pytest.mark.parametrize(
    ("language", "said", "refuses"),
    [
        ("en", "I'd rather not say", True), ("en", "I don't want to tell you", True), ("en", "None of your business!", True),
        ("en", "skip this question", True), ("en", "I prefer not to answer", True), ("en", "Ada Lovelace", False),
        ("en", "no", False), ("en", "I don't know", False), ("es", "prefiero no decirlo", True), ("es", "no quiero dar mi nombre", True),
        ("es", "no sé", False), ("de", "das möchte ich nicht sagen", True), ("de", "das geht Sie nichts an", True), ("de", "nein", False),
    ],
)  # fmt: skip
def test_a_refusal_to_answer_is_told_from_an_answer(language, said, refuses):
    assert phrases.declines(said, language) is refuses


@pytest.mark.parametrize("language", ["en", "es", "de", "fr", "en-GB"])
def test_every_sentence_is_there_in_every_language(language):
    for key in KEYS:
        assert phrases.sentence(key, language, value="Ada").strip()


def test_all_languages_have_the_same_sentences():
    keys = {tag: set(language.sentences) for tag, language in LANGUAGES.items()}
    assert keys["en"] == keys["es"] == keys["de"]


def test_sentences_begin_with_a_capital():
    assert phrases.sentence("ask_boolean", "en", name="delivery") == "Delivery: yes or no?"


def test_values_of_no_known_type_are_spoken_too():
    assert [phrases.spoken(value, "de") for value in (True, 2.5, 3.0, "Ada", None, [1, 2])] == [
        "ja",
        "2,5",
        "3",
        "Ada",
        "",
        "1, 2",
    ]
