"""SessionSpec: the whole order for one conversation, small enough for a queue."""

from __future__ import annotations

import secrets
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Room(BaseModel):
    """Where the participants meet; empty for a connection that is its own room."""

    model_config = ConfigDict(extra="forbid")

    url: str = ""
    token: str = Field(default="", repr=False)
    role: str = "bot"


class SessionSpec(BaseModel):
    """What every door hands to `bot(runner_args)`; names are of the project, secrets are not in it."""

    model_config = ConfigDict(extra="forbid")

    session_id: str = Field(default_factory=lambda: secrets.token_hex(16), pattern=r"^[A-Za-z0-9_-]{1,64}$")
    tenant: str = "default"
    bot: str = ""
    """A bot of `convo.yaml`; empty when flow, personality and stack are given one by one."""
    flow: str = ""
    """A flow's name, or the path of its file."""
    flow_hash: str = ""
    """SHA-256 of the flow with all it includes, in hex; empty until it has been read."""
    personality: str = ""
    stack: str = ""
    transport: str = ""
    channel: str = Field(default="voice", pattern="^(voice|text)$")
    room: Room = Field(default_factory=Room)
    identity: dict[str, Any] | None = None
    inputs: dict[str, Any] = Field(default_factory=dict)
    config: dict[str, Any] = Field(default_factory=dict)
    """What the one who asked wants plugins to know, beside the flow's inputs."""
    epoch: int = 0
    """Fencing token: a session with an older epoch changes nothing."""
    not_after: float | None = None
    """Seconds since the epoch after which the session must not begin."""
