"""Read numbers in figures and in words, in the languages we know."""
# ruff: noqa: PLR2004 - numbers are what this module is about

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from framework.slots.languages import language_of
from framework.slots.languages.base import Language, Numbers
from framework.slots.tokens import Reading, read


@dataclass(frozen=True, slots=True)
class Number:
    """A number and the words it was read from."""

    value: float
    """An `int` where it is whole."""
    first: int
    last: int
    figures: str = ""
    """As figures, leading zeros kept; empty unless whole and not negative."""
    weak: bool = False
    """Only a word that is mostly an article or pronoun: one, una, ein."""
    signed: bool = False
    """A minus sign stands right before it in the text."""


def whole(value: float) -> float:
    """The value as an `int` where it is one.

    >>> whole(3.0), whole(2.5)
    (3, 2.5)
    """
    return int(value) if value == int(value) else value


def in_figures(value: float, language: str) -> str:
    """A number in figures, as its language writes it.

    >>> in_figures(3.0, "en"), in_figures(2.5, "de"), in_figures(1500, "en")
    ('3', '2,5', '1500')
    """
    plain = format(Decimal(repr(whole(value))), "f")
    return plain.replace(".", ",") if language_of(language).numbers.comma else plain


_GROUPED = {False: re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?"), True: re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?")}


@lru_cache(maxsize=4096)
def figure(word: str, comma: bool) -> float | None:
    """A number written in figures; `comma` when decimals stand after a comma.

    >>> figure("1,234", False), figure("2,5", True), figure("3rd", False)
    (1234, 2.5, None)
    """
    if word.isdecimal():
        return int(word)
    if not word[0].isdigit() or word[-1] not in "0123456789" or not word.isascii():
        return None
    if _GROUPED[comma].fullmatch(word):
        word = word.replace("." if comma else ",", "")
    plain = word.replace(",", ".")
    return whole(float(plain)) if plain.count(".") == 1 else int(plain) if plain.isdecimal() else None


def cardinal(reading: Reading, index: int, language: Language) -> Number | None:
    """The longest single number that begins at a word: "one hundred and five", not "five one two"."""
    words, numbers = reading.words, language.numbers
    if index >= len(words):
        return None
    if (value := figure(words[index], numbers.comma)) is not None:
        return _figures(reading, index, value, numbers)
    return _Cardinal(reading, numbers).read(index)


def _figures(reading: Reading, index: int, value: float, numbers: Numbers) -> Number:
    last = index + 1
    while last < len(reading.words) and reading.words[last] in numbers.scales and not reading.gap(last):
        value, last = value * numbers.scales[reading.words[last]], last + 1
    digits = reading.words[index] if last == index + 1 and reading.words[index].isdecimal() else ""
    return Number(whole(value), index, last, digits or _digits(value))


def _digits(value: float) -> str:
    return str(int(value)) if value == int(value) and value >= 0 else ""


class _Cardinal:
    """One number in words: units add to tens, hundreds multiply, thousands close a group."""

    def __init__(self, reading: Reading, numbers: Numbers) -> None:
        self.reading, self.numbers = reading, numbers
        self.total = 0.0
        self.group: float | None = None
        """The part below the next thousand; None before it has begun."""
        self.fraction = False

    def read(self, index: int) -> Number | None:
        """Take words as long as they make one number."""
        first, words = index, self.reading.words
        while index < len(words) and (index == first or not self.reading.gap(index).strip("-")):
            if self._takes(words[index], started=index > first):
                index += 1
            elif index > first and self._joins(index):
                index += 2
            else:
                break
        if index == first:
            return None
        value = whole(self.total + (self.group or 0))
        weak = index == first + 1 and words[first] in (self.numbers.one | self.numbers.articles)
        return Number(value, first, index, _digits(value), weak)

    def _joins(self, index: int) -> bool:
        """Whether an "and" stands here and the next word still belongs to the number."""
        words = self.reading.words
        return (
            words[index] in self.numbers.ands
            and index + 1 < len(words)
            and (self.group or self.total) != 0
            and self._takes(words[index + 1], started=True, joined=True)
        )

    def _takes(self, word: str, *, started: bool, joined: bool = False) -> bool:
        if self.fraction:
            return False
        if word in self.numbers.hundred:
            return self._multiply(100)
        if word in self.numbers.scales:
            return self._close(self.numbers.scales[word])
        value = self._value(word)
        return value is not None and self._add(value, started=started, joined=joined)

    def _value(self, word: str) -> float | None:
        small = self.numbers.small.get(word)
        return small if small is not None else self.numbers.compound(word)

    def _add(self, value: float, *, started: bool, joined: bool) -> bool:
        if not started:
            self.group = value
        elif self.numbers.glued and not joined and self.group is not None and self.group % 100 >= 20:
            return False  # "dreißig eins" are two numbers
        elif 0 < value < (1000 if self.group is None else _room(self.group)):
            self.group = (self.group or 0) + value
        else:
            return False
        self.fraction = value != int(value)
        return True

    def _multiply(self, by: int) -> bool:
        if self.group is not None and not 0 < self.group < by:
            return False
        self.group = (self.group or 1) * by
        return True

    def _close(self, scale: int) -> bool:
        if self.total and self.total % (scale * 1000):
            return False
        self.total += (self.group if self.group is not None else 1) * scale
        self.group = None
        return True


