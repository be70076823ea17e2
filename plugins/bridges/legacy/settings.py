"""What may be set: whose the old jobs are, how long messages are kept, and the old pool's type."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from framework import Settings


class LegacySettings(Settings):
    """Read from `LEGACY_TENANT` and so on, or from `convo.yaml`."""

    tenant: Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?$")] = "default"
    """The tenant of old jobs, and of the bots that old messages reach."""

    keep_secs: Annotated[float, Field(gt=0)] = 600.0
    """How long a message waits for a bot to come to its room."""

    standby: Literal["list", "set"] = "list"
    """What `bot:standby:pool` is to those who read it."""

    lease_secs: Annotated[float, Field(ge=0.5)] = 3.0
    """How long after a gateway's death another one takes over."""

    lines: Annotated[int, Field(ge=1)] = 500
    """Lines kept in `session:{id}:logs`."""
