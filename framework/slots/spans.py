"""Read how long something takes, as people say and write it, in the languages we know."""
# ruff: noqa: PLR2004 - minutes of an hour and months of a year are what they are

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from framework.slots.languages import language_of
from framework.slots.languages.base import Language
from framework.slots.numbers import number_at
from framework.slots.tokens import Reading, read

SECONDS = {"s": 1, "i": 60, "h": 3600}
DAYS = {"d": 1, "w": 7, "f": 14}
MONTHS = {"m": 1, "y": 12}
SMALLER = {"h": "i", "i": "s", "y": "m"}
"""What a bare number after a unit counts: "an hour twenty"."""
MONTH_S, DAY_S = 2_629_746, 86_400
"""Seconds of an average month, for comparing."""

_ISO = re.compile(
    r"P(?!$)(?:(?P<y>\d+)Y)?(?:(?P<m>\d+)M)?(?:(?P<w>\d+)W)?(?:(?P<d>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<h>\d+)H)?(?:(?P<i>\d+)M)?(?:(?P<s>\d+)S)?)?"
)
_SHORT = re.compile(r"(?:(?P<d>\d+)d)?(?:(?P<h>\d+)h)?(?:(?P<i>\d+)m)?(?:(?P<s>\d+)s)?")


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time: months and days have no fixed length in seconds."""

    months: int = 0
    days: int = 0
    rest: int = 0
    """Seconds."""

    @property
    def seconds(self) -> int:
        """About how long it is, for comparing."""
        return self.months * MONTH_S + self.days * DAY_S + self.rest

    def iso(self) -> str:
        """The canonical form: hours never become days, minutes become hours.

        >>> Span(rest=5400).iso(), Span(days=14).iso(), Span(months=18).iso(), Span().iso()
        ('PT1H30M', 'P2W', 'P1Y6M', 'PT0S')
        """
        if self.days and self.days % 7 == 0 and not self.months and not self.rest:
            return f"P{self.days // 7}W"
        years, months = divmod(self.months, 12)
        hours, rest = divmod(self.rest, 3600)
        minutes, seconds = divmod(rest, 60)
        head = _joined((years, "Y"), (months, "M"), (self.days, "D"))
        tail = _joined((hours, "H"), (minutes, "M"), (seconds, "S"))
        return f"P{head}{f'T{tail}' if tail else ''}" if head or tail else "PT0S"

    def plus(self, count: float, unit: str) -> Span:
        """Longer by some units; halves of a month are taken as days, halves of a day as hours."""
        if unit in MONTHS:
            months = count * MONTHS[unit]
            longer = replace(self, months=self.months + int(months))
            return longer.plus((months - int(months)) * 30, "d") if months != int(months) else longer
        if unit in DAYS:
            days = count * DAYS[unit]
            longer = replace(self, days=self.days + int(days))
            return longer.plus((days - int(days)) * 24, "h") if days != int(days) else longer
        return replace(self, rest=self.rest + round(count * SECONDS[unit]))


def _joined(*parts: tuple[int, str]) -> str:
    return "".join(f"{count}{letter}" for count, letter in parts if count)


def span_of(written: str) -> Span:
    """A length in ISO 8601 or as flows write it (`1h30m`); `ValueError` with a sentence when it is none.

    >>> span_of("PT90M").iso(), span_of("1h30m").iso(), span_of("P2W").iso()
    ('PT1H30M', 'PT1H30M', 'P2W')
    """
    match = _ISO.fullmatch(written) or (_SHORT.fullmatch(written) if written else None)
    if match is None:
        raise ValueError(f"a length of time such as `PT1H30M` or `1h30m` is needed here, not `{written}`")
    span = Span()
    for unit, count in match.groupdict().items():
        if count:
            span = span.plus(int(count), unit)
    return span


@dataclass(frozen=True, slots=True)
class Length:
    """What was said of a length."""

    first: int
    last: int
    span: Span

    @property
    def seconds(self) -> int:
        """How long, for adding to a moment."""
        return self.span.seconds


@lru_cache(maxsize=512)
def lengths_in(text: str, tag: str) -> tuple[Length, ...]:
    """All lengths of time in a text, in order."""
    reading, language, found, index = read(text), language_of(tag), list[Length](), 0
    while index < len(reading.words):
        length = length_at(reading, index, language)
        if length is not None:
            found.append(length)
        index = index + 1 if length is None else length.last
    return tuple(found)


def length_after(reading: Reading, index: int, language: Language) -> Length | None:
    """A length in hours or minutes after "in": the distance to a moment."""
    lead = language.dates.within.at(reading.words, index)
    length = length_at(reading, index + lead, language) if lead else None
    return length if length and not length.span.months and not length.span.days else None


def length_at(reading: Reading, index: int, language: Language) -> Length | None:
    """The length that begins at a word, with all that follows: two hours and thirty minutes."""
    return _Parts(reading, language).read(index)


class _Parts:
    """A length, part by part: a number and its unit, again and again."""

    def __init__(self, reading: Reading, language: Language) -> None:
        self.reading, self.words, self.language, self.spans = reading, reading.words, language, language.spans

    def read(self, first: int) -> Length | None:
        """All parts in a row."""
        if whole := self.spans.whole.at(self.words, self._past_article(first)):
            last = self._past_article(first) + whole[0]
            return Length(first, last, span_of(whole[1]))
        part = self._part(first)
        if part is None:
            return None
        span, unit, index = Span().plus(part[0], part[1]), part[1], part[2]
        while (following := self._next(index, unit)) is not None:
            count, unit, index = following
            span = span.plus(count, unit)
        return Length(first, index, span)

    def _past_article(self, index: int) -> int:
        article = index + 1 < len(self.words) and self.words[index] in self.language.numbers.articles
        return index + article if article and self.spans.whole.at(self.words, index + 1) else index

    def _next(self, index: int, unit: str) -> tuple[float, str, int] | None:
        """What goes on after a part: "and thirty minutes", "and a half", a bare "thirty"."""
        dot = "." if index and len(self.words[index - 1]) <= 3 else ""  # "1 Std. 30 Min."
        if index >= len(self.words) or self.reading.gap(index).strip(f",{dot}"):
            return None
        joined = self.words[index] in self.spans.ands
        begin = index + joined
        if joined and (fraction := self._fraction(begin)) and not self._unit(fraction[1]):
            return fraction[0], unit, fraction[1]
        part = self._part(begin)
        if part is not None and _below(part[1], unit):
            return part
        return self._bare(begin, unit) if unit in SMALLER else None

    def _bare(self, index: int, unit: str) -> tuple[float, str, int] | None:
        number = number_at(self.reading, index, self.language)
        if number is None or not number.figures or number.weak or not 0 < number.value < 60:
            return None
        closed = number.last >= len(self.words) or self.reading.ends_clause(number.last - 1)
        return (number.value, SMALLER[unit], number.last) if closed or self._closes(number.last) else None

    def _closes(self, index: int) -> bool:
        """Whether nothing but a courtesy follows."""
        return index + self.language.fillers.at(self.words, index) >= len(self.words)

    def _part(self, index: int) -> tuple[float, str, int] | None:
        """A number and its unit."""
        count, last = self._count(index)
        if count is None:
            return None
        halved = self._fraction(last) if last < len(self.words) and self.words[last] in self.spans.ands else None
        while last < len(self.words) and self.words[last] in self.spans.of and not self._unit(last):
            last += 1
        if halved:
            count, last = count + halved[0], halved[1]
        unit = self._unit(last)
        return (count, unit, last + 1) if unit else None

    def _count(self, index: int) -> tuple[float | None, int]:
        number = number_at(self.reading, index, self.language)
        if number is not None and not (number.weak and self._halves(index + 1)):
            return (number.value, number.last) if number.value >= 0 else (None, index)
        article = index < len(self.words) and self.words[index] in self.language.numbers.articles
        if article and (half := self._fraction(index + 1)):
            return half
        if article or (self.language.tag == "es" and self._unit(index) == "h" and self._half_follows(index + 1)):
            return 1, index + article
        return None, index

    def _half_follows(self, index: int) -> bool:
        """Spanish "hora y media" leaves the one out."""
        return index + 1 < len(self.words) and self.words[index] in self.spans.ands and self._halves(index + 1)

    def _halves(self, index: int) -> bool:
        return index < len(self.words) and self.words[index] in self.language.numbers.fractions

    def _fraction(self, index: int) -> tuple[float, int] | None:
        """A half, a quarter, three quarters."""
        numbers = self.language.numbers
        if index < len(self.words) and self.words[index] in numbers.articles:
            index += 1
        if not self._halves(index):
            return None
        return numbers.fractions[self.words[index]], index + 1

    def _unit(self, index: int) -> str:
        return self.spans.units.get(self.words[index]) or "" if index < len(self.words) else ""


ORDER = "ymfwdhis"


def _below(unit: str, other: str) -> bool:
    return ORDER.index(unit) > ORDER.index(other)
