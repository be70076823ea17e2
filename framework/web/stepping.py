"""Begin a coroutine where one stands, without a task: most of what is written to a socket never has to wait."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import Any


class Unfinished:
    """A coroutine that has begun and waits for something; await it to finish it."""

    def __init__(self, coroutine: Coroutine[Any, Any, None], waits_for: Any) -> None:
        self._coroutine = coroutine
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        """Go on where it stands, in the task that awaits this."""
        try:
            while True:
                try:
                    found = yield self._waits_for
                except BaseException as error:  # noqa: BLE001 - a cancellation, too, is the coroutine's to hear
                    self._waits_for = self._coroutine.throw(error)
                else:
                    self._waits_for = self._coroutine.send(found)
        except StopIteration:
            return

    def close(self) -> None:
        """Give it up."""
        self._coroutine.close()


def begin(coroutine: Coroutine[Any, Any, None]) -> Unfinished | None:
    """Run a coroutine until it has to wait; `None` if it didn't have to.

    >>> async def at_once(): pass
    >>> begin(at_once()) is None
    True
    """
    try:
        waits_for = coroutine.send(None)
    except StopIteration:
        return None
    return Unfinished(coroutine, waits_for)
