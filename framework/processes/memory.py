"""How much memory a process takes, its share of shared pages counted in."""

from __future__ import annotations

from pathlib import Path

_KB_PER_MB = 1024


def rollup(pid: int) -> dict[str, float]:
    """What the kernel says about a process's memory, in megabytes; empty where it doesn't, or the process is gone.

    `Pss` counts a page that n processes share as an nth; `Private_Clean` and `Private_Dirty` would be freed with it.
    """
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()[1:]
    except OSError:
        return {}
    parts = (text.split() for text in lines)
    return {name.rstrip(":"): int(size) / _KB_PER_MB for name, size, *_ in parts}


def pss_mb(pid: int) -> float:
    """A process's proportional share of memory, in megabytes; 0 where the system doesn't say."""
    return round(rollup(pid).get("Pss", 0.0), 1)


def uss_mb(pid: int) -> float:
    """What would be freed if the process ended, in megabytes; 0 where the system doesn't say."""
    known = rollup(pid)
    return round(known.get("Private_Clean", 0.0) + known.get("Private_Dirty", 0.0), 1)
