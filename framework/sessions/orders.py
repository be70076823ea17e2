"""Orders an operator or program may give a live session, from `say` to `end`."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Text = Annotated[str, Field(min_length=1, max_length=4000)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    order_id: str = Field(default_factory=lambda: uuid.uuid4().hex, pattern=r"^[A-Za-z0-9_-]{1,64}$")
    mode: Literal["immediate", "queued"] = "immediate"
    """`immediate` may cut off what is being said; `queued` waits until nobody speaks."""


class Say(_Order):
    """Speak this text word for word."""

    kind: Literal["say"] = "say"
    text: Text


class Whisper(_Order):
    """Let the model know something, without an answer."""

    kind: Literal["whisper"] = "whisper"
    text: Text


class Instruct(_Order):
    """Give the model this instruction and let it answer."""

    kind: Literal["instruct"] = "instruct"
    text: Text


class Goto(_Order):
    """Leave the present node and enter this one."""

    kind: Literal["goto"] = "goto"
    node: Name


class Set(_Order):
    """Give slots values; refused as a whole when one of them is wrong."""

    kind: Literal["set"] = "set"
    slots: dict[str, Any] = Field(min_length=1, max_length=200)


class Prompt(_Order):
    """Replace the instructions of the present node."""

    kind: Literal["prompt"] = "prompt"
    text: Text


class Personality(_Order):
    """Go on with another personality."""

    kind: Literal["personality"] = "personality"
    personality: Name


class Reload(_Order):
    """Read what the conversation knows about the caller anew."""

    kind: Literal["reload"] = "reload"
    identity: dict[str, Any] = {}
    """What is known now; it is put over what was known."""


class Pause(_Order):
    """Hear and say nothing until `resume`; what happens meanwhile is attended to then."""

    kind: Literal["pause"] = "pause"
    text: str = Field(default="", max_length=4000)
    """Said first."""


class Resume(_Order):
    """Go on after `pause` or `takeover`."""

    kind: Literal["resume"] = "resume"


class Takeover(_Order):
    """Leave the conversation to a person; the bot listens only."""

    kind: Literal["takeover"] = "takeover"
    text: str = Field(default="", max_length=4000)
    """Said first."""


class Interrupt(_Order):
    """Stop what is being said."""

    kind: Literal["interrupt"] = "interrupt"


class Mute(_Order):
    """Stop hearing the caller, or hear again."""

    kind: Literal["mute"] = "mute"
    on: bool = True


class Transfer(_Order):
    """Hand the caller to somebody whom `convo.yaml` names under `transfers`."""

    kind: Literal["transfer"] = "transfer"
    to: Name


class End(_Order):
    """End the session with this reason."""

    kind: Literal["end"] = "end"
    reason: str = Field(default="ended", min_length=1, max_length=200)


class AppMessage(_Order):
    """Send the client a message of the application's own."""

    kind: Literal["app_message"] = "app_message"
    type: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9._-]{0,99}$")
    data: dict[str, Any] = {}


class Occur(_Order):
    """Let an event from outside happen to the flow."""

    kind: Literal["event"] = "event"
    type: str = Field(min_length=1, max_length=200)
    """As `events` of the flow declares it."""
    data: dict[str, Any] = {}


AnyOrder = (
    Say
    | Whisper
    | Instruct
    | Goto
    | Set
    | Prompt
    | Personality
    | Reload
    | Pause
    | Resume
    | Takeover
    | Interrupt
    | Mute
    | Transfer
    | End
    | AppMessage
    | Occur
)

Order = Annotated[AnyOrder, Field(discriminator="kind")]
"""Any order; the key `kind` says which."""

ORDER: TypeAdapter[AnyOrder] = TypeAdapter(Order)
"""Reads an order from JSON: `ORDER.validate_python({"kind": "goto", "node": "help"})`."""

SPOKEN = frozenset({"say", "instruct"})
"""Kinds whose last word is `spoken`; the others are done with `applied`."""
