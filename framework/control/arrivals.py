"""How many sessions a second come to each pool: quick to rise, slow to fall."""

from __future__ import annotations

import math
from collections.abc import Mapping

FAST_S, SLOW_S = 5.0, 60.0
"""A rush is seen within seconds; what was needed a minute ago may be needed again."""
LEAST = 0.001
COUNTED = "joined:"


class Rate:
    """One rate: the larger of a quick and a slow moving average."""

    def __init__(self) -> None:
        self._fast = self._slow = 0.0

    def add(self, many: float, within_s: float) -> None:
        """So many came within the last so many seconds."""
        now = many / within_s
        self._fast += (now - self._fast) * -math.expm1(-within_s / FAST_S)
        self._slow += (now - self._slow) * -math.expm1(-within_s / SLOW_S)

    @property
    def per_s(self) -> float:
        """A second's worth; nothing where next to nothing comes."""
        rate = max(self._fast, self._slow)
        return rate if rate > LEAST else 0.0


class Arrivals:
    """The rates of all pools, from the store's counters."""

    def __init__(self) -> None:
        self._rates: dict[str, Rate] = {}
        self._before: dict[str, int] | None = None
        self._at = 0.0

    def count(self, counts: Mapping[str, int], now: float) -> dict[str, float]:
        """The rates, from the counters as they are now. The first look, and a store that forgot, tell nothing."""
        joined = {name.removeprefix(COUNTED): many for name, many in counts.items() if name.startswith(COUNTED)}
        before, within_s = self._before, now - self._at
        if before is not None and within_s > 0:
            for pool in {*joined, *self._rates}:
                came = joined.get(pool, 0) - before.get(pool, 0)
                self._rates.setdefault(pool, Rate()).add(max(0, came), within_s)
        if before is None or within_s > 0:
            self._before, self._at = joined, now
        return {pool: rate.per_s for pool, rate in self._rates.items() if rate.per_s}
