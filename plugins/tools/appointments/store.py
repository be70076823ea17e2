"""The appointments' SQLite file, made when it is first opened."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Self, TypeVar

TABLES = """
create table if not exists appointments (
  day text not null, time text not null, patient text not null, primary key (day, time)
);
create unique index if not exists one_a_day on appointments (patient collate nocase, day);
"""

NEXT = """
select day, time from appointments where patient = ? collate nocase and day between ? and ? order by day limit 1
"""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Appointment:
    """A time that somebody has booked."""

    day: date
    time: str


class Store:
    """One connection, used by one thread at a time; SQLite blocks, so it never runs on the event loop."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._turn = threading.Lock()

    @classmethod
    async def open(cls, file: Path) -> Self:
        """Open a file, making what is missing."""
        return cls(await asyncio.to_thread(_prepared, file))

    async def taken(self, days: Sequence[date]) -> set[tuple[date, str]]:
        """The moments of these days that somebody has booked."""

        def look(connection: sqlite3.Connection) -> set[tuple[date, str]]:
            found: set[tuple[date, str]] = set()
            for day in days:
                rows = connection.execute("select time from appointments where day = ?", [day.isoformat()])
                found |= {(day, time) for (time,) in rows}
            return found

        return await self._do(look)

    async def book(self, patient: str, day: date, times: Sequence[str]) -> str | None:
        """The first of these times that is free, now the patient's; None when all are taken.

        A patient has one appointment a day: one that is among the times stays, another is moved.
        """

        def write(connection: sqlite3.Connection) -> str | None:
            connection.execute("begin immediate")  # two callers may want the same time at the same moment
            rows = connection.execute("select time, patient from appointments where day = ?", [day.isoformat()])
            taken = {time: owner.casefold() for time, owner in rows}
            mine = next((time for time in times if taken.get(time) == patient.casefold()), None)
            time = mine or next((time for time in times if time not in taken), None)
            if time and not mine:
                _replace(connection, patient, day, time)
            return time

        return await self._do(write)

    async def cancel(self, patient: str, day: date | None, today: date) -> Appointment | None:
        """Take the patient's appointment of that day away, or their next one; None when there is none."""

        def write(connection: sqlite3.Connection) -> Appointment | None:
            connection.execute("begin immediate")
            row = connection.execute(NEXT, [patient, (day or today).isoformat(), str(day or "9999")]).fetchone()
            if row is None:
                return None
            connection.execute("delete from appointments where day = ? and time = ?", row)
            return Appointment(date.fromisoformat(row[0]), row[1])

        return await self._do(write)

    async def close(self) -> None:
        """Let the file go."""
        await asyncio.to_thread(self._connection.close)

    async def _do(self, work: Callable[[sqlite3.Connection], Value]) -> Value:
        """Run `work` in a thread: as one transaction, and alone."""
        return await asyncio.to_thread(self._alone, work)

    def _alone(self, work: Callable[[sqlite3.Connection], Value]) -> Value:
        with self._turn, self._connection:
            return work(self._connection)


def _replace(connection: sqlite3.Connection, patient: str, day: date, time: str) -> None:
    mine = "delete from appointments where patient = ? collate nocase and day = ?"
    connection.execute(mine, [patient, day.isoformat()])
    connection.execute("insert into appointments values (?, ?, ?)", [day.isoformat(), time, patient])


def _prepared(file: Path) -> sqlite3.Connection:
    file.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(file, check_same_thread=False, timeout=5)
    connection.executescript(TABLES)
    return connection