def _room(group: float) -> int:
    """Below what a number must be to be added: after "twenty" a unit, after "two hundred" anything below a hundred."""
    if group != int(group) or group == 0:
        return 0
    number = int(group)
    if number % 100 == 0:
        return min(100, number)
    return 10 if number % 10 == 0 and number % 100 >= 20 else 0


@lru_cache(maxsize=512)
def numbers_in(text: str, tag: str) -> tuple[Number, ...]:
    """All numbers of a text, in order.

    >>> [n.value for n in numbers_in("two and a half, or minus three", "en")]
    [2.5, -3]
    """
    reading, language, found, index = read(text), language_of(tag), [], 0
    while index < len(reading.words):
        number = number_at(reading, index, language)
        if number is None:
            index += 1
            continue
        found.append(number)
        index = number.last
    return tuple(found)


def number_at(reading: Reading, index: int, language: Language) -> Number | None:
    """A whole number phrase at a word: sign, digits in a row, decimals, halves, dozens."""
    words, numbers = reading.words, language.numbers
    if words[index] in numbers.minus and words[index - 2 : index] != ("mas", "o"):
        inner = number_at(reading, index + 1, language) if index + 1 < len(words) else None
        return inner and Number(-inner.value, index, inner.last)
    if point := _leading_point(reading, index, language):
        return point
    number = _counted(reading, index, numbers) or _half(reading, index, numbers) or _digit_row(reading, index, language)
    if number is None:
        return None
    number = (
        _decimals(reading, number, language) or _and_half(reading, number, numbers) or _dozens(reading, number, numbers)
    )
    return _negative(reading, _scaled(reading, number, numbers))


def amount_at(reading: Reading, index: int, language: Language) -> Number | None:
    """One number with its decimals or halves, never several that are said in a row: the twelve of "twelve fifty"."""
    numbers = language.numbers
    number = _counted(reading, index, numbers) or _half(reading, index, numbers) or cardinal(reading, index, language)
    if number is None:
        return None
    number = _decimals(reading, number, language) or _and_half(reading, number, numbers) or number
    return _scaled(reading, number, numbers)


def _scaled(reading: Reading, number: Number, numbers: Numbers) -> Number:
    """Two and a half **million**; the half of "dos millones y medio" counts millions, too."""
    words = reading.words
    if number.value != int(number.value) and number.last < len(words) and words[number.last] in numbers.scales:
        value = whole(number.value * numbers.scales[words[number.last]])
        return Number(value, number.first, number.last + 1, _digits(value))
    return number


def _leading_point(reading: Reading, index: int, language: Language) -> Number | None:
    """Point five."""
    if reading.words[index] not in language.numbers.points or language.numbers.points & {"punto", "punkt", "dot"} & {
        reading.words[index]
    }:
        return None
    return _decimals(reading, Number(0, index, index, "0"), language)


def _negative(reading: Reading, number: Number) -> Number:
    start = reading.tokens[number.first].start
    before = reading.text[max(0, start - 2) : start]
    if before[-1:] in {"-", "\u2212"} and (len(before) == 1 or before[0].isspace()):
        return Number(-number.value, number.first, number.last, signed=True)
    return number


def _digit_row(reading: Reading, index: int, language: Language) -> Number | None:
    """One number, or several that are said digit by digit or pair by pair: 1985, five oh one."""
    pieces = _pieces(reading, index, language)
    if len(pieces) < 2:
        return pieces[0] if pieces else None
    figures = "".join(piece.figures for piece in pieces)
    return Number(int(figures), pieces[0].first, pieces[-1].last, figures)


def _pieces(reading: Reading, index: int, language: Language) -> list[Number]:
    pieces: list[Number] = []
    while index < len(reading.words):
        piece = _piece(reading, index, language, begun=bool(pieces))
        if piece is None or (pieces and not _adjoins(reading, pieces[-1], piece)):
            break
        pieces.append(piece)
        index = piece.last
    while len(pieces) > 1 and pieces[-1].weak and language.numbers.articles & {reading.words[pieces[-1].first]}:
        pieces.pop()
    return pieces


def _piece(reading: Reading, index: int, language: Language, *, begun: bool) -> Number | None:
    if reading.words[index] in language.numbers.oh and (begun or cardinal(reading, index + 1, language)):
        return Number(0, index, index + 1, "0")
    if reading.words[index] in _TIMES.get(language.tag, {}) and index + 1 < len(reading.words):
        times, digit = _TIMES[language.tag][reading.words[index]], cardinal(reading, index + 1, language)
        if digit and len(digit.figures) == 1:
            return Number(int(digit.figures * times), index, digit.last, digit.figures * times)
    return cardinal(reading, index, language)


