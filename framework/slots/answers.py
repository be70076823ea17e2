"""What surrounds a value in an answer: fillers, questions, the slot's own name, self-corrections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Protocol, TypeVar

from framework.slots.base import Found, Hearing
from framework.slots.languages.base import Language
from framework.slots.tokens import Reading, read

REACH = 4
"""How many small words may stand between a slot's name and its value."""


@lru_cache(maxsize=512)
def _core(text: str, language: Language) -> tuple[int, int]:
    reading = read(text)
    first, last, words = 0, len(reading.words), reading.words
    while first < last and (length := language.fillers.at(words, first)):
        first = min(last, first + length)
    while last > first and (length := _filler_before(words, first, last, language)):
        last -= length
    return first, last


def _filler_before(words: tuple[str, ...], first: int, last: int, language: Language) -> int:
    for length in range(min(4, last - first), 0, -1):
        if words[last - length : last] in language.fillers:
            return length
    return 0


def core(reading: Reading, language: Language) -> tuple[int, int]:
    """The answer without the fillers around it, as first and last word."""
    return _core(reading.text, language)


def asks(reading: Reading, language: Language) -> bool:
    """Whether a text is a question that gives no value: "what time is it", but not "what about Tuesday"."""
    first, _ = core(reading, language)
    if language.proposing.at(reading.words, first):
        return False
    return bool(language.asking.at(reading.words, first))


def negated(reading: Reading, index: int, language: Language) -> bool:
    """Whether the words before a value say that it is not meant: "not the large one"."""
    for length in range(1, 5):
        begin = index - length
        if begin < 0 or any(reading.gap(i) for i in range(begin + 1, index + 1)):
            return False
        if reading.words[begin:index] in language.negations:
            return begin > 0 or reading.words[begin] not in language.no
    return False


def repaired(reading: Reading, first: int, last: int, language: Language) -> bool:
    """Whether the words between two values take back the former: "large, no, small"."""
    return any(language.repairs.at(reading.words, index) for index in range(first, last))


@lru_cache(maxsize=256)
def _name_words(name: str) -> tuple[str, ...]:
    return read(name.replace("_", " ")).words


def named_at(reading: Reading, hearing: Hearing, language: Language) -> tuple[int, int] | None:
    """Between which words a value must begin that follows the slot's name ("the size is …"); None when it isn't."""
    name = _name_words(hearing.name)
    if not name:
        return None
    for index in range(len(reading.words) - len(name) + 1):
        if reading.words[index : index + len(name)] == name:
            return index + len(name), _past_links(reading, index + len(name), language)
    return None


def beginning(reading: Reading, hearing: Hearing, language: Language) -> int | None:
    """Where in a text an answer begins: at its start if it was asked for, else behind the slot's name.

    None where there is no answer: the text is a question, or names the slot nowhere or last.
    """
    if asks(reading, language):
        return None
    if hearing.asked:
        return 0
    place = named_at(reading, hearing, language)
    return reading.tokens[place[1]].start if place is not None and place[1] < len(reading.words) else None


def _past_links(reading: Reading, index: int, language: Language) -> int:
    for _ in range(REACH):
        if index < len(reading.words) and reading.words[index] in language.links:
            index += 1
    return index


def found(reading: Reading, value: object, first: int, last: int, *, named: bool = False) -> Found:
    """A value with its place, as words `first` to `last`."""
    start, end = reading.span(first, last)
    return Found(value, start, end, named)


class Spot(Protocol):
    """Something that was found at some words."""

    @property
    def first(self) -> int:
        """Its first word."""
        ...

    @property
    def last(self) -> int:
        """The word after its last."""
        ...


S = TypeVar("S", bound=Spot)


def chosen(reading: Reading, spots: Sequence[S], language: Language) -> S | None:
    """Which of several is meant: none that is denied, the last after "no, sorry", none of two to choose from."""
    meant = [spot for place, spot in enumerate(spots) if _holds(reading, spots[:place], spot, language)] or list(spots)
    if not meant:
        return None
    best = meant[0]
    for spot in meant[1:]:
        if repaired(reading, best.last, spot.first, language):
            best = spot
        elif spot.first == best.last + 1 and reading.words[best.last] in language.alternatives:
            return None
    return best


def _holds(reading: Reading, before: Sequence[S], spot: S, language: Language) -> bool:
    """Whether something is not denied; after something else, "no" takes that back: "one hour, no two hours"."""
    if before and reading.gap(before[-1].last) and repaired(reading, before[-1].last, spot.first, language):
        return True
    return not negated(reading, spot.first, language)


def past_denial(text: str, language: Language) -> int:
    """Where a text begins once "not X," before it is left out.

    >>> from framework.slots.languages import language_of
    >>> past_denial("not three, four", language_of("en"))
    11
    """
    reading = read(text)
    first, last = core(reading, language)
    if not language.negations.at(reading.words, first):
        return 0
    if reading.words[first] in language.no and not language.no_is_not and reading.gap(first + 1):
        return 0
    parts = (index for index in range(first + 2, last) if "," in reading.gap(index))
    begin = next(parts, None)
    return 0 if begin is None else reading.tokens[begin].start


Heard = TypeVar("Heard")


def shifted(heard: Heard, by: int) -> Heard:
    """What was found in the rest of a text, placed in the whole."""
    return replace(heard, start=heard.start + by, end=heard.end + by) if isinstance(heard, Found) else heard
