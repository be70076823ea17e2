"""What the store keeps and answers: sessions, runners, orders, and the words for their states."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from framework.errors import UserError
from framework.sessions.spec import SessionSpec

State = Literal["queued", "assigned", "claimed", "joined", "ended", "failed"]
LIVE: tuple[State, ...] = ("assigned", "claimed", "joined")
OPEN: tuple[State, ...] = ("queued", *LIVE)
OVER: tuple[State, ...] = ("ended", "failed")
STATES: tuple[State, ...] = (*OPEN, *OVER)

LOWEST = 9
"""The priority that is served last; the first is 0."""

Answer = Literal["ok", "again", "fenced", "expired"]
"""What `claim`, `joined`, `adopt` and `done` say: it is so now; it was so already; another one has it; too late."""


class Limits(BaseModel):
    """Deadlines and caps of the control plane; every process that calls a script passes its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lease_ms: int = Field(default=10_000, ge=100)
    """How long a runner may be silent before its sessions are taken from it."""
    claim_ms: int = Field(default=5_000, ge=50)
    """From `assigned` to `claimed`."""
    start_ms: int = Field(default=30_000, ge=50)
    """From `claimed` to `joined`."""
    session_ms: int = Field(default=1_800_000, ge=100)
    """The longest session; its runner ends it, and the sweep half a minute later."""
    leave_ms: int = Field(default=30_000, ge=50)
    """From a cancellation to the end of the session; then the sweep ends it."""
    queue_ms: int = Field(default=600_000, ge=50)
    """Longest wait in the queue of a request that names no `not_after` of its own."""
    attempts: int = Field(default=3, ge=1)
    """Runners that are tried before a session has `failed(start)`."""
    max_live: int = Field(default=50, ge=0)
    """Sessions that runners have at once (`MAX_BOTS`)."""
    max_queued: int = Field(default=10_000, ge=0)
    """Sessions that wait, of all tenants."""
    keep_ended_ms: int = 3_600_000
    keep_failed_ms: int = 7 * 24 * 3_600_000
    keep_key_ms: int = 24 * 3_600_000
    """How long an idempotency key is remembered."""
    events: int = 100_000
    """Events kept in the stream of all sessions."""
    session_events: int = 2_000
    """Events kept of one session."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A session that somebody asks for."""

    spec: SessionSpec
    room: str
    """Where the bot is unique by its role; a session without a room of its own has its id here."""
    pool: str = "shared.default.any"
    priority: int = 5
    """0 is served first, 9 last."""
    idempotency_key: str = ""
    fingerprint: str = ""
    """Of the request's body: the same key with another body is a mistake."""
    checkpoint: str = field(default="", compare=False, repr=False)
    """Where an earlier runner left off, as it was kept; empty where the session begins."""
    on_lost: Literal["fail", "restart"] = "fail"
    not_after_ms: int = 0
    """0: as long as `Limits.queue_ms` says."""
    tenant_live: int = 0
    """Most sessions the tenant may have live or waiting; 0: no cap."""
    tenant_queued: int = 0
    bot_live: int = 0
    """Most sessions the bot may have live or waiting; 0: no cap."""

    def __post_init__(self) -> None:
        if not 0 <= self.priority <= LOWEST:
            raise UserError(f"a priority is a number from 0 to {LOWEST}, not {self.priority}")
        for what, name in (("tenant", self.spec.tenant), ("pool", self.pool)):
            if not name or ":" in name:  # it separates the parts of a key
                raise UserError(f"a {what}'s name is not empty and has no colon: {name!r}")


@dataclass(frozen=True, kw_only=True)
class Joining:
    """What became of a request."""

    outcome: Literal[
        "assigned", "queued", "duplicate", "mismatch", "busy", "taken", "full", "tenant_full", "bot_full", "expired"
    ]
    """`duplicate`: the key was used before, `session_id` is the first one's. `mismatch`: used with another body.
    `busy`: the room has a bot of this role, `session_id`. `taken`: the id belongs to another request."""
    session_id: str
    state: str = ""
    position: int = 0
    """From 1 in the queue; 0 when it doesn't wait."""


@dataclass(frozen=True, kw_only=True)
class SessionRecord:
    """One session as the store has it. Times are milliseconds since the epoch, 0 where it didn't come to that."""

    session_id: str
    tenant: str
    room: str
    role: str
    bot: str
    pool: str
    state: State
    epoch: int
    runner: str = ""
    attempts: int = 0
    priority: int = 5
    reason: str = ""
    message: str = ""
    phase: str = ""
    """Where its runner says it is: `starting`, `waiting`, `talking`, `ending`."""
    node: str = ""
    queued_at: int = 0
    assigned_at: int = 0
    claimed_at: int = 0
    joined_at: int = 0
    over_at: int = 0
    not_after: int = 0
    position: int = 0
    spec: SessionSpec | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Runner:
    """One runner process, under an id that no other process ever has."""

    runner_id: str
    capacity: int
    pool: str = "shared.default.any"
    address: str = ""
    """Base URL of its private door."""
    launch: str = ""
    """The launch that made it; empty for one that somebody started."""
    name: str = ""
    """The machine or pod, for people."""
    build: str = ""
    owned: int = 0
    draining: bool = False
    dead: bool = False
    registered_at: int = 0
    alive_until: int = 0

    @property
    def free(self) -> int:
        """Slots without a session: computed, never counted down."""
        return 0 if self.draining or self.dead else max(0, self.capacity - self.owned)


@dataclass(frozen=True, kw_only=True)
class Reported:
    """One session in a runner's report."""

    session_id: str
    epoch: int
    phase: str = ""
    node: str = ""


@dataclass(frozen=True, kw_only=True)
class Renewal:
    """What the store answers to a report."""

    known: bool
    """False: register again, then adopt."""
    fenced: tuple[str, ...] = ()
    """Sessions that another one has, or nobody any more: stop them at once."""
    missing: tuple[str, ...] = ()
    """Sessions that the store has forgotten: adopt them."""
    stop: dict[str, str] = field(default_factory=dict)
    """Session → the reason for which it is to leave."""
    start: dict[str, int] = field(default_factory=dict)
    """Sessions that are assigned to this runner and that it doesn't mention → epoch: the command was lost."""
    orders: tuple[str, ...] = ()
    """Sessions with orders that have no final status yet."""


@dataclass(frozen=True, kw_only=True)
class Swept:
    """What one sweep did."""

    quarantine_ms: int = 0
    """Above 0: the store has just restarted, or nobody has swept for long; nothing is reaped until then."""
    runners: tuple[str, ...] = ()
    requeued: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Command:
    """A hint to a runner; what counts is what the scripts answer."""

    id: str
    op: Literal["start", "stop", "orders", "drain"]
    session_id: str = ""
    epoch: int = 0
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class StoredOrder:
    """An order and what has become of it."""

    order_id: str
    session_id: str
    tenant: str
    kind: str
    status: Literal["accepted", "applied", "spoken", "refused"]
    why: str = ""
    final: bool = False
    accepted_at: int = 0
    changed_at: int = 0
    by: str = ""
    """Who gave it: the name of a key."""
    order: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class StoredEvent:
    """An event as it lies in a stream: `text` is its CloudEvents JSON, ready to be sent on."""

    id: str
    """Of the stream entry: where a reader goes on."""
    tenant: str
    session_id: str
    text: str = field(repr=False)
