"""Programs that are measured, each in a process of its own: ours, and the same by hand on bare Pipecat."""

from __future__ import annotations

import json
from typing import Any


def report(**figures: Any) -> None:
    """Print what was measured, for the process that started this one."""
    print(json.dumps({"figures": figures}), flush=True)
