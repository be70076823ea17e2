"""What is loaded, from where, at which version, offering what."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from framework.plugins.settings import Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A plugin that was left out, and why."""

    plugin: str
    sentence: str
    """What is wrong, where, and what to do about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One plugin, for people and programs."""

    name: str
    origin: str
    place: str
    version: str = ""
    summary: str = ""
    offers: dict[str, list[str]] = field(default_factory=dict)
    """Kind → names of what it registered."""
    settings: list[Setting] = field(default_factory=list)
    requires: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    problem: str = ""
    """Why it was left out; empty when it is in use."""

    def as_json(self) -> dict[str, Any]:
        """The record as plain data."""
        return asdict(self)
