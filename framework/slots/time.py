"""`time`: a time of day, as people say and write it."""

from __future__ import annotations

import datetime as dt
import re
from datetime import date
from typing import Any, ClassVar

from pydantic import field_validator, model_validator
from typing_extensions import override

from framework.slots import keypad
from framework.slots.answers import asks, chosen, found, named_at
from framework.slots.base import Found, Hearing, Kind, Options, Refused, SlotType
from framework.slots.clock import Moment, minutes_of, times_in
from framework.slots.languages import language_of
from framework.slots.phrases import sentence
from framework.slots.tokens import read

_WRITTEN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::[0-5]\d(?:\.\d+)?)?")
HOURS, WHOLE = 3, 4
"""Keys of a time: 930 or 0930."""


def minutes(written: str) -> int:
    """Minutes from midnight of `09:30`; `ValueError` with a sentence when it is no time.

    >>> minutes("09:30")
    570
    """
    match = _WRITTEN.fullmatch(written)
    if match is None:
        raise ValueError(f"a time such as `09:30` is needed here, not `{written}`")
    return int(match[1]) * 60 + int(match[2])


def written(minute: int) -> str:
    """The canonical form of a time.

    >>> written(570)
    '09:30'
    """
    return f"{minute // 60:02}:{minute % 60:02}"


def said(written_time: str, language: str) -> str:
    """A time as people say it.

    >>> said("09:30", "en"), said("15:00", "es"), said("15:30", "de")
    ('9:30 AM', 'las 3 de la tarde', '15 Uhr 30')
    """
    return language_of(language).clock.say(*divmod(minutes(written_time), 60))


class TimeOptions(Options):
    """Which times are taken."""

    min: str | None = None
    """The earliest time, such as `08:00`. Limits also tell which half of the day "at three" means."""
    max: str | None = None
    """The latest time, written like `min`."""

    @field_validator("min", "max")
    @classmethod
    def _is_time(cls, limit: str | None) -> str | None:
        if limit is not None:
            minutes(limit)
        return limit

    @model_validator(mode="after")
    def _in_order(self) -> TimeOptions:
        if self.min is not None and self.max is not None and minutes(self.min) > minutes(self.max):
            raise ValueError(f"`min` ({self.min}) is after `max` ({self.max})")
        return self

    def fits(self, minute: int) -> bool:
        """Whether a time lies within the limits."""
        return misfit(minute, self) is None


def misfit(minute: int, options: TimeOptions) -> tuple[str, str] | None:
    """Why a time is refused, as the key of a sentence and its limit."""
    if options.min is not None and minute < minutes(options.min):
        return "too_soon", options.min
    if options.max is not None and minute > minutes(options.max):
        return "too_far", options.max
    return None


class TimeType(SlotType):
    """A time of day."""

    name: ClassVar[str] = "time"
    kind: ClassVar[Kind] = "time"
    Options = TimeOptions

    @override
    def hear(self, text: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """A time in words or figures; without "am" or "pm", the half of the day that fits the limits."""
        moment = _meant(text, hearing)
        if moment is None:
            return None
        minute = minutes_of(moment, options.fits)
        if problem := misfit(minute, options):
            return _refused(problem, hearing)
        return found(read(text), written(minute), moment.first, moment.last, named=not hearing.asked)

    @override
    def check(self, value: Any, options: Any, today: date) -> Any:
        """A time such as `09:30`, within the limits; seconds are left out."""
        if isinstance(value, dt.time):
            value = value.isoformat("minutes")
        if not isinstance(value, str):
            raise ValueError(f"a time such as `09:30` is needed here, not `{value!r}`")  # noqa: TRY004
        minute = minutes(value)
        if problem := misfit(minute, options):
            raise ValueError(f"`{value}`: {sentence(problem[0], 'en', limit=problem[1])}")
        return written(minute)

    @override
    def spoken(self, value: Any, options: Any, language: str) -> str:
        """The time, in a form that cannot mean the other half of the day."""
        return said(value, language)

    @override
    def keys(self, pressed: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """Hour and minute as three or four keys, by the clock of 24 hours."""
        digits = keypad.digits(pressed)
        if len(digits) not in {HOURS, WHOLE} or int(digits[-2:]) >= 60 or int(digits) >= 2400:  # noqa: PLR2004
            return None
        minute = int(digits[:-2]) * 60 + int(digits[-2:])
        if problem := misfit(minute, options):
            return _refused(problem, hearing)
        return keypad.found(pressed, written(minute))

    @override
    def presses(self, options: Any, hearing: Hearing) -> int:
        """Hour and minute in four keys."""
        return WHOLE

    @override
    def words(self, options: Any, language: str) -> tuple[str, ...]:
        """Parts of the day, and what stands before and after the hour."""
        known = language_of(language)
        return (*known.clock.fixed, *known.clock.parts, *known.numbers.spoken)

    @override
    def question(self, name: str, language: str) -> str:
        """Ask for it by the slot's name."""
        return sentence("ask_time", language, name=name.replace("_", " "))


def _refused(problem: tuple[str, str], hearing: Hearing) -> Refused:
    return Refused(sentence(problem[0], hearing.language, limit=said(problem[1], hearing.language)))


def _meant(text: str, hearing: Hearing) -> Moment | None:
    """The time that is meant; a bare number only as an answer, and only when nothing tells more."""
    reading, language = read(text), language_of(hearing.language)
    if asks(reading, language):
        return None
    times = times_in(text, hearing.language)
    if not hearing.asked:
        place = named_at(reading, hearing, language)
        named = [time for time in times if place and place[0] <= time.first <= place[1]]
        return named[0] if named else _only([time for time in times if time.sure > 1], hearing)
    return chosen(reading, surest(times), language)


def _only(times: list[Moment], hearing: Hearing) -> Moment | None:
    return times[0] if hearing.sole and len(times) == 1 else None


def surest(times: tuple[Moment, ...]) -> list[Moment]:
    """Those that are times as certainly as any of them; bare numbers only if there is nothing else."""
    sure = min(1, max((time.sure for time in times), default=0))
    return [time for time in times if time.sure >= sure]
