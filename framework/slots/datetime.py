"""`datetime`: a day and a time of day together."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar, Literal

from pydantic import field_validator
from typing_extensions import override

from framework.slots import keypad, time
from framework.slots.answers import asks, chosen, found, named_at
from framework.slots.base import Found, Hearing, Kind, Options, Refused, SlotType
from framework.slots.clock import Moment, minutes_of, times_in
from framework.slots.date import DateOptions, bound, in_words, preference
from framework.slots.dates import Spoken, days_in, in_keys, resolve
from framework.slots.languages import language_of
from framework.slots.languages.base import Language
from framework.slots.phrases import part, sentence
from framework.slots.spans import length_after
from framework.slots.tokens import Reading, read

_WRITTEN = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
DAY_KEYS, WHOLE = 8, 12
"""Keys of a day, and of a day and a time."""


def parts(written: str) -> tuple[date, int]:
    """Day and minutes from midnight of `2026-12-01T09:30`; `ValueError` with a sentence when it is none.

    >>> parts("2026-12-01T09:30")
    (datetime.date(2026, 12, 1), 570)
    """
    match = _WRITTEN.fullmatch(written)
    if match is None:
        raise ValueError(f"a day and time such as `2026-12-01T09:30` are needed here, not `{written}`")
    try:
        return date.fromisoformat(match[1]), time.minutes(match[2])
    except ValueError:
        raise ValueError(f"there is no `{written}`") from None


def written(day: date, minute: int) -> str:
    """The canonical form.

    >>> written(date(2026, 12, 1), 570)
    '2026-12-01T09:30'
    """
    return f"{day.isoformat()}T{time.written(minute)}"


class DateTimeOptions(Options):
    """Which moments are taken."""

    min: str | None = None
    """The first moment: `now`, a day as a date's `min` has it (`today`, `+2d`), or `2026-12-01T08:00`."""
    max: str | None = None
    """The last one, written like `min`; a day counts to its end."""
    prefer: Literal["past", "future"] | None = None
    """Which day is meant when the year is left out."""

    @field_validator("min", "max")
    @classmethod
    def _is_bound(cls, limit: str | None) -> str | None:
        if limit is not None and limit != "now" and not _WRITTEN.fullmatch(limit):
            bound(limit, date(2000, 1, 1))
        return limit

    def limit(self, which: Literal["min", "max"], today: date, now: dt.datetime | None) -> tuple[date, int] | None:
        """A limit as day and minute; None where there is none."""
        text = self.min if which == "min" else self.max
        if text is None:
            return None
        if text == "now" and now is not None:
            return now.date(), now.hour * 60 + now.minute
        if _WRITTEN.fullmatch(text):
            return parts(text)
        day = today if text == "now" else bound(text, today)
        return day, 0 if which == "min" else 24 * 60 - 1


@dataclass(frozen=True, slots=True)
class _Said:
    """Day and time that belong together, as words of the text."""

    day: Spoken | None
    moment: Moment | None

    @property
    def first(self) -> int:
        return min(part.first for part in (self.day, self.moment) if part)

    @property
    def last(self) -> int:
        return max(part.last for part in (self.day, self.moment) if part)


