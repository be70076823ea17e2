"""The project name in one place, and the two decorators made from it."""

from __future__ import annotations

import pluggy

PROJECT = "convo"
"""What pluggy calls us."""

GROUP = "convo.plugins"
"""The entry-point group in which installed packages name their plugins."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a plugin's function as the implementation of the hook of that name."""
