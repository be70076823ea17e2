"""What a flow file of ours may contain. Keys and meanings are those of the language reference."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Words = str | dict[str, str]
"""A text, or a map of languages to texts; may hold `{{ expressions }}`."""


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) or value is None else [value]


OneOrMore = BeforeValidator(_listed)
"""A single value is read as a list of one."""


class Model(BaseModel):
    """Strict: unknown keys are errors; keys that start with `x-` were removed by the reader."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, frozen=True)


class Route(Model):
    """A way out of a node: at most one trigger, perhaps a guard, effects, at most one destination."""

    if_: str | bool | None = Field(default=None, alias="if")
    """An expression that must hold."""
    outcome: Annotated[list[str] | None, OneOrMore] = None
    """Fires when the node's verb ended with one of these."""
    intent: str | None = None
    """Fires when the person meant this, in words for the model or the router."""
    examples: list[str] = []
    """Sentences that mean the intent."""
    name: str | None = None
    """The intent's name for events and for the model's function."""
    goto: str | None = None
    """The node to enter."""
    else_: str | None = Field(default=None, alias="else")
    """The same as `goto` on a route without trigger."""
    end: str | bool | None = None
    """End the flow with this reason (`true`: `done`)."""
    say: Annotated[list[Words] | None, OneOrMore] = None
    """Said when the route is taken, before `set` and `clear`; a list is used in turn."""
    set: dict[str, Any] = {}
    """Slot → value, with templates."""
    clear: list[str] = []
    """Slots to unset."""
    emit: str | dict[str, dict[str, Any]] | None = None
    """An event to publish: its type, or `{type: {field: value}}`."""

    @property
    def destination(self) -> str | None:
        """The node this route leads to, or None."""
        return self.goto if self.goto is not None else self.else_


class Rung(Model):
    """One step of a ladder: what to say, and perhaps where to go."""

    say: Annotated[list[Words] | None, OneOrMore] = None
    goto: str | None = None
    end: str | bool | None = None


class Filler(Model):
    """What is said while a tool keeps one waiting."""

    after: str
    """How long to wait first, as a duration."""
    say: Annotated[list[Words], OneOrMore]
    """Used in turn."""


class ToolUse(Model):
    """A tool offered to the model at a node."""

    name: str
    with_: dict[str, Any] = Field(default={}, alias="with")
    """Preset arguments, hidden from the model; templates allowed."""
    save: dict[str, str] = {}
    """Slot → expression over `result`."""
    as_: str | None = Field(default=None, alias="as")
    """Its name for the model here."""
    description: str | None = None
    filler: Filler | None = None
    timeout: str | None = None
    """Duration after which the call ends as `timeout` (10 s if absent)."""
    next: Annotated[list[Route], OneOrMore] = []
    """Routes on its result: `outcome` and `if`."""


class ActionUse(Model):
    """A business action run on entering or leaving a node."""

    name: str
    with_: dict[str, Any] = Field(default={}, alias="with")
    timeout: str | None = None


class Actions(Model):
    """Business actions of a node, awaited one after another."""

    enter: list[str | ActionUse] = []
    leave: list[str | ActionUse] = []


class Branches(Model):
    """Pipecat's branch: one field of a function's result decides the next node."""

    field: str
    cases: dict[str, str]
    default: str | None = None


class Function(Model):
    """Pipecat's form of a function offered at a node."""

    name: str
    description: str | None = None
    transition_to: str | Branches | None = None
    transition_only: bool = False


class PipecatAction(BaseModel):
    """Pipecat's action; fields beyond `type` stay untouched."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: str


class Message(Model):
    """A message in the model's context."""

    role: str
    content: str


