"""What a conversation can ask for. Whoever drives the engine carries these out in the order they come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Emit:
    """Publish an event; the driver stamps id, time, session and flow on it."""

    type: str
    data: dict[str, Any]
    flow: str = ""
    """The flow in which it happened; empty before there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Speak (or print) this text word for word; answered by `Spoken(say=…)`."""

    say: str
    text: str
    language: str
    remember: bool = True
    """Whether the words go into the model's context as the assistant's."""
    ahead: bool = False
    """Whether the words are said before those that the model is about to say, which are waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A function offered to the model."""

    name: str
    description: str
    properties: dict[str, Any]
    """JSON Schema of each argument."""
    required: tuple[str, ...] = ()
    timeout_s: float = 10.0
    keep: bool = True
    """Whether a call goes on when the person interrupts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """Set what the model reads and may call. Says nothing by itself: `RunModel` does."""

    role: str | None
    """The system instruction; None leaves the present one."""
    messages: tuple[dict[str, Any], ...]
    """Messages in OpenAI's shape (`role`, `content`), appended to the context."""
    reset: bool = False
    """True: the messages replace the whole context, but for what follows."""
    summary: str = ""
    """With `reset`: what came before, in short; the first message then."""
    keep: int = 0
    """With `reset`: how many of the last messages of person and model stay, before the new ones."""
    tools: tuple[Offer, ...] | None = None
    """All functions offered from now on; None leaves them as they are."""
    instead: tuple[dict[str, Any], ...] = ()
    """Messages of the context that are taken out of it, each where it stands last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunModel:
    """Let the model respond; answered by `ModelBegan`?, `ModelCalled`? then `ModelFinished`, or by `ModelFailed`."""

    turn: int
    watched: bool = False
    """Whether `ModelBegan` is wanted as soon as there are words of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Give a model's call its result; answered by `AnswerRead` once it stands in the context."""

    call: str
    result: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTool:
    """Run a plugin's tool (or a Pipecat function); answered by exactly one `ToolFinished`."""

    call: str
    tool: str
    """The tool's registered name, `plugin.tool`; a Pipecat function's name as the file has it."""
    arguments: dict[str, Any]
    timeout_s: float
    by: Literal["model", "flow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTool:
    """Stop a running call; its `ToolFinished` is no longer waited for."""

    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Run an action, awaited; answered by `ActionFinished`."""

    action: str
    kind: Literal["plugin", "pipecat"]
    """`plugin`: `{name, with}` of a registered action. `pipecat`: the action's mapping from the file, untouched."""
    spec: dict[str, Any]
    timeout_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One intent that the router may decide for."""

    key: str
    text: str
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Classify:
    """Decide which choice a text means, or none; answered by `Classified`."""

    request: str
    text: str
    choices: tuple[Choice, ...]
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Hand the person to somebody else; answered by exactly one `Transferred`."""

    transfer: str
    target: str
    """A name under `transfers` of `convo.yaml`."""
    brief: str
    """What the other side is told about the person."""
    warm: bool
    """Whether the other side is told first and takes over then; else the person is put through at once."""
    timeout_s: float
    """How long the other side may take to answer."""
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopTransfer:
    """Give a transfer up that is under way; its `Transferred` is no longer waited for."""

    transfer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Summarize:
    """Let the model sum up its context so far; answered by `Summarized`."""

    request: str
    timeout_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupt:
    """Stop what the bot is saying and drop what is queued to be said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tune:
    """Hear and speak like this from now on."""

    language: str
    personality: str
    """Who speaks, by name: the voice of the stack's service and its pace are that personality's."""
    voice: str | None
    """A voice of the text-to-speech service; None is the personality's."""
    stack: str | None
    """The services; None is the session's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Do what an order wants that the engine can't do itself; answered by exactly one `Carried`."""

    order: str
    what: Literal["app_message", "personality"]
    """`app_message`: send the client `{type, data}`. `personality`: find the one of this `name`."""
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """An order has a status; the last one given for an order is its fate."""

    order: str
    status: Literal["applied", "spoken", "refused"]
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The session is over: finish what is being said (at most its length plus 2 s), then leave."""

    reason: str
    outputs: dict[str, Any] = field(default_factory=dict)


Effect = (
    Emit
    | Say
    | Prompt
    | RunModel
    | Answer
    | CallTool
    | CancelTool
    | Act
    | Classify
    | Transfer
    | StopTransfer
    | Summarize
    | Interrupt
    | Tune
    | Errand
    | Settle
    | End
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What the present node listens for; asked at the moment of decoding, never pushed."""

    node: str
    language: str
    kind: str = ""
    """The type of the slot being asked for, else empty."""
    words: tuple[str, ...] = ()
    """Phrases the recogniser should lean towards: values, synonyms, examples."""
    sample: str = ""
    """What a model without language may say here."""
    functions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Offered function → example sentences."""
    interruptible: bool = True
    """Whether speech stops the bot."""
    mute: bool = False
    """Whether the person is unheard while the bot speaks."""
    private: bool = False
    """Whether what the person says now is kept from everybody but the engine: a sensitive slot is asked for."""
    deaf: bool = False
    """Whether the person is not to be heard at all: an operator has said so."""
