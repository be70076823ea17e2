"""How verbs can end."""

from __future__ import annotations

OUTCOMES: dict[str, tuple[str, ...]] = {
    "say": ("done",),
    "collect": ("done", "exhausted", "declined"),
    "run": ("done", "error", "timeout"),
}
"""Verb → outcomes; `instruct` has none, it is left by routes and functions."""
