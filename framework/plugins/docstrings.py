"""What a function's docstring says to a model: what it does, and what each argument means."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

SECTION = re.compile(r"^(Args|Arguments|Parameters|Returns|Return|Yields|Raises|Example|Examples|Note|Notes):\s*$")
ARGUMENT = re.compile(r"^\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)$")


def read(function: Callable[..., Any]) -> tuple[str, dict[str, str]]:
    """The description (all before the first section) and the arguments' descriptions.

    >>> def find(city: str) -> None:
    ...     '''Find a city.
    ...
    ...     Args:
    ...         city: Its name,
    ...             as people say it.
    ...     '''
    >>> read(find)
    ('Find a city.', {'city': 'Its name, as people say it.'})
    """
    lines = (inspect.getdoc(function) or "").splitlines()
    starts = [number for number, line in enumerate(lines) if SECTION.match(line)]
    description = " ".join(" ".join(lines[: starts[0] if starts else None]).split())
    arguments: dict[str, str] = {}
    for number in starts:
        if lines[number].startswith(("Arg", "Param")):
            arguments |= _arguments(lines[number + 1 :])
    return description, arguments


def _arguments(lines: list[str]) -> dict[str, str]:
    """The entries of one section; what is indented further goes on with the entry before."""
    found: dict[str, str] = {}
    name, margin = "", None
    for line in lines:
        if not line.strip():
            continue
        indent = len(line) - len(line.lstrip())
        margin = indent if margin is None else margin
        if not indent:
            break
        if indent == margin and (entry := ARGUMENT.match(line.strip())):
            name = entry[1]
            found[name] = entry[2]
        elif name:
            found[name] = f"{found[name]} {line.strip()}".strip()
    return found
