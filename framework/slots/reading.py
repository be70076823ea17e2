"""Compare what was said with what was heard: figures and words, capitals and punctuation made equal."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from framework.slots.dates import days_in, ordinal_at
from framework.slots.languages import language_of
from framework.slots.languages.base import Language
from framework.slots.numbers import Number, numbers_in
from framework.slots.tokens import Reading, read


@lru_cache(maxsize=512)
def words(text: str, language: str = "en") -> tuple[str, ...]:
    """The words of a text in one spelling: numbers and dates in figures, all else in small letters.

    >>> words("The third of March, nineteen eighty five."), words("March 3rd, 1985")
    (('3', '3', '1985'), ('3', '3', '1985'))
    >>> words("Twenty-one of the first.")
    ('21', 'of', 'the', '1')
    """
    reading, known = read(text), language_of(language)
    found: list[str] = []
    index = 0
    numbers = {number.first: number for number in numbers_in(text, language) if not number.weak}
    days = {day.first: day for day in days_in(text, language) if day.whole}
    while index < len(reading.words):
        if (day := days.get(index)) is not None:
            found.extend(str(part) for part in (day.day, day.month, day.year) if part is not None)
            index = day.last
        else:
            word, index = _word(reading, index, known, numbers.get(index))
            found.append(word)
    return tuple(found)


def _word(reading: Reading, index: int, language: Language, number: Number | None) -> tuple[str, int]:
    """A word, ordinal or number in one spelling, and the word after it."""
    ordinal = ordinal_at(reading, index, language)
    if ordinal is not None and (number is None or ordinal[1] >= number.last):
        return str(ordinal[0]), ordinal[1]
    if number is not None:
        return number.figures or format(number.value, "g"), number.last
    return _plain(reading, index, language), index + 1


def _plain(reading: Reading, index: int, language: Language) -> str:
    word = reading.words[index]
    one = word in language.numbers.one and word not in language.numbers.articles
    return "1" if one else word


def spoken_form(text: str, language: str = "en") -> str:
    """A text for comparing with another: `words` with spaces between.

    >>> spoken_form("It's 9, please.")
    'its 9 please'
    """
    return " ".join(words(text, language))


def error_rate(said: str, heard: str, language: str = "en") -> float:
    """Wrong, missing and added words as a share of those that were said; 0 when nothing was said or heard.

    >>> error_rate("I have two pizzas", "I have 2 pizza")
    0.25
    """
    wanted, got = words(said, language), words(heard, language)
    if not wanted:
        return float(bool(got))
    return distance(wanted, got) / len(wanted)


def distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Words to insert, drop or change to make two lists equal.

    >>> distance(["a", "b"], ["b", "c"])
    2
    """
    row = list(range(len(other) + 1))
    for i, word in enumerate(one, 1):
        before, row = row, [i]
        for j, its in enumerate(other, 1):
            row.append(min(row[-1] + 1, before[j] + 1, before[j - 1] + (word != its)))
    return row[-1]
