"""Settings: what the environment may change, grouped by who reads it.

A group is a frozen dataclass; its field `level` under the prefix `LOG` is `CONVO_LOG_LEVEL`. Groups are read once, by
whoever starts a process, and passed down.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Self, get_type_hints

from framework.errors import UserError

YES = frozenset({"1", "true", "yes", "on"})
NO = frozenset({"0", "false", "no", "off", ""})


@dataclass(frozen=True, kw_only=True)
class Group:
    """The base of all groups."""

    prefix: ClassVar[str] = "CONVO"

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None) -> Self:
        """The group as the environment has it; a value of the wrong kind is an error naming its variable."""
        given = os.environ if environment is None else environment
        hints = get_type_hints(cls)
        names = {field.name: f"{cls.prefix}_{field.name}".upper() for field in fields(cls)}
        set_here = {name: variable for name, variable in names.items() if variable in given}
        return cls(**{name: _value(given[variable], hints[name], variable) for name, variable in set_here.items()})


@dataclass(frozen=True, kw_only=True)
class LogSettings(Group):
    """How much is logged, and for whom."""

    prefix: ClassVar[str] = "CONVO_LOG"

    level: str = "INFO"
    """The least severe level that is written: TRACE, DEBUG, INFO, WARNING, ERROR."""

    json: bool = False
    """One JSON object a line, for programs that gather logs; else lines for people."""

    private: bool = False
    """Whether callers' words and values are written too. For debugging on one's own machine only."""

    pipecat: str = "WARNING"
    """The least severe level taken from Pipecat, whose DEBUG lines hold whole conversations."""


@dataclass(frozen=True, kw_only=True)
class FolderSettings(Group):
    """Where files are kept that outlive a process."""

    state: Path | None = None
    """Files of plugins, one folder each; without it the user's own state folder, else a temporary one."""

    def of(self, name: str) -> Path:
        """The folder for one owner's files, made when it isn't there; read-only homes get a temporary one."""
        home = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
        passing = Path(tempfile.gettempdir()) / f"convo-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
        for base in [self.state] if self.state else [home / "convo", passing]:
            try:
                (base / name).mkdir(parents=True, exist_ok=True, mode=0o700)
            except OSError:
                continue
            if os.access(base / name, os.W_OK):
                return base / name
        return Path(tempfile.mkdtemp(prefix="convo-")) if self.state is None else self._unusable(self.state)

    def _unusable(self, folder: Path) -> Path:
        raise UserError(f"`{folder}` can't be written to", where="CONVO_STATE", fix="Name a folder of your own.")


def _value(text: str, kind: Any, variable: str) -> Any:
    """The text of a variable as the type of its field."""
    if kind is bool:
        if text.strip().lower() in YES | NO:
            return text.strip().lower() in YES
        raise UserError(f"`{variable}` is neither yes nor no", fix=f"Set `{variable}` to 1 or 0.")
    if kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            raise UserError(f"`{variable}` is no number", fix=f"Set `{variable}` to a number.") from None
    return text if kind is str else Path(text)
