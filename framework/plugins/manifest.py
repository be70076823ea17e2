"""What a plugin says about itself: in one place, so that `convo plugins show` can print it before anything runs."""

from __future__ import annotations

from dataclasses import dataclass

from framework.plugins.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A plugin's description of itself; every field may be left out."""

    summary: str = ""
    """One line; empty takes the first line of the module's docstring."""
    version: str = ""
    """Empty takes the installed package's."""
    settings: type[Settings] | None = None
    """The model of its settings; they are checked when a session starts, before the first call."""
    requires: tuple[str, ...] = ()
    """Importable packages that must be installed."""
    hosts: tuple[str, ...] = ()
    """Network hosts that it talks to."""
