"""`duration`: how long something takes."""

from __future__ import annotations

import datetime as dt
from datetime import date
from typing import Any, ClassVar

from pydantic import field_validator, model_validator
from typing_extensions import override

from framework.slots import keypad
from framework.slots.answers import asks, chosen, found, named_at, past_denial, shifted
from framework.slots.base import Found, Hearing, Kind, Options, Refused, SlotType
from framework.slots.date import locale
from framework.slots.languages import language_of
from framework.slots.phrases import sentence
from framework.slots.spans import Span, lengths_in, span_of
from framework.slots.tokens import read


class DurationOptions(Options):
    """Which lengths are taken."""

    min: str | None = None
    """The shortest, as `30m`, `1h30m`, `3d` or in ISO 8601 (`P6M`)."""
    max: str | None = None
    """The longest, written like `min`."""

    @field_validator("min", "max")
    @classmethod
    def _is_length(cls, limit: str | None) -> str | None:
        if limit is not None:
            span_of(limit)
        return limit

    @model_validator(mode="after")
    def _in_order(self) -> DurationOptions:
        if self.min is not None and self.max is not None and span_of(self.min).seconds > span_of(self.max).seconds:
            raise ValueError(f"`min` ({self.min}) is longer than `max` ({self.max})")
        return self


class Duration(SlotType):
    """A length of time."""

    name: ClassVar[str] = "duration"
    kind: ClassVar[Kind] = "duration"
    Options = DurationOptions

    @override
    def hear(self, text: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """A number of hours, days or other units, in words or figures, several in a row."""
        reading, language = read(text), language_of(hearing.language)
        if hearing.asked and (begin := past_denial(text, language)):
            return shifted(self.hear(text[begin:], options, hearing), begin)
        lengths = lengths_in(text, hearing.language)
        if not lengths or asks(reading, language):
            return None
        if hearing.asked:
            meant = chosen(reading, lengths, language)
        else:
            place = named_at(reading, hearing, language)
            named = [length for length in lengths if place and place[0] <= length.first <= place[1]]
            meant = named[0] if named else lengths[0] if hearing.sole and len(lengths) == 1 else None
        if meant is None:
            return None
        if problem := misfit(meant.span, options):
            return _refused(problem, hearing)
        return found(reading, meant.span.iso(), meant.first, meant.last, named=not hearing.asked)

    @override
    def check(self, value: Any, options: Any, today: date) -> Any:
        """A length in ISO 8601, or as flows write it (`1h30m`), within the limits."""
        if isinstance(value, dt.timedelta):
            value = Span(rest=round(value.total_seconds())).iso()
        if not isinstance(value, str):
            raise ValueError(f"a length of time such as `PT1H30M` is needed here, not `{value!r}`")  # noqa: TRY004
        span = span_of(value)
        if problem := misfit(span, options):
            raise ValueError(f"`{value}`: {sentence(problem[0], 'en', limit=problem[1])}")
        return span.iso()

    @override
    def spoken(self, value: Any, options: Any, language: str) -> str:
        """Its parts with their units."""
        return said(value, language)

    @override
    def keys(self, pressed: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """Minutes, or hours and minutes with `*` between them."""
        hours, star, minutes = keypad.closed(pressed).rpartition("*")
        if not minutes.isdecimal() or (star and not hours.isdecimal()):
            return None
        span = Span(rest=int(hours or 0) * 3600 + int(minutes) * 60)
        if problem := misfit(span, options):
            return _refused(problem, hearing)
        return keypad.found(pressed, span.iso())

    @override
    def words(self, options: Any, language: str) -> tuple[str, ...]:
        """Units and numbers."""
        known = language_of(language)
        return (*(unit for unit in known.spans.units if len(unit) > 3), *known.numbers.spoken)  # noqa: PLR2004

    @override
    def question(self, name: str, language: str) -> str:
        """Ask for it by the slot's name."""
        return sentence("ask_duration", language, name=name.replace("_", " "))


def _refused(problem: tuple[str, str], hearing: Hearing) -> Refused:
    return Refused(sentence(problem[0], hearing.language, limit=said(problem[1], hearing.language)))


def misfit(span: Span, options: DurationOptions) -> tuple[str, str] | None:
    """Why a length is refused, as the key of a sentence and its limit."""
    if options.min is not None and span.seconds < span_of(options.min).seconds:
        return "too_small", options.min
    if options.max is not None and span.seconds > span_of(options.max).seconds:
        return "too_large", options.max
    return None


def said(value: str, language: str) -> str:
    """A length as people say it.

    >>> said("PT1H30M", "en"), said("P2W", "es"), said("P1Y6M", "de")
    ('1 hour and 30 minutes', '2 semanas', '1 Jahr und 6 Monate')
    """
    from babel.lists import format_list  # noqa: PLC0415 - only sessions that speak a length pay for it
    from babel.units import format_unit  # noqa: PLC0415

    tag = locale(language)
    parts = [format_unit(count, unit, "long", locale=tag) for count, unit in _parts(span_of(value))]
    return format_list(parts, locale=tag)


def _parts(span: Span) -> list[tuple[int, str]]:
    if span.days and span.days % 7 == 0 and not span.months and not span.rest:
        return [(span.days // 7, "duration-week")]
    hours, rest = divmod(span.rest, 3600)
    counts = {
        "year": span.months // 12,
        "month": span.months % 12,
        "day": span.days,
        "hour": hours,
        "minute": rest // 60,
        "second": rest % 60,
    }
    found = [(count, f"duration-{unit}") for unit, count in counts.items() if count]
    return found or [(0, "duration-second")]
