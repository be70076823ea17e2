"""The room where bots meet: a server that notes who comes, speaks and goes, and sends nobody away.

    python witness.py LOG    # prints its port, and writes a line for all that it sees

It is a process of its own, so that what it sees first came first. A line is `[turn, time, connection, what, …]`: all
that was read in one turn of its loop came at about the same moment.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SAID = "@"
"""Begins the moment at which a word was said, by the speaker's clock."""


@dataclass
class Guest:
    """A bot that was in the room, on one connection."""

    session: str
    epoch: int
    role: str
    came: tuple[int, float]
    """Turn of the witness, and the time of day."""
    words: list[tuple[int, float]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    """Ids of the orders that it spoke."""
    gone: tuple[int, float] | None = None


@dataclass
class Book:
    """What a witness has written, read as far as it goes."""

    path: Path
    guests: dict[int, Guest] = field(default_factory=dict)
    _read: int = 0

    def look(self) -> Book:
        """Read what is new."""
        with self.path.open("rb") as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._read += len(line)
                self._take(*json.loads(line))
        return self

    def of(self, session: str) -> list[Guest]:
        """Those who came for a session, in order."""
        return sorted((guest for guest in self.guests.values() if guest.session == session), key=lambda g: g.came)

    @property
    def present(self) -> list[Guest]:
        """Those who are there."""
        return [guest for guest in self.guests.values() if guest.gone is None]

    def _take(self, turn: int, at: float, connection: int, what: str, *more: object) -> None:
        if what == "join":
            session, epoch, role = more
            self.guests[connection] = Guest(str(session), int(str(epoch)), str(role), (turn, at))
        elif guest := self.guests.get(connection):
            if what == "word":
                # A busy witness hears a word after it was said; the speaker's clock is this machine's, too.
                orders = [str(one) for one in more if not str(one).startswith(SAID)]
                times = [float(str(one).removeprefix(SAID)) for one in more if str(one).startswith(SAID)]
                guest.words.append((turn, min([at, *times])))
                guest.said += orders
            elif what == "gone":
                guest.gone = (turn, at)


class Room:
    """The server."""

    def __init__(self, log: Path) -> None:
        self._selector = selectors.DefaultSelector()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._listening.setblocking(False)
        self._selector.register(self._listening, selectors.EVENT_READ)
        self._partial: dict[socket.socket, bytes] = {}
        self._number: dict[socket.socket, int] = {}
        self._log = log.open("ab")
        self._turn = 0

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    def serve(self) -> None:
        while True:
            ready = [key.fileobj for key, _ in self._selector.select()]
            self._turn += 1
            for one in ready:
                if one is self._listening:
                    self._accept()
                else:
                    self._hear(one)  # type: ignore[arg-type]
            self._log.flush()

    def _accept(self) -> None:
        guest, _ = self._listening.accept()
        guest.setblocking(False)
        self._number[guest] = len(self._number) + 1
        self._partial[guest] = b""
        self._selector.register(guest, selectors.EVENT_READ)

    def _hear(self, guest: socket.socket) -> None:
        try:
            heard = guest.recv(65536)
        except OSError:
            heard = b""
        *lines, self._partial[guest] = (self._partial[guest] + heard).split(b"\n")
        for line in lines:
            self._note(guest, *_read(line))
            if line.startswith(b"join"):
                guest.send(b"welcome\n")
        if not heard:
            self._note(guest, "gone")
            self._selector.unregister(guest)
            guest.close()

    def _note(self, guest: socket.socket, what: str, *more: str) -> None:
        line = json.dumps([self._turn, time.time(), self._number[guest], what, *more])
        self._log.write(line.encode() + b"\n")


def _read(line: bytes) -> Iterator[str]:
    yield from line.decode().split(" ")


if __name__ == "__main__":
    room = Room(Path(sys.argv[1]))
    sys.stdout.write(f"{room.port}\n")
    sys.stdout.flush()
    room.serve()
