"""`${ENV}` in a stack: which variables it names, and their values, which are never printed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from framework.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""A variable's name, in a dollar and braces."""

BROKEN = re.compile(r"\$\{(?![A-Za-z_][A-Za-z0-9_]*\})")
"""What begins like a variable and isn't one."""


def texts(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text inside a value, with the keys that lead to it.

    >>> list(texts({"a": ["x", 1], "b": "y"}))
    [(('a', 0), 'x'), (('b',), 'y')]
    """
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from texts(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from texts(inner, (*path, index))


def variables(value: Any) -> list[str]:
    """The variables that a value names, in order.

    >>> variables({"url": "wss://${HOST}:${PORT}"})
    ['HOST', 'PORT']
    """
    return [name for _, text in texts(value) for name in VARIABLE.findall(text)]


def filled(value: Any, environment: Mapping[str, str], where: str) -> Any:
    """`value` with every `${ENV}` replaced; a variable that is not set is an error naming it."""
    if isinstance(value, str):
        return VARIABLE.sub(lambda found: _value(found[1], environment, where), value)
    if isinstance(value, dict):
        return {key: filled(inner, environment, where) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, environment, where) for inner in value]
    return value


def missing(name: str, where: str) -> MissingExtraError:
    """The one sentence about a variable that is not set."""
    return MissingExtraError(f"`{name}` is not set", where=where, fix=f"Set the environment variable `{name}`.")


def _value(name: str, environment: Mapping[str, str], where: str) -> str:
    if not environment.get(name):
        raise missing(name, where)
    return environment[name]
