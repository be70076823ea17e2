"""Values by name, synonym, inflection, near miss and place."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from framework.slots.enum import EnumOptions

PIZZAS = {"values": {"margherita": [], "pepperoni": ["salami"], "four_cheese": ["quattro formaggi"], "hawaiian": []}}
SIZES = {"values": ["small", "medium", "large", "extra_large"]}
GROESSEN = {"values": {"klein": [], "mittel": [], "groß": ["riesig"]}}
TAMANOS = {"values": {"pequeño": ["chico"], "mediano": [], "grande": []}}

HEARD = [
    ("en", PIZZAS, {
        "margherita": "margherita", "Two margheritas, please.": "margherita", "a margarita please": "margherita",
        "pepper oni": "pepperoni", "peperoni": "pepperoni", "salami": "pepperoni", "four cheese": "four_cheese",
        "Four-cheese pizza": "four_cheese", "4 cheese": None, "quattro formaggi": "four_cheese", "the Hawaiian": "hawaiian",
        "hawaian": "hawaiian", "the second one": "pepperoni", "number two": "pepperoni", "the last one": "hawaiian",
        "option 3": "four_cheese", "second": "pepperoni", "the 1st one please": "margherita", "the fifth one": None,
        "not the pepperoni, the margherita": "margherita", "margherita, no, pepperoni": "pepperoni",
        "margherita or pepperoni": None, "I'll take the salami one": "pepperoni", "no pineapple on it": None,
        "what is a margherita?": None, "how about the Hawaiian": "hawaiian", "cheese": None, "one second": None,
        "the weather is nice": None, "I want to cancel my appointment": None, "do you have four cheese": None,
        "where is my order": None, "my margin is thin": None,
    }),
    ("en", SIZES, {
        "large": "large", "Large.": "large", "extra large": "extra_large", "an extra-large one": "extra_large",
        "lagre": "large", "medum": "medium", "a small one": "small", "the smallest": "small", "barge": None, "smell": "small",
        "I'd like a large margherita": "large", "not large": None, "No, large.": "large", "whatever": None, "media": None,
    }),
    ("es", TAMANOS, {
        "pequeño": "pequeño", "pequeña": "pequeño", "dos pequeñas": "pequeño", "grande": "grande", "grandes": "grande",
        "la segunda": "mediano", "la última": "grande", "chica": "pequeño", "hace buen tiempo": None,
        "¿qué es mediano?": None, "no grande, mediana": "mediano",
    }),
    ("de", GROESSEN, {
        "groß": "groß", "eine große Pizza": "groß", "gross": "groß", "mittlere": "mittel", "kleine": "klein", "die zweite": "mittel",
        "riesige": "groß", "das Wetter ist schön": None, "nicht groß, sondern klein": "klein", "die letzte": "groß",
        "Nummer eins": "klein",
    }),
]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "options", "said", "value"),
    [(language, options, said, value) for language, options, table in HEARD for said, value in table.items()],
)
def test_values_are_heard(hear, language, options, said, value):
    assert hear("enum", said, language, **options) == value


def test_in_passing_a_value_must_be_written_right_or_be_long(listen):
    said = "I'm Ada Lovelace, and I'd like a large margherita"
    size = listen("enum", said, asked=False, **SIZES)
    assert (size.value, said[size.start : size.end], size.named) == ("large", "large", True)
    assert listen("enum", said, asked=False, **PIZZAS).value == "margherita"
    assert listen("enum", "lagre", asked=False, **SIZES) is None
    assert listen("enum", "the second one", asked=False, **SIZES) is None


@pytest.mark.parametrize("values", [[], ["a", "a"], {"a": ["x"], "b": ["x"]}, ["!"], [1, 2], "abc", {"a": [3]}])
def test_values_that_make_no_sense_are_refused(values):
    with pytest.raises(ValidationError):
        EnumOptions(values=values)


def test_only_values_are_set(types, today):
    enum, options = types["enum"], EnumOptions(**SIZES)
    assert enum.check("large", options, today) == "large"
    assert enum.check("Extra Large", options, today) == "extra_large"
    with pytest.raises(ValueError, match="Did you mean `large`"):
        enum.check("lage", options, today)
    with pytest.raises(ValueError, match="not among the values"):
        enum.check(None, options, today)


def test_a_recogniser_leans_towards_values_and_synonyms(types):
    words = types["enum"].words(EnumOptions(**PIZZAS), "en")
    assert {"margherita", "salami", "four cheese"} <= set(words)
