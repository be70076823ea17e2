"""What a supervisor says to its workers and its zygote, and they to it: one JSON object a line over a socket pair."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from framework.sessions.orders import Order
from framework.sessions.spec import SessionSpec

LINE_LIMIT = 4 * 1024 * 1024
"""Longest line either side reads, in bytes; a longer one ends the worker."""


Keeps = Literal["off", "safe", "all"]
"""Which sessions say checkpoints: none; those of flows without sensitive slots; all."""


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


# --- To a worker --------------------------------------------------------------


class Start(_Message):
    """Run this conversation."""

    do: Literal["start"] = "start"
    spec: SessionSpec
    secrets: dict[str, str] = Field(default_factory=dict, repr=False)
    """Environment variables that were kept from the worker until it had a session."""
    until: float | None = None
    """The session's first lease; without one it has no end."""
    checkpoint: str = Field(default="", repr=False)
    """Where an earlier process left off; empty where the session begins."""
    keeps: Keeps = "off"
    """Which checkpoints the supervisor wants."""


class Lease(_Message):
    """Let the session speak until this moment of `time.monotonic()`, which is one clock for all of a machine."""

    do: Literal["lease"] = "lease"
    session: str
    until: float


class Obey(_Message):
    """Give this order to the session."""

    do: Literal["obey"] = "obey"
    session: str
    order: Order


class Stop(_Message):
    """End the session politely: what is being said may be finished."""

    do: Literal["stop"] = "stop"
    session: str
    reason: str


class Cancel(_Message):
    """End the session now."""

    do: Literal["cancel"] = "cancel"
    session: str
    reason: str
    silent: bool = False
    """Another one has the session: not one more word."""


class Leave(_Message):
    """Go away; there will be no further session."""

    do: Literal["leave"] = "leave"


# --- To a zygote, one packet each -----------------------------------------------


class Fork(_Message):
    """Fork a worker; its end of its own control socket comes with this message."""

    do: Literal["fork"] = "fork"
    socket: str
    """Where it is to serve signalling."""


# --- From a zygote ------------------------------------------------------------


class Forked(_Message):
    """A worker is there; a pidfd of it comes with this message."""

    what: Literal["forked"] = "forked"
    socket: str
    pid: int


class Reaped(_Message):
    """A worker has exited, with a code as `subprocess` gives it: below zero for a signal."""

    what: Literal["reaped"] = "reaped"
    pid: int
    code: int


class Unforkable(_Message):
    """Forking would not be safe here; workers have to be started one by one."""

    what: Literal["unforkable"] = "unforkable"
    why: str


# --- From a worker ------------------------------------------------------------


class Preparing(_Message):
    """The worker is getting ready, and this is what it is doing."""

    what: Literal["preparing"] = "preparing"
    text: str


class Warm(_Message):
    """One dry run has finished: the worker may be given a session."""

    what: Literal["warm"] = "warm"


class Broken(_Message):
    """The worker can't get ready; it leaves."""

    what: Literal["broken"] = "broken"
    message: str
    fix: str = ""


class Phase(_Message):
    """How far a session has come: `waiting` for its client, `talking`, `ending`."""

    what: Literal["phase"] = "phase"
    session: str
    phase: Literal["waiting", "talking", "ending"]


class Happened(_Message):
    """An event of a session, as `framework.sessions.events` writes it."""

    what: Literal["event"] = "event"
    session: str
    event: dict[str, Any]


class Kept(_Message):
    """A session's last checkpoint; empty: there is nothing to go on with any more."""

    what: Literal["kept"] = "kept"
    session: str
    checkpoint: str = Field(repr=False)


class Obeyed(_Message):
    """What became of an order; may be said several times, `applied` first and then `spoken`."""

    what: Literal["obeyed"] = "obeyed"
    session: str
    order_id: str
    status: str
    why: str = ""
    """Why it was refused."""


class Beat(_Message):
    """The worker's loop is alive."""

    what: Literal["beat"] = "beat"
    lag_ms: float
    rss_mb: float


class Ended(_Message):
    """A session is over."""

    what: Literal["ended"] = "ended"
    session: str
    reason: str
    status: Literal["ended", "failed"] = "ended"
    message: str = ""
    """A sentence for people where the session failed."""


ToWorker = Annotated[Start | Lease | Obey | Stop | Cancel | Leave, Field(discriminator="do")]
FromWorker = Annotated[
    Preparing | Warm | Broken | Phase | Happened | Kept | Obeyed | Beat | Ended, Field(discriminator="what")
]
FromZygote = Annotated[Preparing | Warm | Broken | Unforkable | Forked | Reaped, Field(discriminator="what")]
TO_WORKER: TypeAdapter[Start | Lease | Obey | Stop | Cancel | Leave] = TypeAdapter(ToWorker)
FROM_WORKER: TypeAdapter[Preparing | Warm | Broken | Phase | Happened | Kept | Obeyed | Beat | Ended] = TypeAdapter(
    FromWorker
)
FROM_ZYGOTE: TypeAdapter[Preparing | Warm | Broken | Unforkable | Forked | Reaped] = TypeAdapter(FromZygote)


def line(message: BaseModel) -> bytes:
    """The message as it goes over the wire.

    >>> line(Leave()).decode().rstrip()
    '{"do":"leave"}'
    """
    return message.model_dump_json().encode() + b"\n"
