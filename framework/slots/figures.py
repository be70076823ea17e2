"""Read digits as people say them: one by one, in pairs, with "double" and "hundred", in the languages we know."""
# ruff: noqa: PLR2004 - digits are what this module is about

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from framework.slots.answers import negated, repaired
from framework.slots.languages import language_of
from framework.slots.languages.base import Language
from framework.slots.numbers import cardinal
from framework.slots.tokens import Reading, read


@dataclass(frozen=True, slots=True)
class Run:
    """Digits that were said in a row."""

    first: int
    last: int
    figures: str
    """With a plus before them if one was said."""


@lru_cache(maxsize=512)
def runs_in(text: str, tag: str, *, apart: bool = False) -> tuple[Run, ...]:
    """All rows of digits in a text, in order; `apart`: with "twenty seven" as 20 and 7.

    >>> [run.figures for run in runs_in("four fifteen double five, no, oh one", "en")]
    ['41555', '01']
    """
    reading, language, found, index = read(text), language_of(tag), list[Run](), 0
    while index < len(reading.words):
        run = _run(reading, index, language, apart)
        if run is not None:
            found.append(run)
        index = index + 1 if run is None else run.last
    return tuple(found)


def _run(reading: Reading, first: int, language: Language, apart: bool) -> Run | None:
    plus = reading.words[first] in language.figures.plus or "+" in reading.gap(first)
    index = first + (plus and reading.words[first] in language.figures.plus)
    figures = ""
    while piece := piece_at(reading, index, language, begun=bool(figures), apart=apart) or _later(
        reading, index, language, figures
    ):
        figures, index = figures + piece[0], piece[1]
    return Run(first, index, "+" * plus + figures) if figures else None


def _later(reading: Reading, index: int, language: Language, figures: str) -> tuple[str, int] | None:
    """The next digits after a small word between them: "and then", "dash"."""
    begin = index
    while length := language.figures.between.at(reading.words, begin):
        begin += length
    return piece_at(reading, begin, language, begun=True) if figures and begin > index else None


def piece_at(
    reading: Reading, index: int, language: Language, *, begun: bool = False, apart: bool = False
) -> tuple[str, int] | None:
    """The digits that the next word or words stand for, and the word after them."""
    if index >= len(reading.words):
        return None
    word, numbers = reading.words[index], language.numbers
    if word[0].isdigit():
        return _written(reading, index, language)
    if times := language.figures.times.at(reading.words, index):
        digit = piece_at(reading, index + times[0], language, begun=True)
        return (digit[0] * times[1], digit[1]) if digit and len(digit[0]) == 1 else None
    if word in numbers.oh:
        return ("0", index + 1) if begun or piece_at(reading, index + 1, language) else None
    if begun and word in numbers.homophones:
        return str(numbers.homophones[word]), index + 1
    return _spoken(reading, index, language, apart)


def _written(reading: Reading, index: int, language: Language) -> tuple[str, int] | None:
    word = reading.words[index]
    if not re.fullmatch(r"[\d.,]+", word):
        return None
    scaled = index + 1 < len(reading.words) and reading.words[index + 1] in language.numbers.scales
    number = cardinal(reading, index, language) if scaled else None
    return (number.figures, number.last) if number and number.figures else (re.sub(r"[.,]", "", word), index + 1)


def _spoken(reading: Reading, index: int, language: Language, apart: bool) -> tuple[str, int] | None:
    """Units, pairs, hundreds and thousands in words."""
    words, numbers = reading.words, language.numbers
    if words[index] in numbers.articles:
        return None
    number = cardinal(reading, index, language)
    if number is None or not number.figures:
        return None
    scaled = any(word in numbers.scales for word in words[index : number.last])
    if scaled or number.last == index + 1:
        return number.figures, number.last
    if apart and number.value < 100 and (tens := numbers.small.get(words[index])):
        return str(tens), index + 1
    return _hundreds(reading, index, language) or (number.figures, number.last)


def _hundreds(reading: Reading, index: int, language: Language) -> tuple[str, int] | None:
    """Of "eight hundred five five", 800: a single digit is added only after "and", or where none follows."""
    words, numbers = reading.words, language.numbers
    value = numbers.small.get(words[index], 0)
    begin = index + 1
    if begin < len(words) and words[begin] in numbers.hundred:
        value, begin = value * 100, begin + 1
    if value < 100 or value % 100 or begin >= len(words):
        return None
    joined = words[begin] in numbers.ands
    unit = numbers.small.get(words[begin], 10)
    following = piece_at(reading, begin + 1, language, begun=True)
    return (str(value), begin) if not joined and unit < 10 and following and len(following[0]) == 1 else None


def meant(text: str, tag: str, fits: Callable[[str], bool]) -> Run | None:
    """The digits that are meant: the first that fit; of those taken back, what was said instead, whole or its end."""
    best = _best(text, tag, fits, runs_in(text, tag))
    if best is None or fits(best.figures):
        return best
    apart = _best(text, tag, fits, runs_in(text, tag, apart=True))
    return apart if apart and fits(apart.figures) else best


def _best(text: str, tag: str, fits: Callable[[str], bool], runs: tuple[Run, ...]) -> Run | None:
    reading, language = read(text), language_of(tag)
    best: Run | None = None
    for run in runs:
        if negated(reading, run.first, language) and run.last < len(reading.words):
            continue
        if best is None:
            best = run
        elif repaired(reading, best.last, run.first, language):
            best = _mended(best, run, fits)
        elif not fits(best.figures):
            whole = Run(best.first, run.last, best.figures + run.figures)
            best = whole if fits(whole.figures) else run if fits(run.figures) else best
    return best


def _mended(before: Run, after: Run, fits: Callable[[str], bool]) -> Run:
    if fits(after.figures) or len(after.figures) >= len(before.figures):
        return after
    whole = before.figures[: -len(after.figures)] + after.figures
    return Run(before.first, after.last, whole) if fits(whole) else after


def aloud(figures: str, size: int = 4) -> str:
    """Digits one by one, in groups, so that a voice reads no number out of them.

    >>> aloud("4111111111111111"), aloud("123456", 3)
    ('4 1 1 1, 1 1 1 1, 1 1 1 1, 1 1 1 1', '1 2 3, 4 5 6')
    """
    groups = [figures[start : start + size] for start in range(0, len(figures), size)]
    return ", ".join(" ".join(group) for group in groups)