class Node(Model):
    """A step of a flow: perhaps a `say`, at most one verb, at most one of `next` and `end`."""

    title: str | None = None
    description: str | None = None
    entry: Literal["operator"] | None = None
    """`operator`: reached by an order only."""
    set: dict[str, Any] = {}
    clear: list[str] = []
    say: Annotated[list[Words] | None, OneOrMore] = None
    """Spoken word for word on entering; a list is used in turn, entry by entry."""
    instruct: Words | None = None
    """What the model shall do here, until a route or function leads away."""
    collect: Annotated[list[str] | None, OneOrMore] = None
    """Slots to ask for, one at a time, those that are unset."""
    run: str | None = None
    """A tool that the flow calls itself."""
    with_: dict[str, Any] = Field(default={}, alias="with")
    save: dict[str, str] = {}
    timeout: str | None = None
    filler: Filler | None = None
    next: str | Annotated[list[Route], OneOrMore] | None = None
    end: str | bool | None = None
    tools: list[str | ToolUse] = []
    attempts: int | None = Field(default=None, ge=1)
    no_match: list[Rung] | None = None
    context_strategy: Literal["append", "reset"] | None = None
    sample: Words | None = None
    """What the rules model says at an `instruct` node."""
    role_message: str | None = None
    task_messages: list[Message] | None = None
    functions: list[Function] = []
    pre_actions: list[PipecatAction] = []
    post_actions: list[PipecatAction] = []
    respond_immediately: bool | None = None
    actions: Actions = Actions()


class Slot(BaseModel):
    """A slot's declaration; keys that are not here are options of its type."""

    model_config = ConfigDict(extra="allow", populate_by_name=True, frozen=True)

    type: str
    prompt: Annotated[list[Words] | None, OneOrMore] = None
    reprompt: Annotated[list[Words] | None, OneOrMore] = None
    confirm: Literal["none", "implicit", "readback"] = "none"
    default: Any = None
    """The value from the start; such a slot is set."""
    description: str | None = None
    examples: list[str] = []

    @property
    def options(self) -> dict[str, Any]:
        """The options of the slot's type, as written."""
        return dict(self.model_extra or {})


class Defaults(Model):
    """What nodes inherit."""

    attempts: int | None = Field(default=None, ge=1)
    no_match: list[Rung] | None = None
    filler: Filler | None = None
    context_strategy: Literal["append", "reset"] | None = None


class Limits(Model):
    """When a session has gone on for long enough."""

    duration: str = "30m"
    turns: int = Field(default=200, ge=1)
    tool_calls: int = Field(default=100, ge=1)
    tool_calls_per_turn: int = Field(default=8, ge=1)
    goto: str | None = None
    """Where a session goes that has reached a limit; else a closing line and reason `limit`."""


def _declared(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else value


class Flow(Model):
    """A whole flow: ours where `flow` is set, else read from a Pipecat FlowConfig."""

    flow: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    format: Literal[1] = 1
    description: str | None = None
    initial_node: str
    nodes: dict[str, Node] = Field(min_length=1)
    personality: str | None = None
    languages: list[str] | None = None
    slots: dict[str, Annotated[Slot, BeforeValidator(_declared)]] = {}
    tools: list[str | ToolUse] = []
    global_functions: list[Function] = []
    defaults: Defaults = Defaults()
    limits: Limits = Limits()
    on_error: str | None = None
    pipecat: bool = Field(default=False, exclude=True)
    """True when the file is a FlowConfig: placeholders come from `state`, functions may jump."""


LATER = {
    "top": {"inputs", "outputs", "events", "interrupts", "timers"},
    "node": {
        "subflow",
        "transfer",
        "brief",
        "warm",
        "wait",
        "no_input",
        "interrupts",
        "interruptible",
        "mute",
        "personality",
        "voice",
        "stack",
        "languages",
    },
    "route": {"event", "where", "after", "keys"},
    "slot": {"sensitive", "grant", "input"},
    "tool": {"confirm", "mode", "on_interrupt"},
    "defaults": {"no_input", "interrupts", "interruptible", "mute", "personality", "voice", "stack", "languages"},
    "limits": {"silence"},
}
"""Keys of the language that this version does not carry out yet: refused with a sentence that says so."""
