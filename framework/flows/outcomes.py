"""How verbs can end."""

from __future__ import annotations

OUTCOMES: dict[str, tuple[str, ...]] = {
    "say": ("done",),
    "collect": ("done", "exhausted", "declined"),
    "run": ("done", "error", "timeout"),
    "transfer": ("done", "no_answer", "busy", "error"),
}
"""Verb → outcomes; `instruct` and `wait` have none, they are left by routes and functions; a `subflow` ends
with the reasons of its own ends, or `error`."""
