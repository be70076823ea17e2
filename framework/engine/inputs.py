"""What can happen to a conversation. Every input carries the moment it happened: the engine has no clock."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

Outcome = Literal["value", "error", "timeout", "cancelled"]
"""How a tool call ended; every call ends in exactly one of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """The base of all inputs."""

    at: float
    """Seconds since the epoch, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Happened):
    """The participants are connected and the first node may be entered."""

    session: dict[str, Any] = field(default_factory=dict)
    """`id`, `room`, `channel` (`voice` or `text`), `language`."""
    identity: dict[str, Any] | None = None
    slots: dict[str, Any] = field(default_factory=dict)
    """Values that the starter gave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Began(Happened):
    """A person began to speak; `Heard` follows, or `Noise`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise(Happened):
    """There was not a word in what sounded as if a person had begun to speak."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard(Happened):
    """A person finished a turn: its whole text, as recognised or typed."""

    text: str
    participant: str = "user"
    private: bool = False
    """Whether whoever passed the words on has kept them from everybody else; then the engine does so, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classified(Happened):
    """The router's verdict on a `Classify`; `choice` is None for "none of them"."""

    request: str
    choice: str | None
    score: float = 0.0
    by: Literal["keys", "example", "router", "model"] = "router"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelBegan(Happened):
    """There are first words of a response; told where a `RunModel` is watched."""

    turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCall:
    """One function call inside a model's turn."""

    call: str
    name: str
    """The function's name as the model saw it."""
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCalled(Happened):
    """The model called functions: all calls of one response, together."""

    turn: int
    calls: tuple[ModelCall, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFinished(Happened):
    """The model's response is complete (its text, perhaps empty; its calls came as `ModelCalled` before)."""

    turn: int
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFailed(Happened):
    """The model's service gave an error instead of a response."""

    turn: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFinished(Happened):
    """A `CallTool` has its outcome."""

    call: str
    outcome: Outcome
    result: Any = None
    """JSON; None unless the outcome is `value`."""
    code: str = ""
    """For an error: a stable word such as `failed`, `retry`, `bad_arguments`, `not_json`, `crashed`."""
    message: str = ""
    """For an error: one safe sentence for the model; never an exception's text."""
    respond: bool = True
    """False when a Pipecat function returned `NO_RESPONSE`: the model is not run again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRead(Happened):
    """The answer to a model's call now stands in the model's context."""

    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionFinished(Happened):
    """An `Act` is over."""

    action: str
    ok: bool = True
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged(Happened):
    """A Pipecat function or action changed the free-form state; this is all of it now, as JSON."""

    state: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken(Happened):
    """The bot's words have left: said to the end, or cut off."""

    generated: str
    spoken: str
    interrupted: bool = False
    say: str | None = None
    """The id of the `Say`; None for the model's own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePassed(Happened):
    """The clock has reached `at`; deadlines up to it are due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered(Happened):
    """An operator or program gave an order (see `framework.sessions.orders`), as JSON with `order_id`."""

    order: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived(Happened):
    """An event from outside the conversation: from a tool, a program, a timer of somebody else's."""

    type: str
    """As `events` of a flow declares it."""
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed(Happened):
    """A person pressed keys of a telephone, one after another."""

    keys: str
    """`0`–`9`, `*` and `#`."""
    participant: str = "user"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed(Happened):
    """The conversation goes on from a checkpoint, in a driver that knows nothing of it yet."""

    remembers: bool = False
    """Whether the model's context is as it was; else the node's messages are given anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred(Happened):
    """A `Transfer` is over."""

    transfer: str
    outcome: Literal["done", "no_answer", "busy", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summarized(Happened):
    """A `Summarize` is over."""

    request: str
    text: str = ""
    """The summary; empty when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried(Happened):
    """An `Errand` is done, or can't be."""

    order: str
    ok: bool = True
    why: str = ""
    """Why not, in a sentence for the operator."""
    data: dict[str, Any] = field(default_factory=dict)
    """What was asked for: at `personality` all of its fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HungUp(Happened):
    """The person left: the session ends with this reason."""

    reason: str = "hangup"


Input = (
    Started
    | Began
    | Noise
    | Heard
    | Classified
    | ModelBegan
    | ModelCalled
    | ModelFinished
    | ModelFailed
    | ToolFinished
    | AnswerRead
    | ActionFinished
    | StateChanged
    | Spoken
    | TimePassed
    | Ordered
    | Arrived
    | Pressed
    | Resumed
    | Transferred
    | Summarized
    | Carried
    | HungUp
)

KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(Input)}


def encoded(happened: Input) -> dict[str, Any]:
    """An input as one JSON value.

    >>> encoded(AnswerRead(at=1.0, call="c1"))
    {'input': 'AnswerRead', 'at': 1.0, 'call': 'c1'}
    """
    value = {"input": type(happened).__name__, **asdict(happened)}
    if isinstance(happened, ModelCalled):
        value["calls"] = list(value["calls"])
    return value


def decoded(value: dict[str, Any], at: float | None = None) -> Input:
    """The input that a JSON value is; as of another moment, if one is given."""
    fields = {name: one for name, one in value.items() if name != "input"}
    if value["input"] == ModelCalled.__name__:
        fields["calls"] = tuple(ModelCall(**call) for call in fields["calls"])
    made: Input = KINDS[value["input"]](**fields | ({} if at is None else {"at": at}))
    return made
