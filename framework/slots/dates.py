"""Read days as people say and write them, in the languages we know."""
# ruff: noqa: PLR2004 - lengths of months and years are what they are

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

from framework.slots.languages import language_of
from framework.slots.languages.base import Language
from framework.slots.numbers import cardinal
from framework.slots.tokens import Phrases, Reading, read

Prefer = Literal["past", "future", ""]
"""Which way to look for a day without a year; empty: ahead, and two figures of a year reach into the past."""
When = Literal["", "next", "last", "this", "week"]
AHEAD = 20
"""How many years ahead two figures of a year may mean when no way is preferred."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was said of a day, before it is known which one it is."""

    first: int
    last: int
    day: int | None = None
    month: int | None = None
    year: int | None = None
    short: bool = False
    """The year has two figures."""
    weekday: int | None = None
    when: When = ""
    """Which of the weekdays."""
    shift: tuple[int, str] | None = None
    """How far from today: `(2, "w")`; with a day: in the month that is so far away."""
    feast: str = ""
    """A day of the year: `12-25`; days from Easter: `+1`; month, week and weekday: `11-4-3`."""
    plus: tuple[int, str] | None = None
    """How far from the day that all else says."""

    @property
    def whole(self) -> bool:
        """Whether it can mean nothing but a day, wherever it stands."""
        return bool(self.feast) or (self.month is not None and self.day is not None)


def resolve(said: Spoken, today: date, prefer: Prefer) -> date | None:
    """The day that is meant; None when there is no such day.

    >>> resolve(Spoken(0, 1, day=3, month=3, year=85, short=True), date(2026, 11, 21), "past")
    datetime.date(1985, 3, 3)
    """
    try:
        day = _plain(said, today, prefer)
        return day if day is None or said.plus is None else moved(day, *said.plus)
    except (ValueError, OverflowError):
        return None


def _plain(said: Spoken, today: date, prefer: Prefer) -> date | None:
    if said.feast:
        years = [said.year] if said.year is not None else range(max(1, today.year - 8), today.year + 9)
        return _nearest([feast_in(said.feast, year) for year in years], today, "" if said.year else prefer) or (
            feast_in(said.feast, said.year) if said.year else None
        )
    if said.shift is not None:
        day = moved(today, *said.shift)
        return day if said.day is None else day.replace(day=said.day)
    if said.weekday is not None and said.day is None:
        return _weekday(said, today, prefer)
    return _calendar(said, today, prefer)


def moved(start: date, by: int, unit: str) -> date:
    """A day some days, weeks, months or years away.

    >>> moved(date(2026, 1, 31), 1, "m")
    datetime.date(2026, 2, 28)
    """
    if unit == "e":  # the end of the month
        return moved(start.replace(day=1), by + 1, "m") - timedelta(days=1)
    if unit in "dwf":
        return start + timedelta(days=by * {"d": 1, "w": 7, "f": 14}[unit])
    months = start.year * 12 + start.month - 1 + by * (12 if unit == "y" else 1)
    year, month = divmod(months, 12)
    for day in range(start.day, 27, -1):
        try:
            return date(year, month + 1, day)
        except ValueError:
            continue
    return date(year, month + 1, start.day)


def feast_in(feast: str, year: int) -> date:
    """The day of a feast in a year.

    >>> feast_in("12-25", 2026), feast_in("+1", 2026), feast_in("11-4-3", 2026)
    (datetime.date(2026, 12, 25), datetime.date(2026, 4, 6), datetime.date(2026, 11, 26))
    """
    if feast[0] in "+-":
        from dateutil.easter import easter  # type: ignore[import-untyped]  # noqa: PLC0415 - seldom needed

        sunday: date = easter(year)
        return sunday + timedelta(days=int(feast))
    month, day, *weekday = (int(part) for part in feast.split("-"))
    if not weekday:
        return date(year, month, day)
    first = date(year, month, 1)
    return first + timedelta(days=(weekday[0] - first.weekday()) % 7 + 7 * (day - 1))


def _weekday(said: Spoken, today: date, prefer: Prefer) -> date:
    assert said.weekday is not None  # noqa: S101 — the caller looked
    if said.when == "week":
        return today + timedelta(days=7 - today.weekday() + said.weekday)
    ahead = (said.weekday - today.weekday()) % 7
    if said.when == "this" and ahead == 0:
        return today
    back = said.when == "last" or (said.when == "" and prefer == "past")
    return today - timedelta(days=(7 - ahead) % 7 or 7) if back else today + timedelta(days=ahead or 7)


