"""A command: one more word after `convo` on the command line."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command that costs nothing until somebody asks for it."""

    name: str
    """The word after `convo`."""
    run: str
    """`module:function`; a function with typer's annotations, imported when the command is used."""
    help: str = ""
    """One line for `convo --help`; empty takes the first line of the function's docstring."""

    def function(self) -> Any:
        """The function itself; imports its module."""
        module, _, name = self.run.partition(":")
        return getattr(importlib.import_module(module), name)
