"""What a model calls the functions of a node: its tools, and its routes with an intent."""

from __future__ import annotations

from framework.plugins.tools import model_name


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
