"""What `convo.yaml` may contain."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

TenantName = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?$")]


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
    """What becomes of a conversation whose process is gone: it has failed, or another process goes on with it."""
    client_events: list[str] = []
    """Events of the flow that its clients may bring about (RTVI messages); programs with a key may send all of them."""
    handlers: str | None = None
    """A module with the functions of a Pipecat FlowConfig."""
    class_: str = Field(default="default", alias="class", pattern=r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$")
    """Which class of runners holds it, such as those with much memory."""


class Tenant(BaseModel):
    """What one customer of a shared installation may have."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    max_sessions: int | None = Field(default=None, ge=1)
    """How many conversations it has at once, those that wait included; unlimited if absent."""
    max_queued: int | None = Field(default=None, ge=1)
    """How many of its conversations may wait; unlimited if absent."""
    isolation: Literal["shared", "own"] = "shared"
    """Whether its conversations run on runners that serve others too, or on runners of its own."""


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
    tenants: dict[TenantName, Tenant] = {}
    """Name → what the tenant may have; one that is not named here has no limits of its own."""
    plugins: Plugins = Plugins()