_TIMES = {"en": {"double": 2, "triple": 3}, "es": {"doble": 2, "triple": 3}, "de": {"doppel": 2}}


def _adjoins(reading: Reading, before: Number, piece: Number) -> bool:
    """Whether two numbers in a row are parts of one: no punctuation but a hyphen, or commas between single digits."""
    if not before.figures or not piece.figures:
        return False
    gap = reading.gap(piece.first)
    if gap in {"", "-", "\u2010", "\u2013"}:
        return True
    return gap in {",", "."} and len(before.figures) == 1 and len(piece.figures) == 1


def _decimals(reading: Reading, number: Number, language: Language) -> Number | None:
    words, last = reading.words, number.last
    if last + 1 >= len(words) or words[last] not in language.numbers.points or not number.figures or reading.gap(last):
        return None
    pieces = [piece for piece in _pieces(reading, last + 1, language) if piece.figures]
    if not pieces:
        return None
    figures = f"{int(number.figures)}.{''.join(piece.figures for piece in pieces)}"
    return Number(whole(float(figures)), number.first, pieces[-1].last)


def _and_half(reading: Reading, number: Number, numbers: Numbers) -> Number | None:
    """Three **and a half**, dos **y media**."""
    words, index = reading.words, number.last
    if index >= len(words) or words[index] not in numbers.ands:
        return None
    fraction = _fraction(reading, index + 1, numbers, after_and=True)
    if fraction is None:
        return None
    scale = numbers.scales.get(words[index - 1], 1)
    return Number(whole(number.value + scale * fraction.value), number.first, fraction.last)


def _half(reading: Reading, index: int, numbers: Numbers) -> Number | None:
    """A half, three quarters, half a dozen."""
    fraction = _fraction(reading, index, numbers)
    if fraction is None:
        return None
    dozen = fraction.last + (
        1
        if reading.words[fraction.last : fraction.last + 1] and reading.words[fraction.last] in numbers.articles
        else 0
    )
    if dozen < len(reading.words) and reading.words[dozen] in numbers.counts:
        value = whole(fraction.value * numbers.counts[reading.words[dozen]])
        return Number(value, index, dozen + 1, _digits(value))
    if dozen > fraction.last and dozen < len(reading.words) and reading.words[dozen] in numbers.scales:
        value = whole(fraction.value * numbers.scales[reading.words[dozen]])  # half a million
        return Number(value, index, dozen + 1, _digits(value))
    return fraction


def _fraction(reading: Reading, index: int, numbers: Numbers, *, after_and: bool = False) -> Number | None:
    words, times, first = reading.words, 1.0, index
    if index + 1 < len(words) and words[index + 1] in numbers.fractions:
        if numbers.fractions[words[index + 1]] > 0.5 and words[index] not in numbers.articles:
            return _with_fraction(reading, index, numbers)
        if words[index] in numbers.small and 0 < numbers.small[words[index]] < 10:
            times = numbers.small[words[index]]
        elif words[index] not in numbers.articles:
            return None
        index += 1
    if index >= len(words) or words[index] not in numbers.fractions:
        return None
    if times == 1 and index == first and numbers.fractions[words[index]] != 0.5 and not after_and:
        return None
    return Number(times * numbers.fractions[words[index]], first, index + 1)


def _with_fraction(reading: Reading, index: int, numbers: Numbers) -> Number | None:
    """Zwei **dreiviertel**: added, not counted."""
    value = numbers.small.get(reading.words[index])
    if not value:
        return None
    return Number(value + numbers.fractions[reading.words[index + 1]], index, index + 2)


def _counted(reading: Reading, index: int, numbers: Numbers) -> Number | None:
    """A dozen, a couple, a hundred."""
    words = reading.words
    if words[index] not in numbers.articles or index + 1 >= len(words):
        return None
    if words[index + 1] in numbers.counts:
        value = numbers.counts[words[index + 1]]
        if words[index + 2 : index + 3] and words[index + 2] in numbers.hundred:  # a couple hundred
            return Number(value * 100, index, index + 3, str(value * 100))
        return Number(value, index, index + 2, str(value))
    if words[index + 1] in numbers.hundred or words[index + 1] in numbers.scales:
        inner = _Cardinal(reading, numbers).read(index + 1)
        return inner and Number(inner.value, index, inner.last, inner.figures)
    return None


def _dozens(reading: Reading, number: Number, numbers: Numbers) -> Number:
    """Two dozen."""
    words, last = reading.words, number.last
    if last < len(words) and words[last] in numbers.counts and numbers.counts[words[last]] == 12:
        value = whole(number.value * 12)
        return Number(value, number.first, last + 1, _digits(value))
    return number
