"""Where time comes from, so that tests can hold it in their hands."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Seconds since the Unix epoch, in UTC."""

    def now(self) -> float:
        """The present, in seconds since the epoch."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """The present, in seconds since the epoch."""
        return time.time()
