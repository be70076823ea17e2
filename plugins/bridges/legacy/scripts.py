"""The plugin's Lua scripts, each a file of its own, with what they share put in front."""

from __future__ import annotations

import functools
from pathlib import Path

FOLDER = Path(__file__).parent / "scripts"
SHARED = {
    "hold": (),
    "release": (),
    "take": ("_common", "_failed"),
    "done": ("_common", "_failed"),
    "heard": ("_failed", "_arrived"),
    "gather": ("_common", "_failed", "_arrived"),
    "drop": ("_common", "_failed"),
    "standby": ("_common",),
    "mirror": ("_common",),
}
"""Script → what it begins with."""


@functools.cache
def source(name: str) -> str:
    """The whole text of a script."""
    return "\n".join((FOLDER / f"{part}.lua").read_text("utf-8") for part in (*SHARED[name], name))
