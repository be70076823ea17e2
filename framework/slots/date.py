"""`date`: a day, as people say and write it."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import field_validator
from typing_extensions import override

from framework.slots import keypad
from framework.slots.answers import REACH, asks, chosen, core, found, named_at
from framework.slots.base import Found, Hearing, Kind, Options, Refused, SlotType
from framework.slots.dates import Prefer, Spoken, days_in, in_keys, moved, resolve
from framework.slots.languages import language_of
from framework.slots.languages.base import Language
from framework.slots.phrases import part, sentence
from framework.slots.tokens import Reading, read

WHOLE = 8
"""Keys of a day, a month and a year."""
SHORTEST = 4
"""Letters in a month or weekday that a recogniser should lean towards; abbreviations are never said."""
_BOUND = re.compile(r"(?:today)?\s*(?:([+-])\s*(\d{1,5})\s*([dwmy]))?")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


def bound(text: str, today: date) -> date:
    """A limit of a slot as a day; `ValueError` with a sentence when it is none.

    >>> bound("+30d", date(2026, 11, 21)), bound("2026-12-01", date(2026, 11, 21))
    (datetime.date(2026, 12, 21), datetime.date(2026, 12, 1))
    """
    if _ISO.fullmatch(text):
        return _day(text)
    match = _BOUND.fullmatch(text.strip())
    if match is None or not text.strip():
        raise ValueError(f"`{text}` is no limit for a date: write `today`, `+30d`, `-18y` or `2026-12-01`")
    if match[1] is None:
        return today
    return moved(today, int(match[1] + match[2]), match[3])


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"there is no day `{text}`") from None


class DateOptions(Options):
    """Which days are taken."""

    min: str | None = None
    """The first day: `today`, `+30d`, `-2w`, `-6m`, `-18y` or `2026-12-01`."""
    max: str | None = None
    """The last day, written like `min`."""
    prefer: Literal["past", "future"] | None = None
    """Which day is meant when the year is left out; `past` for dates of birth."""

    @field_validator("min", "max")
    @classmethod
    def _is_bound(cls, limit: str | None) -> str | None:
        if limit is not None:
            bound(limit, date(2000, 1, 1))
        return limit


class DateType(SlotType):
    """A day."""

    name: ClassVar[str] = "date"
    kind: ClassVar[Kind] = "date"
    Options = DateOptions

    @override
    def hear(self, text: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """A day in words or figures, near today or in the calendar."""
        reading, language = read(text), language_of(hearing.language)
        said = days_in(text, hearing.language)
        if not said or asks(reading, language):
            return None
        meant = _asked(reading, said, language) if hearing.asked else _in_passing(reading, said, hearing, language)
        if meant is None:
            return None
        day = self._day(meant, options, hearing)
        return (
            day if isinstance(day, Refused) else found(reading, day, meant.first, meant.last, named=not hearing.asked)
        )

    def _day(self, meant: Spoken, options: DateOptions, hearing: Hearing) -> str | Refused:
        """The day that is meant, in canonical form, or why it isn't taken."""
        if meant.day is None and meant.month is not None:
            return Refused(sentence("which_day", hearing.language))
        day = resolve(meant, hearing.today, preference(options, hearing.today))
        if day is None:
            return Refused(sentence("no_such_day", hearing.language))
        if problem := misfit(day, options, hearing.today):
            key, limit = problem
            return Refused(sentence(key, hearing.language, limit=in_words(limit, hearing.language)))
        return day.isoformat()

    @override
    def check(self, value: Any, options: Any, today: date) -> Any:
        """A day in ISO 8601, within the limits."""
        if isinstance(value, date):
            value = value.isoformat()[:10]
        if not isinstance(value, str) or not _ISO.fullmatch(value):
            raise ValueError(f"a day such as `2026-12-01` is needed here, not `{value!r}`")
        day = _day(value)
        if problem := misfit(day, options, today):
            raise ValueError(f"`{value}`: {sentence(problem[0], 'en', limit=problem[1].isoformat())}")
        return value

    @override
    def spoken(self, value: Any, options: Any, language: str) -> str:
        """The day with the month in words."""
        return in_words(date.fromisoformat(value), language)

    @override
    def keys(self, pressed: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """Eight keys, or six with a short year: day, month, year, the month first where people write it first."""
        said = in_keys(keypad.digits(pressed), hearing.language)
        if said is None:
            return None
        heard = self._day(said, options, hearing)
        return heard if isinstance(heard, Refused) else keypad.found(pressed, heard)

    @override
    def presses(self, options: Any, hearing: Hearing) -> int:
        """Day, month and year in eight keys."""
        return WHOLE

    @override
    def masked(self, value: Any, options: Any, language: str) -> str:
        """The year alone."""
        return part("masked_date", language, year=str(value)[:4])

    @override
    def words(self, options: Any, language: str) -> tuple[str, ...]:
        """Months and weekdays."""
        dates = language_of(language).dates
        return tuple(word for word in (*dates.months, *dates.weekdays) if len(word) >= SHORTEST)

    @override
    def question(self, name: str, language: str) -> str:
        """Ask for it by the slot's name."""
        return sentence("ask_date", language, name=name.replace("_", " "))


def preference(options: DateOptions, today: date) -> Prefer:
    """Which way to look for a day without a year: as the flow says, else where the limits leave room.

    >>> preference(DateOptions(max="today"), date(2026, 11, 21))
    'past'
    """
    if options.prefer:
        return options.prefer
    if options.max is not None and bound(options.max, today) <= today:
        return "past"
    return "future" if options.min is not None and bound(options.min, today) >= today else ""


def misfit(day: date, options: DateOptions, today: date) -> tuple[str, date] | None:
    """Why a day is refused, as the key of a sentence and its limit."""
    if options.min is not None and day < (first := bound(options.min, today)):
        return "too_early", first
    if options.max is not None and day > (last := bound(options.max, today)):
        return "too_late", last
    return None


def in_words(day: date, language: str) -> str:
    """A day as people say it.

    >>> in_words(date(1985, 3, 3), "en"), in_words(date(1985, 3, 3), "es"), in_words(date(1985, 3, 3), "de")
    ('March 3rd, 1985', '3 de marzo de 1985', '3. März 1985')
    """
    from babel.dates import format_date  # noqa: PLC0415 — only sessions that speak a date pay for it

    tag = locale(language)
    if tag.startswith("en"):
        return f"{format_date(day, 'MMMM', tag)} {day.day}{_ending(day.day)}, {day.year}"
    return format_date(day, "long", tag)


def locale(language: str) -> str:
    """The tag of a language as Babel knows it; English for one that it does not know."""
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 — see `in_words`

    for tag in (language.replace("-", "_"), language.replace("_", "-").split("-")[0]):
        try:
            return str(Locale.parse(tag))
        except (UnknownLocaleError, ValueError):
            continue
    return "en"


def _ending(day: int) -> str:
    return {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}.get(day, "th")


def _asked(reading: Reading, said: tuple[Spoken, ...], language: Language) -> Spoken | None:
    """The day that is meant: the last one after "no, sorry"; a bare "the ninth" only as the whole answer."""
    first, last = core(reading, language)
    days = [day for day in said if not _of_month(day) or _wanted(reading, day, first, last, language)]
    return chosen(reading, days, language)


def _of_month(day: Spoken) -> bool:
    return day.day is not None and day.month is None and day.weekday is None and day.shift is None and not day.feast


def _wanted(reading: Reading, day: Spoken, first: int, last: int, language: Language) -> bool:
    """Whether a bare day of the month ends the answer: "the ninth", "I'd like the ninth", not "the first time"."""
    return day.last >= last and (day.first == first or reading.words[day.first] in language.dates.leads)


def _in_passing(reading: Reading, said: tuple[Spoken, ...], hearing: Hearing, language: Language) -> Spoken | None:
    """A day that follows the slot's name; any whole day when no other slot could have it."""
    place = named_at(reading, hearing, language) or _birth(reading, hearing, language)
    for day in said:
        if place and place[0] <= day.first <= place[1]:
            return day
    if hearing.sole:
        first, last = core(reading, language)
        return next((day for day in said if day.whole or _wanted(reading, day, first, last, language)), None)
    return None


def _birth(reading: Reading, hearing: Hearing, language: Language) -> tuple[int, int] | None:
    """Between which words a day must begin that follows "born on", for slots that hold a date of birth."""
    if not any(part in hearing.name for part in ("born", "birth", "dob")):
        return None
    place = language.dates.birth.find(reading.words)
    return place and (place[1], place[1] + REACH)
