"""What an operator can do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Dispatch:
    """Give what waits in a queue to the free runners of a pool."""

    queue: str
    pool: str


@dataclass(frozen=True, kw_only=True)
class Start:
    """Launch runners, one for each capacity, so that `under_way` launches of the pool are under way."""

    pool: str
    under_way: int
    capacities: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Keep:
    """Let the launcher hold this many warm runners of the pool."""

    pool: str
    runners: int


@dataclass(frozen=True, kw_only=True)
class Retire:
    """Give a runner nothing more; it leaves when it is empty."""

    runner_id: str
    why: str
    if_idle: bool = True
    """Leave it alone if it has been given a session meanwhile: nobody is cut off for a smaller fleet."""


@dataclass(frozen=True, kw_only=True)
class Fail:
    """Give up a launch whose runner never registered."""

    launch_id: str
    pool: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Clear:
    """Remove what is left of a runner whose process is over."""

    launch_id: str
    pool: str = ""
    why: str = ""
    """Empty where it ended well."""


@dataclass(frozen=True, kw_only=True)
class Remove:
    """End a process that should not be there."""

    launch_id: str
    why: str


Step = Dispatch | Start | Keep | Retire | Fail | Clear | Remove
