"""What an operator remembers from one look to the next: since when, how often, how fast."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from framework.control.arrivals import Arrivals
from framework.control.records import Runner
from framework.control.seen import Seen, Trouble, Underway
from framework.plugins.launchers import Launched

PAUSE_S, LONGEST_PAUSE_S = 2.0, 300.0
"""After the first failed launch of a row; it doubles with each further one."""
SETTLED_S = 20.0
"""A launched runner that has lived so long, or had a session, ends a row of failures."""
COLD_S = 10.0
"""How long a start is taken to last before one was measured."""
MINUTE_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Look:
    """What store and launcher answered."""

    runners: tuple[Runner, ...] = ()
    waiting: Mapping[str, int] = field(default_factory=dict)
    launches: Mapping[str, str] = field(default_factory=dict)
    """Launch → its pool."""
    launched: tuple[Launched, ...] | None = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    keeps: frozenset[str] = frozenset()
    settling: bool = False


@dataclass
class Row:
    """Failures of one pool, one after another."""

    failures: int = 0
    until: float = 0.0


class Memory:
    """Makes of a look what was seen. Its clock is its owner's, and only that one."""

    def __init__(self) -> None:
        self._arrivals = Arrivals()
        self._since: dict[tuple[str, str], float] = {}
        self._under_way: dict[str, str] = {}
        self._rows: dict[str, Row] = {}
        self._counted: set[str] = set()
        """Failed launches that the store may still have."""
        self._recent: deque[float] = deque()
        self._cold_s = COLD_S
        self._first = True

    def seen(self, look: Look, now: float) -> Seen:
        """What there is, and how long it has been so."""
        self._learn(look, now)
        launched_by = {runner.launch for runner in look.runners}
        strangers = [
            one.launch_id
            for one in look.launched or ()
            if one.launch_id not in look.launches and one.launch_id not in launched_by
        ]
        ages = self._ages("launch", look.launches, now)
        while self._recent and self._recent[0] <= now - MINUTE_S:
            self._recent.popleft()
        return Seen(
            runners=look.runners,
            idle_s=self._ages("idle", [one.runner_id for one in look.runners if not one.owned], now),
            waiting={pool: many for pool, many in look.waiting.items() if many},
            launches=tuple(
                Underway(launch_id=launch, pool=pool, age_s=ages[launch]) for launch, pool in look.launches.items()
            ),
            launched=look.launched,
            strangers_s=self._ages("stranger", strangers, now),
            keeps=look.keeps,
            arrivals=self._arrivals.count(look.counts, now),
            cold_s=self._cold_s,
            troubles={
                pool: Trouble(failures=row.failures, pause_s=max(0.0, row.until - now))
                for pool, row in self._rows.items()
            },
            recent=len(self._recent),
            settling=look.settling,
        )

    def started(self, many: int, now: float) -> None:
        """So many launches were made now."""
        self._recent.extend([now] * many)

    def failed(self, launch_id: str, pool: str, now: float) -> None:
        """A launch came to nothing; counted once."""
        if launch_id in self._counted:
            return
        self._counted.add(launch_id)
        row = self._rows.setdefault(pool, Row())
        row.failures += 1
        row.until = now + min(LONGEST_PAUSE_S, PAUSE_S * 2 ** min(row.failures - 1, 16))

    def _learn(self, look: Look, now: float) -> None:
        """Which launches came up since the last look, and which vanished: another operator may have given them up."""
        by_launch = {runner.launch: runner for runner in look.runners if runner.launch}
        for launch, pool in self._under_way.items():
            if launch in look.launches or look.settling:
                continue
            if launch not in by_launch:
                self.failed(launch, pool, now)
            elif (at := self._since.get(("launch", launch))) is not None:
                self._cold_s += ((now - at) - self._cold_s) * 0.3
        # Of launches that were under way at the first look nobody here knows when they began.
        self._under_way = {} if self._first else {**look.launches}
        self._first = False
        self._counted &= {*look.launches, *(one.launch_id for one in look.launched or ())}
        lived = self._ages("lived", by_launch, now)
        for launch, runner in by_launch.items():
            if runner.owned or lived[launch] >= SETTLED_S:
                self._rows.pop(runner.pool, None)

    def _ages(self, what: str, names: Iterable[str], now: float) -> dict[str, float]:
        """Since when each of them has been so; the others are forgotten."""
        wanted = {(what, name) for name in names}
        for key in [key for key in self._since if key[0] == what and key not in wanted]:
            del self._since[key]
        return {key[1]: now - self._since.setdefault(key, now) for key in wanted}
