"""What a model calls the functions of a node: its tools, and its routes with an intent."""

from __future__ import annotations

import re

LONGEST = 64
"""The longest function name that models take."""


def model_name(raw: str) -> str:
    """A name that models accept: letters, figures, `_` and `-`, at most 64 of them.

    >>> model_name("go_say goodbye!")
    'go_say_goodbye_'
    """
    return re.sub(r"[^A-Za-z0-9_-]", "_", raw)[:LONGEST]


def function_name(name: str | None, intent: str, to: str | None, end: str | None, index: int) -> str:
    """What the model calls to take a route: its name, else where it leads.

    >>> function_name(None, "is done", "goodbye", None, 0)
    'go_goodbye'
    """
    if name and name != intent:
        raw = name
    elif to is not None:
        raw = f"go_{to}"
    elif end is not None:
        raw = f"end_{end}"
    else:
        raw = f"do_{index + 1}"
    return model_name(raw)