def _calendar(said: Spoken, today: date, prefer: Prefer) -> date | None:
    if said.day is None:
        return None
    if said.month is None:
        return _nearest(_months(said.day, today), today, prefer)
    if said.year is None:
        years = range(max(1, today.year - 8), today.year + 9)
        return _nearest(_valid((year, said.month, said.day) for year in years), today, prefer)
    if not said.short:
        return date(said.year, said.month, said.day)
    century = today.year // 100 * 100
    years = range(max(1, century - 100 + said.year), century + 101 + said.year, 100)
    days = _valid((year, said.month, said.day) for year in years)
    if not prefer:
        days = [day for day in days if day.year < today.year + AHEAD]
    return _nearest(days, today, prefer) or (days[-1] if days and not prefer else None)


def _months(day: int, today: date) -> list[date]:
    start = today.year * 12 + today.month - 1
    return _valid((month // 12, month % 12 + 1, day) for month in range(max(12, start - 3), start + 4))


def _valid(days: Iterator[tuple[int, int, int]]) -> list[date]:
    valid = []
    for year, month, day in days:
        try:
            valid.append(date(year, month, day))
        except ValueError:
            continue
    return valid


def _nearest(days: list[date], today: date, prefer: Prefer) -> date | None:
    past, future = [day for day in days if day <= today], [day for day in days if day >= today]
    if prefer == "past":
        return past[-1] if past else None
    return future[0] if future else None


@lru_cache(maxsize=512)
def days_in(text: str, tag: str) -> tuple[Spoken, ...]:
    """All days that a text speaks of, in order."""
    reading, language, found, index = read(text), language_of(tag), [], 0
    numeric = {said.first: said for said in _in_figures(reading, tag)}
    while index < len(reading.words):
        said = numeric.get(index) or _Days(reading, language).at(index)
        if said is None:
            index += 1
            continue
        found.append(said)
        index = max(said.last, index + 1)
    return tuple(found)


def ordinal_at(reading: Reading, index: int, language: Language) -> tuple[int, int] | None:
    """An ordinal and the word after it: "third", "3rd", "twenty first"."""
    if index >= len(reading.words):
        return None
    word, dates = reading.words[index], language.dates
    if match := re.fullmatch(r"(\d{1,3})(?:st|nd|rd|th|o|a|º|ª)", word):
        return int(match[1]), index + 1
    value = dates.ordinals.get(word) or dates.ordinal(word)
    if value is not None:
        return value, index + 1
    tens = language.numbers.small.get(word, 0)
    if tens in {20, 30} and index + 1 < len(reading.words) and reading.gap(index + 1) in {"", "-"}:
        unit = dates.ordinals.get(reading.words[index + 1], 10)
        return (tens + unit, index + 2) if unit < 10 else None
    return None


class _Days:
    """The days that may begin at a word of one text."""

    def __init__(self, reading: Reading, language: Language) -> None:
        self.reading, self.words, self.language, self.dates = reading, reading.words, language, language.dates

    def at(self, index: int) -> Spoken | None:
        """What is said of a day here, the most telling first."""
        return (
            self._feast(index)
            or self._month_end(index)
            or self._dated_weekday(index)
            or self._calendar(index)
            or self._weekday(index)
            or self._relative(index)
            or self._distance(index)
            or self._of_month(index)
            or self._without_day(index)
        )

    def _feast(self, index: int) -> Spoken | None:
        """Christmas Eve, Ostermontag, perhaps with a year."""
        first = index
        while (known := self.dates.feasts.at(self.words, index)) is None:
            if index >= len(self.words) or self.words[index] not in self.dates.leads | self.dates.joins:
                return None
            index += 1
        last = index + known[0]
        year = self._year(self._past(last))
        if year is not None and not year[1]:
            return Spoken(first, year[2], feast=known[1], year=year[0])
        return Spoken(first, last, feast=known[1])

    def _month_end(self, index: int) -> Spoken | None:
        length = self.dates.month_end.at(self.words, index)
        return Spoken(index, index + length, shift=(0, "e")) if length else None

    def _dated_weekday(self, index: int) -> Spoken | None:
        """A weekday that a date follows: the date decides."""
        first = index
        index += self.dates.this.at(self.words, index)
        if not self._is(self.dates.weekdays, index):
            return None
        said = self._calendar(index + 1) or self._of_month(index + 1)
        return replace(said, first=first, weekday=self.dates.weekdays[self.words[index]]) if said else None

    def _calendar(self, index: int) -> Spoken | None:
        first = index
        while index < len(self.words) and self.words[index] in self.dates.leads:
            index += 1
        if (
            both := self._day_month(index)
            or self._month_day(index)
            or self._two_ordinals(index)
            or self._two_numbers(index)
        ) is None:
            return None
        day, month, last = both
        year, short, after = self._year(self._past(last)) or (None, False, last)
        return Spoken(first, after, day, month, year, short)

    def _day_month(self, index: int) -> tuple[int, int, int] | None:
        if (day := self._day(index)) is None:
            return None
        month = self._past(day[1])
        if not self._is(self.dates.months, month):
            return None
        return day[0], self.dates.months[self.words[month]], month + 1

    def _month_day(self, index: int) -> tuple[int, int, int] | None:
        if not self._is(self.dates.months, index) or (day := self._day(self._past(index + 1))) is None:
            return None
        return day[0], self.dates.months[self.words[index]], day[1]

    def _two_ordinals(self, index: int) -> tuple[int, int, int] | None:
        """Like "Am dritten dritten fünfundachtzig": the second ordinal is the month, if a year follows."""
        if (day := ordinal_at(self.reading, index, self.language)) is None:
            return None
        month = ordinal_at(self.reading, self._past(day[1]), self.language)
        if month is None or not 1 <= month[0] <= 12 or self._year(self._past(month[1])) is None:
            return None
        return day[0], month[0], month[1]

    def _two_numbers(self, index: int) -> tuple[int, int, int] | None:
        """Like "oh three oh three nineteen eighty five", "tres del tres del ochenta y cinco"."""
        one = self._plain_number(index)
        other = self._plain_number(self._past(one[1])) if one else None
        if one is None or other is None or self.reading.gap(index + 1).strip("-/."):
            return None
        if self._year(self._past(other[1])) is None:
            return None
        day, month = _ordered(one[0], other[0], month_first=self.dates.month_first)
        return (day, month, other[1]) if 1 <= month <= 12 and 1 <= day <= 31 else None

    def _plain_number(self, index: int) -> tuple[int, int] | None:
        """A number up to 31 that is said in one: three, oh three, einunddreißig."""
        numbers = self.language.numbers
        word = self.words[index] if index < len(self.words) else ""
        if word in numbers.oh or numbers.small.get(word) == 0:
            # Of "cero tres mil novecientos" the thousands are the year's: one word only.
            unit = numbers.small.get(self.words[index + 1], 0) if index + 1 < len(self.words) else 0
            return (unit, index + 2) if 0 < unit < 10 else None
        number = cardinal(self.reading, index, self.language)
        if number is None or not number.figures or word in numbers.articles:
            return None
        return (int(number.value), number.last) if 1 <= number.value <= 31 else None

    def _day(self, index: int) -> tuple[int, int] | None:
        """A day of the month, as ordinal or cardinal, and the word after it."""
        day = ordinal_at(self.reading, index, self.language)
        if day is None and (number := cardinal(self.reading, index, self.language)) and number.figures:
            day = int(number.value), number.last
        return day if day and 1 <= day[0] <= 31 else None

    def _past(self, index: int) -> int:
        """The word after those that join the parts of a date."""
        while index < len(self.words) and self.words[index] in self.dates.joins:
            index += 1
        return index

    def _year(self, index: int) -> tuple[int, bool, int] | None:
        """A year, whether it has two figures only, and the word after it."""
        if self.words[index : index + 1] and self.words[index] in self.language.numbers.oh:
            unit = cardinal(self.reading, index + 1, self.language)
            return (int(unit.value), True, unit.last) if unit and len(unit.figures) == 1 else None
        number = cardinal(self.reading, index, self.language)
        if number is None or not number.figures or self.reading.gap(index).strip(",'\u2019.-"):
            return None
        value = int(number.value)
        if value in range(10, 22) and len(number.figures) == 2 and (year := self._centuries(value, number.last)):
            return year
        if 1000 <= value <= 9999:
            return value, False, number.last
        return (value, True, number.last) if len(number.figures) == 2 else None

    def _centuries(self, century: int, index: int) -> tuple[int, bool, int] | None:
        """Nineteen **eighty five**, nineteen **oh five**."""
        if self.reading.gap(index):
            return None
        begin = index + (self.words[index : index + 1] != () and self.words[index] in self.language.numbers.oh)
        number = cardinal(self.reading, begin, self.language)
        if number is None or len(number.figures) != (1 if begin > index else 2):
            return None
        return century * 100 + int(number.value), False, number.last

    def _weekday(self, index: int) -> Spoken | None:
        dates, first = self.dates, index
        if length := dates.next_week.at(self.words, index):
            index += length
            index += dates.this.at(self.words, index)
            if self._is(dates.weekdays, index):
                return Spoken(first, index + 1, weekday=dates.weekdays[self.words[index]], when="week")
            return None
        skipped = dates.after_next.at(self.words, index)
        when, index = self._which(index + skipped)
        if not self._is(dates.weekdays, index):
            return None
        weekday, index = dates.weekdays[self.words[index]], index + 1
        if skipped or (length := dates.after_next.at(self.words, index)):
            return Spoken(first, index + (0 if skipped else length), weekday=weekday, when="next", plus=(1, "w"))
        if said := self._weeks_on(index):
            return Spoken(first, said.last, weekday=weekday, when="next", plus=said.shift)
        return self._named_week(first, index, weekday, when)

    def _weeks_on(self, index: int) -> Spoken | None:
        """Like "Montag **in einer Woche**"."""
        length = self.dates.within.at(self.words, index)
        said = self._measured(index, index + length, 1, None) if length else None
        return said if said is not None and said.shift is not None and said.shift[1] in "wf" else None

    def _named_week(self, first: int, index: int, weekday: int, when: When) -> Spoken:
        """A weekday, and which week's it is if that is said after it."""
        dates = self.dates
        for phrases, later in ((dates.next_week, "week"), (dates.following, "next"), (dates.bygone, "last")):
            if length := phrases.at(self.words, index):
                return Spoken(first, index + length, weekday=weekday, when=later)  # type: ignore[arg-type]
        return Spoken(first, index, weekday=weekday, when=when)

    def _which(self, index: int) -> tuple[Literal["", "next", "last", "this"], int]:
        if length := self.dates.next.at(self.words, index):
            return "next", index + length
        if length := self.dates.last.at(self.words, index):
            return "last", index + length
        if length := self.dates.this.at(self.words, index):
            close = self.words[index] in _CLOSE
            return ("this" if close else ""), index + length
        return "", index

    def _relative(self, index: int) -> Spoken | None:
        phrases = _relative(self.language.tag)
        for length in range(min(4, len(self.words) - index), 0, -1):
            if (shift := phrases.get(self.words[index : index + length])) is not None:
                said = self._weeks_on(index + length)  # heute in einer Woche
                last, plus = (said.last, said.shift) if said else (index + length, None)
                return Spoken(index, last, shift=(shift, "d"), plus=plus)
        return None

    def _distance(self, index: int) -> Spoken | None:
        """Like "In two weeks", "two weeks from now", "vor drei Tagen"."""
        for phrases, sign in ((self.dates.within, 1), (self.dates.before, -1)):
            if length := phrases.at(self.words, index):
                return self._measured(index, index + length, sign, None)
        for phrases, sign in ((self.dates.hence, 1), (self.dates.ago, -1)):
            if said := self._measured(index, index, sign, phrases):
                return said
        return None

    def _measured(self, first: int, index: int, sign: int, after: Phrases | None) -> Spoken | None:
        if index > first and index < len(self.words) and self.words[index] in self.dates.about:
            index += 1
        number = cardinal(self.reading, index, self.language)
        if number and number.figures:
            count, index = int(number.value), number.last
        elif self.words[index : index + 1] and self.words[index] in self.language.numbers.articles:
            count, index = 1, index + 1
        else:
            return None
        if not self._is(self.dates.units, index) or count > 9999:
            return None
        unit, index = self.dates.units[self.words[index]], index + 1
        if after is None:
            return Spoken(first, index, shift=(sign * count, unit))
        if length := after.at(self.words, index):
            return Spoken(first, index + length, shift=(sign * count, unit))
        if sign > 0 and (length := self.dates.counted_from.at(self.words, index)):
            day = self.at(index + length)
            return replace(day, first=first, plus=(count, unit)) if day and day.plus is None else None
        return None

    def _of_month(self, index: int) -> Spoken | None:
        """Like "The ninth"."""
        first = index
        while index < len(self.words) and self.words[index] in self.dates.leads:
            index += 1
        day = self._day(index) if index > first else ordinal_at(self.reading, index, self.language)
        if day is None or not 1 <= day[0] <= 31:
            return None
        if length := self.dates.next_month.at(self.words, day[1]):
            return Spoken(first, day[1] + length, day=day[0], shift=(1, "m"))
        return Spoken(first, day[1], day=day[0])

    def _without_day(self, index: int) -> Spoken | None:
        """Like "March 1985": a month and a year, and no day."""
        if not self._is(self.dates.months, index):
            return None
        year = self._year(self._past(index + 1))
        if year is None or year[1]:
            return None
        return Spoken(index, year[2], month=self.dates.months[self.words[index]], year=year[0])

    def _is(self, words: Mapping[str, int] | Mapping[str, str], index: int) -> bool:
        return index < len(self.words) and self.words[index] in words


_CLOSE = frozenset({"this", "este", "diesen", "dieser"})
"""Words that make a weekday the nearest one, today included."""


@lru_cache(maxsize=8)
def _relative(tag: str) -> dict[tuple[str, ...], int]:
    return {read(phrase).words: shift for phrase, shift in language_of(tag).dates.relative.items()}


_YEAR_FIRST = re.compile(r"(?<![\d.,/-])(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?![\d/-])")
_YEAR_LAST = re.compile(r"(?<![\d.,/-])(\d{1,2})([-/.])\s?(\d{1,2})\2\s?(\d{4}|\d{2})(?![\d/-])")
_NO_YEAR = re.compile(r"(?<![\d.,/-])(\d{1,2})(?:(/)(\d{1,2})|(\.)(\d{1,2})\.)(?![\d/-])")


def _in_figures(reading: Reading, tag: str) -> Iterator[Spoken]:
    """3/4/1985, 3.4.85, 1985-03-04."""
    month_first = language_of(tag).dates.month_first and _region(tag) in {"", "US"}
    for match in _YEAR_FIRST.finditer(reading.text):
        yield _placed(reading, match, int(match[4]), int(match[3]), match[1])
    for match in _YEAR_LAST.finditer(reading.text):
        day, month = _ordered(int(match[1]), int(match[3]), month_first=month_first and match[2] != ".")
        yield _placed(reading, match, day, month, match[4])
    for match in _NO_YEAR.finditer(reading.text):
        if match[4] and not language_of(tag).dates.dotted:
            continue
        one, other = int(match[1]), int(match[3] or match[5])
        yield _placed(reading, match, *_ordered(one, other, month_first=month_first and not match[4]), None)


def in_keys(digits: str, tag: str) -> Spoken | None:
    """Six or eight digits as a day, in the order in which people of the region write it.

    >>> said = in_keys("03041985", "en-GB")
    >>> said.day, said.month, said.year, in_keys("030485", "en").short
    (3, 4, 1985, True)
    """
    if len(digits) not in {6, 8}:
        return None
    month_first = language_of(tag).dates.month_first and _region(tag) in {"", "US"}
    day, month = _ordered(int(digits[:2]), int(digits[2:4]), month_first=month_first)
    return Spoken(0, len(digits), day, month, int(digits[4:]), short=len(digits) == 6)


def _region(tag: str) -> str:
    parts = tag.replace("_", "-").split("-")
    return parts[-1].upper() if len(parts) > 1 else ""


def _ordered(one: int, other: int, *, month_first: bool) -> tuple[int, int]:
    """Day and month; figures that can be only one of them decide."""
    return (other, one) if (month_first and one <= 12) or other > 12 else (one, other)


def _placed(reading: Reading, match: re.Match[str], day: int, month: int, year: str | None) -> Spoken:
    inside = [i for i, token in enumerate(reading.tokens) if match.start() < token.end and token.start < match.end()]
    short = year is not None and len(year) == 2
    return Spoken(inside[0], inside[-1] + 1, day, month, None if year is None else int(year), short)
