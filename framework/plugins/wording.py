"""What is wrong with a value, in a few words that never repeat the value."""

from __future__ import annotations

from pydantic_core import ErrorDetails

TELLING = frozenset({"value_error", "assertion_error", "union_tag_invalid"})
"""Kinds of error whose message may hold the value: those of an author's own validators, and of unknown tags."""


def wrong(problem: ErrorDetails) -> str:
    """One of pydantic's problems, for a model or a person."""
    if problem["type"] in TELLING:
        return "has a wrong value"
    return problem["msg"][:1].lower() + problem["msg"][1:]
