"""What an operator sees in one look: the store, the launcher, and how long things have been so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from framework.control.records import Runner
from framework.plugins.launchers import Launched

COLD, WARM = "c", "w"
"""How the id of a launch begins: a cold runner has one slot and leaves after its session, a warm one has several."""


@dataclass(frozen=True, kw_only=True)
class Underway:
    """A launch whose runner has not registered yet."""

    launch_id: str
    pool: str
    age_s: float = 0.0

    @property
    def cold(self) -> bool:
        """Whether it is a runner for one session."""
        return self.launch_id.startswith(COLD)


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Launches of one pool that failed one after another."""

    failures: int
    pause_s: float = 0.0
    """How long to wait still; then one launch is tried, and no more until it has come up."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One look at everything. Durations were measured by whoever looked, so that no two clocks are compared."""

    runners: tuple[Runner, ...] = ()
    idle_s: Mapping[str, float] = field(default_factory=dict)
    """Runner → how long it has had no session."""
    waiting: Mapping[str, int] = field(default_factory=dict)
    """Pool → sessions in its queue."""
    launches: tuple[Underway, ...] = ()
    launched: tuple[Launched, ...] | None = ()
    """What the launcher has; `None`: there is none, or it does not answer. Then nothing is launched or removed."""
    strangers_s: Mapping[str, float] = field(default_factory=dict)
    """Launch → how long the launcher has had it, while the store knows neither it nor a runner of it."""
    keeps: frozenset[str] = frozenset()
    """Pools of which the launcher itself holds a number of warm runners."""
    arrivals: Mapping[str, float] = field(default_factory=dict)
    """Pool → sessions a second, smoothed."""
    cold_s: float = 10.0
    """From a launch to the registration of its runner, as of late."""
    troubles: Mapping[str, Trouble] = field(default_factory=dict)
    recent: int = 0
    """Launches that this operator made in the last minute."""
    settling: bool = False
    """The store has just restarted, or nobody swept it for long: runners that are missing may only be late."""
