"""How a call of a plugin's function can end, and what it may raise to say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


class ToolRetry(Exception):  # noqa: N818 - it asks for something rather than report a fault
    """Give the model another try: `raise ToolRetry("ask for a shorter range")`. The sentence goes to the model."""


class ToolFailed(Exception):  # noqa: N818 - the word a plugin author would say
    """End the attempt for good: `raise ToolFailed("there is no such order")`. The sentence goes to the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolOutcome:
    """How a call ended."""

    outcome: Literal["value", "error", "timeout", "cancelled"]
    result: Any = None
    """JSON; None unless the outcome is `value`."""
    code: str = ""
    """Empty for a value; else `retry`, `failed`, `bad_arguments`, `bad_result`, `not_json`, `too_large`, `unavailable`,
    `crashed`, `timeout` or `cancelled`."""
    message: str = ""
    """For an error: one safe sentence for the model; never an exception's text."""
