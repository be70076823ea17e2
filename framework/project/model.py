"""What `convo.yaml` may contain."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Bot(BaseModel):
    """A flow, a personality, a stack of services and a way in, under one name."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    flow: str
    """A flow's name, or the path of its file."""
    personality: str | None = None
    """If absent: the flow's, else the default bot's, else a neutral one."""
    stack: str = "offline"
    """Which services hear, think and speak."""
    transport: str = "smallwebrtc"
    """How people reach the bot."""
    max_sessions: int | None = Field(default=None, ge=1)
    """How many conversations it has at once; unlimited if absent."""
    on_lost: Literal["fail", "restart"] = "fail"
    """What becomes of a conversation whose process is gone."""
    handlers: str | None = None
    """A module with the functions of a Pipecat FlowConfig."""


class Plugins(BaseModel):
    """Which plugins take part, and their settings."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    block: list[str] = []
    """Plugins that are not loaded."""
    settings: dict[str, dict[str, Any]] = {}
    """Plugin → its settings; the environment has the last word."""


class ProjectFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    bots: dict[str, Bot] = {}
    """Name → bot."""
    default_bot: str | None = None
    """The bot that is meant when none is named; the only one, if there is one only."""
    transfers: dict[str, str] = {}
    """Name → number, queue or participant that a flow may hand people to."""
    plugins: Plugins = Plugins()