class DateTimeType(SlotType):
    """A day and a time of day."""

    name: ClassVar[str] = "datetime"
    kind: ClassVar[Kind] = "datetime"
    Options = DateTimeOptions

    @override
    def hear(self, text: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """A day and a time in any order, or a distance from now ("in half an hour")."""
        reading, language = read(text), language_of(hearing.language)
        if asks(reading, language):
            return None
        if (near := _from_now(reading, hearing, language)) is not None:
            moment, first, last = near
            return self._within(moment, options, hearing, found(reading, None, first, last, named=not hearing.asked))
        said = _meant(reading, hearing, language)
        if said is None:
            return None
        if said.day is None or said.moment is None:
            key = "which_date" if said.day is None else "which_time"
            return Refused(sentence(key, hearing.language)) if hearing.asked else None
        return self._whole(said, options, hearing, reading)

    def _whole(self, said: _Said, options: DateTimeOptions, hearing: Hearing, reading: Reading) -> Found | Refused:
        assert said.day is not None  # noqa: S101 - the caller looked
        assert said.moment is not None  # noqa: S101
        if said.day.day is None and said.day.month is not None:
            return Refused(sentence("which_day", hearing.language))
        limits = DateOptions(prefer=options.prefer) if options.prefer else DateOptions()
        day = resolve(said.day, hearing.today, preference(limits, hearing.today))
        if day is None:
            return Refused(sentence("no_such_day", hearing.language))
        fits = lambda minute: _misfit((day, minute), options, hearing.today, hearing.now) is None  # noqa: E731
        where = found(reading, None, said.first, said.last, named=not hearing.asked)
        return self._within((day, minutes_of(said.moment, fits)), options, hearing, where)

    def _within(self, moment: tuple[date, int], options: Any, hearing: Hearing, where: Found) -> Found | Refused:
        if problem := _misfit(moment, options, hearing.today, hearing.now):
            return Refused(sentence(problem[0], hearing.language, limit=said(problem[1], hearing.language)))
        return Found(written(*moment), where.start, where.end, where.named)

    @override
    def check(self, value: Any, options: Any, today: date) -> Any:
        """A day and time in ISO 8601, to the minute, within the limits."""
        if isinstance(value, dt.datetime):
            value = value.replace(tzinfo=None).isoformat()
        if not isinstance(value, str):
            raise ValueError(  # noqa: TRY004 - see `SlotType.check`
                f"a day and time such as `2026-12-01T09:30` are needed here, not `{value!r}`"
            )
        moment = parts(value)
        if problem := _misfit(moment, options, today, None):
            raise ValueError(f"`{value}`: {sentence(problem[0], 'en', limit=problem[1])}")
        return written(*moment)

    @override
    def spoken(self, value: Any, options: Any, language: str) -> str:
        """The day with the month in words, and the time."""
        return said(value, language)

    @override
    def masked(self, value: Any, options: Any, language: str) -> str:
        """The year alone."""
        return part("masked_date", language, year=str(value)[:4])

    @override
    def keys(self, pressed: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """Twelve keys: the day as for `date`, then hour and minute."""
        digits = keypad.digits(pressed)
        day = in_keys(digits[:DAY_KEYS], hearing.language) if len(digits) == WHOLE else None
        moment = time.TimeType().keys(digits[DAY_KEYS:], time.TimeOptions(), hearing)
        if day is None or not isinstance(moment, Found):
            return None
        whole = resolve(day, hearing.today, "")
        if whole is None:
            return Refused(sentence("no_such_day", hearing.language))
        where = Found(None, 0, len(pressed))
        return self._within((whole, time.minutes(moment.value)), options, hearing, where)

    @override
    def presses(self, options: Any, hearing: Hearing) -> int:
        """Day, month, year, hour and minute."""
        return WHOLE

    @override
    def words(self, options: Any, language: str) -> tuple[str, ...]:
        """Those of days and of times."""
        dates = language_of(language).dates
        days = tuple(word for word in (*dates.months, *dates.weekdays) if len(word) >= 4)  # noqa: PLR2004
        return (*days, *time.TimeType().words(None, language))

    @override
    def question(self, name: str, language: str) -> str:
        """Ask for it by the slot's name."""
        return sentence("ask_datetime", language, name=name.replace("_", " "))


def said(value: str, language: str) -> str:
    """A moment as people say it; one that is no moment as it stands.

    >>> said("2026-12-01T09:30", "en"), said("2026-12-01T15:00", "de")
    ('December 1st, 2026 at 9:30 AM', '1. Dezember 2026 um 15 Uhr')
    """
    day, minute = parts(value)
    at = time.said(time.written(minute), language)
    return language_of(language).sentences["at"].format(day=in_words(day, language), time=at)


def _misfit(
    moment: tuple[date, int], options: DateTimeOptions, today: date, now: dt.datetime | None
) -> tuple[str, str] | None:
    first, last = options.limit("min", today, now), options.limit("max", today, now)
    if first is not None and moment < first:
        return "too_soon", written(*first)
    return ("too_far", written(*last)) if last is not None and moment > last else None


def _from_now(reading: Reading, hearing: Hearing, language: Language) -> tuple[tuple[date, int], int, int] | None:
    """Now, or so many hours or minutes from now."""
    if hearing.now is None or not (hearing.asked or hearing.sole):
        return None
    if (place := language.clock.now.find(reading.words)) and hearing.asked and not times_in(reading.text, language.tag):
        return _moved(hearing.now, 0), *place
    for index in range(len(reading.words)):
        if near := length_after(reading, index, language):
            return _moved(hearing.now, near.seconds), index, near.last
    return None


def _moved(now: dt.datetime, seconds: float) -> tuple[date, int]:
    then = now + timedelta(seconds=seconds)
    return then.date(), then.hour * 60 + then.minute


def _meant(reading: Reading, hearing: Hearing, language: Language) -> _Said | None:
    """The day and the time that are meant; of several, the last after "no, sorry"."""
    times = time.surest(times_in(reading.text, hearing.language))
    days = _days(reading, times, hearing)
    times = [moment for moment in times if not any(_overlap(moment, day) for day in days)]
    day, moment = chosen(reading, days, language), chosen(reading, times, language)
    if day is None and moment is None:
        return None
    whole = _Said(day, moment)
    if hearing.asked:
        return whole
    place = named_at(reading, hearing, language)
    named = place is not None and place[0] <= whole.first <= place[1]
    return whole if named or (hearing.sole and moment is not None and moment.sure > 1) else None


def _days(reading: Reading, times: list[Moment], hearing: Hearing) -> list[Spoken]:
    """Days that are no part of a time: in "on the ninth at ten", only the ninth."""
    sure = [moment for moment in times if moment.sure > 1]
    return [
        day
        for day in days_in(_without(reading, sure), hearing.language)
        if day.shift is None or day.shift[1] in "dwfmy"
    ]


def _without(reading: Reading, times: list[Moment]) -> str:
    """The text with a full stop in place of every word of a time, so that all other words keep their number."""
    taken = {index for moment in times for index in range(moment.first, moment.last)}
    text = reading.text
    for index in sorted(taken, reverse=True):
        start, end = reading.tokens[index].start, reading.tokens[index].end
        text = f"{text[:start]}{'x' * (end - start)}{text[end:]}"
    return text


def _overlap(one: Moment, other: Spoken) -> bool:
    return one.first < other.last and other.first < one.last
