"""What people say for every type, in three languages: tables that were written before the grammars."""

import pytest

from benchmarks import spoken
from framework.slots import BUILT_IN

EACH = 40
"""Utterances for a type and language."""
LEAST = 0.9
"""The share that every type must understand in every language."""
MOST_WRONG = 0.02
"""Of all utterances, those that are taken for another value: worse than asking again."""


def test_every_type_that_can_be_heard_has_its_table():
    assert spoken.tables() == [slot_type.name for slot_type in BUILT_IN if slot_type.heard]


@pytest.mark.parametrize("name", spoken.tables())
def test_a_table_has_forty_different_utterances_for_each_language(name):
    rows = list(spoken.rows(name))
    for language in spoken.LANGUAGES:
        said = [(row.said, repr(row.options)) for row in rows if row.language == language]
        assert len(said) == len(set(said)) == EACH


@pytest.mark.parametrize("name", spoken.tables())
def test_what_people_say_is_understood(name):
    for language, (right, every) in spoken.shares()[name].items():
        missed = [
            f"{row.said} → {row.heard()}" for row in spoken.missed() if (row.type, row.language) == (name, language)
        ]
        assert right >= LEAST * every, missed


def test_hardly_anything_is_taken_for_another_value():
    wrong = [row for row in spoken.missed() if row.heard() not in {"NOTHING", "REFUSED"}]
    every = sum(count for by in spoken.shares().values() for _, count in by.values())
    assert len(wrong) <= MOST_WRONG * every, [f"{row.said} → {row.heard()}" for row in wrong]
