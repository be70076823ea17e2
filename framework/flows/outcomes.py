"""How verbs can end, and which interrupts there are in every flow."""

from __future__ import annotations

OUTCOMES: dict[str, tuple[str, ...]] = {
    "say": ("done",),
    "collect": ("done", "exhausted", "declined"),
    "run": ("done", "error", "timeout"),
    "transfer": ("done", "no_answer", "busy", "error"),
}
"""Verb → outcomes; `instruct` and `wait` have none, they are left by routes and functions; a `subflow` ends
with the reasons of its own ends, or `error`."""

INTERRUPTS = ("correct", "repeat", "hold", "human", "cancel")
"""The interrupts that are built in; `human` and `cancel` count once they have a `goto`."""
