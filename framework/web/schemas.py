"""Request and response bodies of the runner, and nothing else."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from framework.errors import UserError
from framework.suggest import did_you_mean


class StartBody(BaseModel):
    """Our part of `POST /start`: which bot, and what it should know."""

    model_config = ConfigDict(extra="forbid")

    bot: str = Field(default="", max_length=200)
    flow: str = Field(default="", max_length=200)
    personality: str = Field(default="", max_length=200)
    stack: str = Field(default="", max_length=200)
    channel: str = Field(default="", pattern="^(voice|text)?$")
    inputs: dict[str, Any] = Field(default_factory=dict)
    identity: dict[str, Any] | None = None

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, value: Any) -> Any:
        """Say which key was probably meant; keys with `x-` are the caller's own."""
        if not isinstance(value, dict):
            return value
        mine = {key: item for key, item in value.items() if not str(key).startswith("x-")}
        for key in mine:
            if key not in cls.model_fields:
                raise UserError(f"`body` has no key `{str(key)[:100]}`", fix=did_you_mean(str(key), cls.model_fields))
        return mine


class StartRequest(BaseModel):
    """`POST /start` as Pipecat's clients send it; what else they send is ignored."""

    model_config = ConfigDict(extra="ignore")

    transport: str = Field(default="", max_length=100)
    createDailyRoom: bool = False  # noqa: N815 - Pipecat's names
    enableDefaultIceServers: bool = False  # noqa: N815 - Pipecat's names
    body: StartBody = Field(default_factory=StartBody)


class StartAnswer(BaseModel):
    """Where to connect, as Pipecat's clients expect it."""

    sessionId: str  # noqa: N815 - Pipecat's names
    wsUrl: str | None = None  # noqa: N815 - Pipecat's names
    iceConfig: dict[str, Any] | None = None  # noqa: N815 - Pipecat's names


class LeaveRequest(BaseModel):
    """`POST /sessions/{id}/leave`."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(default="left", min_length=1, max_length=200)
