"""Read amounts of money as people say and write them, in the languages we know."""
# ruff: noqa: PLR2004 - hundredths are what they are

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from framework.slots.languages import language_of
from framework.slots.languages.base import Language
from framework.slots.numbers import Number, amount_at, cardinal, whole
from framework.slots.tokens import Reading, Table, read

SYMBOLS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
DOLLARS = frozenset({"USD", "CAD", "AUD", "NZD", "MXN", "ARS", "CLP", "COP", "SGD", "HKD"})
"""Currencies whose sign is `$` where they are at home."""


@dataclass(frozen=True, slots=True)
class Amount:
    """What was said of an amount."""

    first: int
    last: int
    value: float
    code: str = ""
    """The currency; empty where none was said."""
    sign: str = ""
    """The sign that stands beside it, which may mean several currencies."""


@lru_cache(maxsize=512)
def amounts_in(text: str, tag: str) -> tuple[Amount, ...]:
    """All amounts that a text may speak of, in order."""
    reading, language, found, index = read(text), language_of(tag), list[Amount](), 0
    purse = _Purse(reading, language, currencies(language.tag))
    while index < len(reading.words):
        amount = purse.at(index)
        if amount is not None:
            found.append(amount)
        index = index + 1 if amount is None else amount.last
    return tuple(found)


@lru_cache(maxsize=8)
def currencies(tag: str) -> Table[str]:
    """Words for currencies → code: those that people use, and all names and codes that Babel knows."""
    from babel import Locale  # noqa: PLC0415 - only sessions that hear money pay for it
    from babel.numbers import get_currency_name, list_currencies  # noqa: PLC0415

    locale = Locale.parse(tag)
    names: dict[str, str] = {}
    for code in sorted(list_currencies(locale)):
        for count in (1, 2):
            name = get_currency_name(code, count, locale)
            if not any(c.isdigit() for c in name):
                names.setdefault(name, code)
        names[code] = code
    known = language_of(tag).coins.major
    return Table(names) | {phrase: known.get(*phrase.split()) or "" for phrase in known}


class _Purse:
    """The amounts that may begin at a word of one text."""

    def __init__(self, reading: Reading, language: Language, majors: Table[str]) -> None:
        self.reading, self.words, self.language, self.coins = reading, reading.words, language, language.coins
        self.majors = majors

    def at(self, index: int) -> Amount | None:
        """An amount: whole and hundredths, or hundredths alone."""
        number = self._number(index)
        if number is None or number.value < 0:
            return None
        if minor := self._minor(number.last):
            return Amount(index, number.last + minor[0], number.value / 100, minor[1])
        sign = self._sign(index, number.last)
        last = self._past_of(number.last)
        major = self.majors.at(self.words, last)
        if major is None:
            return self._bare(index, number, sign)
        return self._rest(Amount(index, last + major[0], number.value, major[1] or "?"), number)

    def _number(self, index: int) -> Number | None:
        number = self._dotted(index) or amount_at(self.reading, index, self.language)
        if number is None and self.words[index] in self.language.numbers.articles:
            number = Number(1, index, index + 1, "1", weak=True)
        if number is None or (number.weak and not self._counts(number.last)):
            return None
        grand = self.coins.grand.at(self.words, number.last)
        if grand is None or (len(self.words[number.last]) == 1 and self.reading.tokens[number.last].gap):
            return number
        return Number(whole(number.value * grand[1]), index, number.last + grand[0])

    def _dotted(self, index: int) -> Number | None:
        """19.99 also where decimals stand after a comma."""
        word = self.words[index]
        head, dot, tail = word.partition(".")
        cents = dot and len(tail) == 2 and head.isdecimal() and tail.isdecimal()
        return Number(whole(float(word)), index, index + 1) if cents else None

    def _counts(self, index: int) -> bool:
        """Whether money follows the word for one: "a dollar", "eins fünfzig"."""
        after = self.majors.at(self.words, index) or self._minor(index)
        return bool(after) or self.words[index - 1] in self.language.numbers.one

    def _minor(self, index: int) -> tuple[int, str] | None:
        known = self.coins.minor.at(self.words, index)
        return (known[0], known[1] or "?") if known else None

    def _past_of(self, index: int) -> int:
        """Past the small word between a million and its currency."""
        return index + (index < len(self.words) and self.words[index] in self.language.spans.of)

    def _sign(self, first: int, last: int) -> str:
        before = self.reading.tokens[first].gap[-1:]
        after = self.reading.text[self.reading.tokens[last - 1].end :].lstrip()[:1]
        return next((sign for sign in (before, after) if sign in SYMBOLS), "")

    def _rest(self, amount: Amount, number: Number) -> Amount:
        """What follows the currency: "and fifty cents", "fifty", "y medio"."""
        index, words = amount.last, self.words
        if index >= len(words) or self.reading.gap(index).strip(","):
            return amount
        joined = words[index] in self.language.numbers.ands | self.coins.points
        begin = index + joined
        if joined and (part := self._fraction(begin)):
            return Amount(amount.first, part[1], whole(amount.value + part[0]), amount.code)
        hundredths = self._hundredths(begin)
        if hundredths is None or number.value != int(number.value):
            return amount
        minor = self._minor(hundredths[1])
        if minor is None and not (self._closes(hundredths[1]) and (not joined or words[index] in self.coins.points)):
            return amount
        last = hundredths[1] + (minor[0] if minor else 0)
        return Amount(amount.first, last, _with(amount.value, hundredths[0]), amount.code)

    def _fraction(self, index: int) -> tuple[float, int] | None:
        numbers = self.language.numbers
        index += index < len(self.words) and self.words[index] in numbers.articles
        known = index < len(self.words) and self.words[index] in numbers.fractions
        return (numbers.fractions[self.words[index]], index + 1) if known else None

    def _hundredths(self, index: int) -> tuple[int, int] | None:
        """Fifty, oh five, a single five."""
        words = self.words
        if index + 1 < len(words) and words[index] in self.language.numbers.oh:
            unit = cardinal(self.reading, index + 1, self.language)
            return (int(unit.value), unit.last) if unit and len(unit.figures) == 1 else None
        number = cardinal(self.reading, index, self.language) if index < len(words) else None
        return (int(number.value), number.last) if number and number.figures and number.value < 100 else None

    def _closes(self, index: int) -> bool:
        """Whether nothing but a courtesy follows."""
        if index >= len(self.words) or self.reading.gap(index):
            return True
        return index + self.language.fillers.at(self.words, index) >= len(self.words)

    def _bare(self, first: int, number: Number, sign: str) -> Amount:
        """An amount without the word for its currency; two figures that follow are hundredths: "twelve fifty"."""
        code = "?" if sign else ""
        index = number.last
        pointed = index < len(self.words) and self.words[index] in self.coins.points
        hundredths = None if sign or not number.figures or number.value >= 1000 else self._hundredths(index + pointed)
        adjoining = index < len(self.words) and not self.reading.gap(index)
        if hundredths is None or not adjoining or not self._two(index + pointed):
            return Amount(first, number.last, number.value, code, sign)
        value, last = _with(number.value, hundredths[0]), hundredths[1]
        major = self.majors.at(self.words, last)
        return Amount(first, last + major[0], value, major[1] or "?") if major else Amount(first, last, value)

    def _two(self, index: int) -> bool:
        """Whether what stands here has two figures, a nought included."""
        number = cardinal(self.reading, index, self.language)
        return self.words[index] in self.language.numbers.oh or (number is not None and len(number.figures) == 2)


def _with(value: float, hundredths: int) -> float:
    return whole(round(value + hundredths / 100, 2))
