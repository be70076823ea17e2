"""Launchers: places where a runner can be started."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Launch:
    """A runner that is wanted. Its id is stored before anything is created, so that creating it twice is once."""

    launch_id: str
    """12 lower-case letters and digits."""
    pool: str
    capacity: int = 1
    environment: dict[str, str] = field(default_factory=dict)
    """What the runner must be told: settings, never secrets."""

    def told(self) -> dict[str, str]:
        """The environment that makes a process this very runner.

        >>> Launch(launch_id="a1b2c3d4e5f6", pool="shared.default.any").told()["CONVO_LAUNCH_ID"]
        'a1b2c3d4e5f6'
        """
        return {
            **self.environment,
            "CONVO_LAUNCH_ID": self.launch_id,
            "CONVO_POOL": self.pool,
            "CONVO_CAPACITY": str(self.capacity),
        }


@dataclass(frozen=True, kw_only=True)
class Launched:
    """A runner that a launcher has made, as the place where it runs sees it."""

    launch_id: str
    name: str
    """Of the process or Job, for people."""
    state: Literal["starting", "running", "gone", "failed"]
    reason: str = ""
    started_at: float = 0.0
    """Seconds since the epoch."""


class Launcher(ABC):
    """Starts runners somewhere. Every call has a deadline and raises `LauncherError` with a sentence when it fails."""

    name: str
    keeps_warm: bool = False
    """Whether `keep` makes the place itself hold a number of warm runners (a Kubernetes Deployment)."""

    async def open(self) -> None:  # noqa: B027 - a launcher without a connection has nothing to open
        """Connect; called once, before anything else."""

    async def close(self) -> None:  # noqa: B027 - nor to close
        """Disconnect. Runners go on; the local launcher's, being children, end."""

    @abstractmethod
    async def launch(self, launch: Launch) -> None:
        """Start a runner; one that exists already under this id is success."""

    @abstractmethod
    async def launched(self) -> Sequence[Launched]:
        """All runners that this launcher made and that have not been removed.

        It raises rather than leave one out because the place doesn't answer.
        """

    @abstractmethod
    async def remove(self, launch_id: str, *, grace_s: float) -> None:
        """Begin to end a runner, or remove what is left of it; one that isn't there is success.

        It doesn't wait for the grace: `launched` names the runner until it is gone.
        """

    @abstractmethod
    async def logs(self, launch_id: str, *, lines: int = 50) -> str:
        """The last lines it wrote; empty when there are none."""

    def keeps(self, pool: str) -> bool:  # noqa: ARG002 - a launcher may keep some pools and not others
        """Whether `keep` works for this pool; elsewhere warm runners are launched one by one."""
        return self.keeps_warm

    async def keep(self, pool: str, runners: int) -> None:
        """Hold this many warm runners of the pool; only where `keeps` says so."""
        raise NotImplementedError
