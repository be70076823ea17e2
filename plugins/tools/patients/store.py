"""The patients' SQLite file: made and filled with a few people when it is first opened."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import unicodedata
from collections.abc import Callable
from datetime import date
from difflib import SequenceMatcher
from pathlib import Path
from typing import Self, TypeVar

TABLES = """
create table if not exists patients (name text not null, born text not null, unique (name, born));
create table if not exists calls (key text primary key, name text not null, day text not null, reason text not null);
"""

PEOPLE = (
    ("Ada Lovelace", "1985-03-03"),
    ("Ada Lovelace", "1985-12-10"),  # two people may share a name: that is why the date of birth is asked
    ("Alan Turing", "1982-06-23"),
    ("Grace Hopper", "1976-12-09"),
    ("Katherine Johnson", "1968-08-26"),
    ("Edsger Dijkstra", "1990-05-11"),
    ("Hedy Lamarr", "1994-11-09"),
)

Value = TypeVar("Value")


class Store:
    """One connection, used by one thread at a time; SQLite blocks, so it never runs on the event loop."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._turn = threading.Lock()

    @classmethod
    async def open(cls, file: Path) -> Self:
        """Open a file, making what is missing."""
        return cls(await asyncio.to_thread(_prepared, file))

    async def patient(self, name: str, born: date, likeness: float) -> str | None:
        """The name on file of whoever was born that day and is called nearly so."""

        def look(connection: sqlite3.Connection) -> str | None:
            rows = connection.execute("select name from patients where born = ?", [born.isoformat()])
            alike = [(_likeness(name, known), known) for (known,) in rows]
            best, known = max(alike, default=(0.0, None))
            return known if best >= likeness else None

        return await self._do(look)

    async def note(self, key: str, name: str, day: date, reason: str) -> None:
        """Write a call down, once for each key."""

        def write(connection: sqlite3.Connection) -> None:
            row = [key or f"{name}/{day}", name, day.isoformat(), reason]
            connection.execute("insert or ignore into calls values (?, ?, ?, ?)", row)

        await self._do(write)

    async def close(self) -> None:
        """Let the file go."""
        await asyncio.to_thread(self._connection.close)

    async def _do(self, work: Callable[[sqlite3.Connection], Value]) -> Value:
        """Run `work` in a thread: as one transaction, and alone."""
        return await asyncio.to_thread(self._alone, work)

    def _alone(self, work: Callable[[sqlite3.Connection], Value]) -> Value:
        with self._turn, self._connection:
            return work(self._connection)


def _prepared(file: Path) -> sqlite3.Connection:
    file.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(file, check_same_thread=False, timeout=5)
    connection.executescript(TABLES)
    connection.executemany("insert or ignore into patients (name, born) values (?, ?)", PEOPLE)
    connection.commit()
    return connection


def _likeness(heard: str, known: str) -> float:
    """From 0 to 1: the same letters, whatever their case and accents."""
    return SequenceMatcher(None, _plain(heard), _plain(known)).ratio()


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(c if c.isalpha() else " " for c in letters if not unicodedata.combining(c)).split())
