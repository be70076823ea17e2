"""When the clinic is open: pure arithmetic on days and times."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta

TIMES = {"morning": ("09:00", "10:30"), "afternoon": ("14:00", "15:30")}
SATURDAY = 5

Moment = tuple[date, str]
"""A day and a time of day."""


def is_open(day: date) -> bool:
    """From Monday to Friday."""
    return day.weekday() < SATURDAY


def working_days(*, after: date, count: int) -> list[date]:
    """The next days on which the clinic is open.

    >>> [day.isoformat() for day in working_days(after=date(2026, 11, 19), count=2)]
    ['2026-11-20', '2026-11-23']
    """
    days: list[date] = []
    day = after
    while len(days) < count:
        day += timedelta(days=1)
        if is_open(day):
            days.append(day)
    return days


def times(part: str | None) -> list[str]:
    """The times of a part of the day, or of the whole.

    >>> times("afternoon")
    ['14:00', '15:30']
    """
    return [time for name, listed in TIMES.items() if part in (None, name) for time in listed]


def free(days: Sequence[date], part: str | None, taken: Collection[Moment]) -> list[Moment]:
    """Every moment that is not taken, the earliest first."""
    return [(day, time) for day in days for time in times(part) if (day, time) not in taken]


def spoken(day: date) -> str:
    """A day as people say it.

    >>> spoken(date(2026, 11, 20))
    'Friday, November 20'
    """
    return f"{day:%A, %B} {day.day}"


def told(moments: Sequence[Moment], day: date | None) -> str:
    """One sentence about what is free.

    >>> told([(date(2026, 11, 20), "09:00"), (date(2026, 11, 20), "14:00")], None)
    'Free is Friday, November 20 at 09:00 and 14:00.'
    """
    if not moments:
        return f"There is nothing free on {spoken(day)}." if day else "There is nothing free in the next days."
    by_day: dict[date, list[str]] = {}
    for when, time in moments:
        by_day.setdefault(when, []).append(time)
    return f"Free is {', and '.join(f'{spoken(when)} at {_listed(hours)}' for when, hours in by_day.items())}."


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
