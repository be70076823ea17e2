"""Request and response bodies of the runner and the gateway, and nothing else."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from framework.errors import UserError
from framework.sessions.orders import Order
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


class RunnerStartBody(StartBody):
    """What a runner's own door takes beside it: a session that has an id already."""

    session_id: str = Field(default="", pattern=r"^[A-Za-z0-9_-]{0,64}$")
    """The same id again changes nothing."""
    epoch: int = Field(default=0, ge=0)
    """Fencing token: an older one than the session's is refused."""


class RunnerStartRequest(StartRequest):
    """`POST /start` at a runner's own door."""

    body: RunnerStartBody = Field(default_factory=RunnerStartBody)


class StartAnswer(BaseModel):
    """Where to connect, as Pipecat's clients expect it."""

    sessionId: str  # noqa: N815 - Pipecat's names
    wsUrl: str | None = None  # noqa: N815 - Pipecat's names
    iceConfig: dict[str, Any] | None = None  # noqa: N815 - Pipecat's names


class LeaveRequest(BaseModel):
    """`POST /sessions/{id}/leave`."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(default="left", min_length=1, max_length=200)


# --- The gateway ------------------------------------------------------------------------------------------------------

Name = Annotated[str, Field(max_length=200)]
RoomName = Annotated[str, Field(max_length=512)]
ROLE = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$"
KEY = r"^[\x21-\x7e]{0,200}$"
TENANT = r"^([A-Za-z0-9]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?)?$"
Seconds = Annotated[float, Field(ge=0, le=100_000_000_000, allow_inf_nan=False)]


class JoinRequest(BaseModel):
    """`POST /join`: a session that somebody wants. Keys with `x-` are the caller's own."""

    model_config = ConfigDict(extra="forbid")

    bot: Name = ""
    flow: Name = ""
    """A flow's name, where no bot of `convo.yaml` is meant."""
    personality: Name = ""
    personalityId: Name = Field(default="", description="The older name of `personality`.")  # noqa: N815
    stack: Name = ""
    channel: Literal["", "voice", "text"] = ""
    transport: Name = ""
    room: RoomName = ""
    """A name, or an address: there is one bot of each role in a room. Without one the session is its own room."""
    room_url: RoomName = Field(default="", description="The older name of `room`.")
    token: str = Field(default="", max_length=4096, repr=False)
    """What opens the room."""
    role: str = Field(default="bot", pattern=ROLE)
    identity: dict[str, Any] | None = None
    """Who the caller is: id, name, profile and so on."""
    inputs: dict[str, Any] = Field(default_factory=dict)
    """Values of the flow's slots."""
    config: dict[str, Any] = Field(default_factory=dict)
    """What plugins are to know, beside the slots."""
    priority: int = Field(default=5, ge=0, le=9)
    """0 is served first."""
    not_after: Seconds | AwareDatetime | None = None
    """When it is too late to begin: seconds since 1970, or ISO 8601 with a time zone."""
    idempotency_key: str = Field(default="", pattern=KEY)
    """The same request with the same key starts one session; the header `Idempotency-Key` says the same."""
    tenant: str = Field(default="", pattern=TENANT)
    """Only for a key of all tenants; else it is the key's."""


class JoinAnswer(BaseModel):
    """What became of a join."""

    session_id: str
    pid: str
    """The same; the older name."""
    room: str
    status: str
    """`queued`, `assigned`, or what a session that was asked for before is by now."""
    position: int
    """Place in the queue from 1; 0 when it doesn't wait."""


class Leaving(BaseModel):
    """The answer of `POST /sessions/{id}/leave`."""

    session_id: str
    status: Literal["ending", "ended"]


class SessionShown(BaseModel):
    """A session, as much of it as may be shown: no words of the caller, no tokens."""

    session_id: str
    pid: str
    tenant: str
    room: str
    role: str
    bot: str
    flow: str
    personality: str
    channel: str
    transport: str
    state: str
    """`queued`, `assigned`, `claimed`, `joined`, `ended` or `failed`."""
    phase: str
    """What it does while a runner has it: `starting`, `waiting`, `talking` or `ending`."""
    node: str
    position: int
    priority: int
    attempts: int
    reason: str
    message: str
    queued_at: str
    assigned_at: str
    claimed_at: str
    joined_at: str
    over_at: str
    not_after: str


class SessionsShown(BaseModel):
    """One page of sessions."""

    sessions: list[SessionShown]
    next: str
    """What to ask for as `after` to see more; empty at the end."""


class AdminRequest(BaseModel):
    """`POST /admin`: an order for the bots in a room, or for one session."""

    model_config = ConfigDict(extra="forbid")

    room: RoomName = ""
    room_url: RoomName = Field(default="", description="The older name of `room`.")
    session_id: str = Field(default="", pattern=r"^[A-Za-z0-9_-]{0,64}$")
    pid: str = Field(default="", pattern=r"^[A-Za-z0-9_-]{0,64}$", description="The older name of `session_id`.")
    role: str = Field(default="", pattern=rf"{ROLE}|^$")
    """Only the bot of this role; all of them without it."""
    order: Order | None = None
    message: str = Field(default="", max_length=4000)
    """The older form of an order: an instruction that the bot acts on."""
    mode: Literal["immediate", "queued"] | None = None
    """`immediate` may cut off what is being said; `queued` waits until nobody speaks."""
    order_id: str = Field(default="", pattern=r"^[A-Za-z0-9_-]{0,64}$")
    """The same order under the same id is given once."""
    tenant: str = Field(default="", pattern=TENANT)
    """Only for a key of all tenants; else it is the key's."""


class OrderShown(BaseModel):
    """What has become of an order."""

    order_id: str
    session_id: str
    status: Literal["accepted", "applied", "spoken", "refused"]
    why: str = ""
    kind: str = ""
    final: bool = False
    accepted_at: str = ""
    changed_at: str = ""
    by: str = ""


class OrdersShown(BaseModel):
    """The answer of `POST /admin`: one entry for each session that was reached."""

    orders: list[OrderShown]


class Problem(BaseModel):
    """What went wrong, and what to do about it (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    fix: str = ""
