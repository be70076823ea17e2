"""What a store needs to be, so that nothing it has accepted is lost, and what is wrong with this one."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Literal

from framework.control.connection import Connection
from framework.errors import StoreError

OLDEST = (6, 2)
SKEW_S = 1.0
"""Difference of clocks from which on it is said: deadlines are the store's, `not_after` is the caller's."""
NEARLY_FULL = 0.8

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing about the store that was looked at."""

    level: Level
    what: str
    fix: str = ""


async def examine(connection: Connection) -> list[Finding]:
    """Look at a store; raises nothing: a store that can't be asked is a finding."""
    if connection.run_id:
        says = "the store is embedded in this process: nothing in it survives the process"
        return [Finding(level="ok", what=says, fix="Set REDIS_URL where sessions are to survive a restart.")]
    try:
        before = time.time()
        seconds, micros = await connection.do("TIME")
        after = time.time()
        info = _fields(await connection.do("INFO"))
    except StoreError as error:
        return [Finding(level="error", what=error.message, fix=error.fix)]
    skew = _skew(int(seconds) + int(micros) / 1_000_000, before, after)
    settings = await _settings(connection)
    return [
        _version(info),
        _clock(skew),
        *_persistence(settings, info),
        _eviction(settings, info),
        *_memory(info),
        *_role(info),
    ]


def _version(info: dict[str, str]) -> Finding:
    """Valkey calls itself Redis 7.2 in `redis_version`, and itself in a field of its own."""
    found = info.get("redis_version", "0")
    name = f"Valkey {info['valkey_version']}" if "valkey_version" in info else f"Redis {found}"
    numbers = tuple(int(part) for part in found.split(".")[:2] if part.isdecimal())
    if numbers >= OLDEST:
        return Finding(level="ok", what=f"{name} answers")
    return Finding(level="error", what=f"{name} is too old", fix="Install Redis 6.2 or newer, or Valkey.")


def _skew(theirs: float, before: float, after: float) -> float:
    """Seconds by which the store's clock differs from ours, whenever it looked at it between our two looks.

    >>> _skew(12.0, 10.0, 10.5), _skew(10.2, 10.0, 10.5), _skew(7.0, 10.0, 10.5)
    (1.5, 0.0, -3.0)
    """
    return theirs - after if theirs > after else min(0.0, theirs - before)


def _clock(skew: float) -> Finding:
    if abs(skew) <= SKEW_S:
        return Finding(level="ok", what="its clock agrees with this machine's")
    where = "ahead of" if skew > 0 else "behind"
    says = f"its clock is {abs(skew):.1f} s {where} this machine's: `not_after` of a request means another moment there"
    return Finding(level="warning", what=says, fix="Run a time service (NTP) on both machines.")


def _persistence(settings: dict[str, str] | None, info: dict[str, str]) -> list[Finding]:
    if info.get("aof_enabled") != "1":
        says = "it keeps no append-only file: a restart loses sessions and orders that it has accepted"
        return [Finding(level="error", what=says, fix="Set `appendonly yes` and `appendfsync always`.")]
    found = []
    if info.get("aof_last_write_status", "ok") != "ok":
        found.append(
            Finding(level="error", what="it can't write its append-only file", fix="See Redis' log; is the disk full?")
        )
    if settings is None:
        says = "it writes an append-only file; how often to the disk it does not say (CONFIG is refused)"
        return [*found, Finding(level="warning", what=says, fix="See that `appendfsync` is `always`.")]
    if (fsync := settings.get("appendfsync", "")) == "always":
        return [*found, Finding(level="ok", what="what it has accepted is on its disk (appendfsync always)")]
    lost = "the last second" if fsync == "everysec" else "about half a minute"
    says = f"a loss of power loses {lost} of what it has accepted (appendfsync {fsync})"
    return [*found, Finding(level="warning", what=says, fix="Set `appendfsync always`.")]


def _eviction(settings: dict[str, str] | None, info: dict[str, str]) -> Finding:
    policy = info.get("maxmemory_policy") or (settings or {}).get("maxmemory-policy", "")
    if policy == "noeviction":
        return Finding(level="ok", what="when it is full it refuses, and forgets nothing (noeviction)")
    says = f"when it is full it throws keys away, and sessions with them ({policy or 'its policy is unknown'})"
    return Finding(level="error", what=says, fix="Set `maxmemory-policy noeviction`.")


def _memory(info: dict[str, str]) -> list[Finding]:
    used, most = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
    if not most:
        return []
    share = used / most
    if share < NEARLY_FULL:
        return [Finding(level="ok", what=f"{share:.0%} of its memory is used")]
    level: Level = "error" if share >= 1 else "warning"
    says = f"{share:.0%} of its memory is used; when it is full, nobody can join or give an order"
    return [Finding(level=level, what=says, fix="Raise `maxmemory`, or keep fewer ended sessions and events.")]


def _role(info: dict[str, str]) -> list[Finding]:
    if info.get("cluster_enabled") == "1":
        return [Finding(level="ok", what="it is part of a cluster; all our keys lie in one slot of it")]
    if info.get("role") == "slave":
        says = "it is a replica, which takes no changes"
        return [Finding(level="error", what=says, fix="Name the primary in REDIS_URL, or a Sentinel.")]
    if replicas := int(info.get("connected_slaves", 0)):
        says = f"it has {replicas} replica{'s' if replicas > 1 else ''}; a failover can lose what had not reached them"
        return [Finding(level="ok", what=says)]
    return []


async def _settings(connection: Connection) -> dict[str, str] | None:
    """What the server says of its settings; nothing where a provider forbids to ask."""
    try:
        found = await connection.many([("CONFIG", "GET", name) for name in ("appendfsync", "maxmemory-policy")])
    except StoreError:
        return None
    return {name: value for row in found for name, value in _pairs(row)}


def _pairs(row: Any) -> list[tuple[str, str]]:
    items = row.items() if isinstance(row, dict) else zip(row[::2], row[1::2], strict=True)
    return [(_text(name), _text(value)) for name, value in items]


def _fields(info: Any) -> dict[str, str]:
    """INFO as names and values, whether the client has read it already or not."""
    if isinstance(info, dict):
        return {_text(name): _text(value) for name, value in info.items()}
    lines = (line.partition(":") for line in _text(info).splitlines() if ":" in line)
    return {name: value.strip() for name, _, value in lines}


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
