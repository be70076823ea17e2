"""What a flow file of ours may contain. Keys and meanings are those of the language reference."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Words = str | dict[str, str]
"""A text, or a map of languages to texts; may hold `{{ expressions }}`."""


def listed(value: Any) -> Any:
    """A list, or a single value as a list of one."""
    return value if isinstance(value, list) or value is None else [value]


def _written_out(value: Any) -> Any:
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


Duration = Annotated[str, BeforeValidator(_written_out)]
"""A duration such as `6s`; a bare number is kept as text, so that the checker can say how to write it."""

OneOrMore = BeforeValidator(listed)
"""A single value is read as a list of one."""


def pressed(value: Any) -> Any:
    """Keys as texts: `1` in a file is a number."""
    return [_written_out(key) for key in listed(value)] if value is not None else None


Keys = Annotated[list[str] | None, BeforeValidator(pressed)]
"""What is pressed on a telephone: one key, or several one after another such as `"12"`; a list holds alternatives."""


class Model(BaseModel):
    """Strict: unknown keys are errors; keys that start with `x-` were removed by the reader."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, frozen=True, defer_build=True)


class Route(Model):
    """A way out of a node: at most one trigger, perhaps a guard, effects, at most one destination."""

    if_: str | bool | None = Field(default=None, alias="if")
    """An expression that must hold."""
    outcome: Annotated[list[str] | None, OneOrMore] = None
    """Fires when the node's verb ended with one of these."""
    intent: str | None = None
    """Fires when the person meant this, in words for the model or the router."""
    examples: list[str] = Field(default_factory=list)
    """Sentences that mean the intent."""
    keys: Keys = None
    """Keys of a telephone that mean the intent."""
    name: str | None = None
    """The intent's name for events and for the model's function."""
    event: str | None = None
    """Fires when an event of this type arrives."""
    where: str | bool | None = None
    """An expression over `event` that must hold for the event to count."""
    after: Duration | None = None
    """Fires when the node has lasted so long and nobody is speaking."""
    goto: str | None = None
    """The node to enter."""
    else_: str | None = Field(default=None, alias="else")
    """The same as `goto` on a route without trigger."""
    end: str | bool | None = None
    """End the flow with this reason (`true`: `done`)."""
    say: Annotated[list[Words] | None, OneOrMore] = None
    """Said when the route is taken, before `set` and `clear`; a list is used in turn."""
    set: dict[str, Any] = Field(default_factory=dict)
    """Slot → value, with templates."""
    clear: list[str] = Field(default_factory=list)
    """Slots to unset."""
    emit: str | dict[str, dict[str, Any]] | None = None
    """An event to publish: its type, or `{type: {field: value}}`."""

    @property
    def destination(self) -> str | None:
        """The node this route leads to, or None."""
        return self.goto if self.goto is not None else self.else_


class Rung(Model):
    """One step of a ladder: what to say, and perhaps where to go."""

    after: Duration | None = None
    """At `no_input`: how long the silence lasts, from the end of the bot's speech or from the rung before."""
    say: Annotated[list[Words] | None, OneOrMore] = None
    """Said when this rung is reached; a list is used in turn."""
    goto: str | None = None
    """The node to enter."""
    end: str | bool | None = None
    """End the flow with this reason."""


class Filler(Model):
    """What is said while a tool keeps one waiting."""

    after: Duration
    """How long to wait first."""
    say: Annotated[list[Words], OneOrMore]
    """Used in turn."""


class ToolUse(Model):
    """A tool offered to the model at a node."""

    name: str
    """The tool, as `plugin.tool`."""
    with_: dict[str, Any] = Field(default={}, alias="with")
    """Preset arguments, hidden from the model; templates allowed."""
    save: dict[str, str] = {}
    """Slot → expression over `result`."""
    as_: str | None = Field(default=None, alias="as")
    """Its name for the model here."""
    description: str | None = None
    """What the model reads here instead of the tool's own description."""
    filler: Filler | None = None
    """What is said while the tool keeps one waiting."""
    timeout: Duration | None = None
    """Duration after which the call ends as `timeout` (10 s if absent)."""
    confirm: Annotated[list[Words] | None, OneOrMore] = None
    """Asked before the call; only a yes lets it through. A list is used in turn."""
    mode: Literal["wait", "background"] = "wait"
    """`background`: the conversation goes on, and the result is told when it is there."""
    on_interrupt: Literal["keep", "cancel"] | None = None
    """Whether a call goes on when the person speaks; as the tool says, if absent."""
    next: Annotated[list[Route], OneOrMore] = []
    """Routes on its result: `outcome` and `if`."""


class ActionUse(Model):
    """A business action run on entering or leaving a node."""

    name: str
    """The action, as `plugin.action`."""
    with_: dict[str, Any] = Field(default={}, alias="with")
    """Arguments, with templates."""
    timeout: Duration | None = None
    """Duration after which the action is given up."""


class Actions(Model):
    """Business actions of a node, awaited one after another."""

    enter: list[str | ActionUse] = []
    """Run on entering, before the node says anything."""
    leave: list[str | ActionUse] = []
    """Run on leaving."""


NO_ACTIONS = Actions()


class Branches(Model):
    """Pipecat's branch: one field of a function's result decides the next node."""

    field: str
    """The key of the result that decides."""
    cases: dict[str, str]
    """Value of that key → node."""
    default: str | None = None
    """The node for any other value; without it the node stays."""


class Function(Model):
    """Pipecat's form of a function offered at a node."""

    name: str
    """The function's name, as the model sees it."""
    description: str | None = None
    """For the model; only where `transition_only`."""
    transition_to: str | Branches | None = None
    """The node to enter afterwards, or how the result decides."""
    transition_only: bool = False
    """The function only leads on: it has no code."""


class PipecatAction(BaseModel):
    """Pipecat's action; fields beyond `type` stay untouched."""

    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True)

    type: str
    """`tts_say`, `end_conversation`, `function`, or a type of your own."""


class Message(Model):
    """A message in the model's context."""

    role: str
    """`developer`, `system`, `user` or `assistant`."""
    content: str
    """The text; may hold placeholders."""


class Node(Model):
    """A step of a flow: perhaps a `say`, at most one verb, at most one of `next` and `end`."""

    title: str | None = None
    """For people and graphs."""
    description: str | None = None
    """For people and graphs."""
    entry: Literal["operator"] | None = None
    """`operator`: reached by an order only."""
    set: dict[str, Any] = Field(default_factory=dict)
    """Slot → value, with templates; on entering, before `say`."""
    clear: list[str] = Field(default_factory=list)
    """Slots to unset on entering."""
    say: Annotated[list[Words] | None, OneOrMore] = None
    """Spoken word for word on entering; a list is used in turn, entry by entry."""
    instruct: Words | None = None
    """What the model shall do here, until a route or function leads away."""
    collect: Annotated[list[str] | None, OneOrMore] = None
    """Slots to ask for, one at a time, those that are unset."""
    run: str | None = None
    """A tool that the flow calls itself."""
    subflow: str | None = None
    """Another flow, run until its end; then this one goes on here."""
    transfer: str | None = None
    """Whom the person is handed to: a name under `transfers` in `convo.yaml`."""
    wait: str | None = None
    """Why the bot is silent here, for people; left by an event, by time, or by an intent."""
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    """Arguments of `run`, or inputs of `subflow`, with templates."""
    save: dict[str, str] = Field(default_factory=dict)
    """Slot → expression over `result`, when `run` or `subflow` has returned."""
    brief: Words | None = None
    """At `transfer`: what the other side is told about the person."""
    warm: bool = False
    """At `transfer`: the other side is told first and takes over then; else the person is put through at once."""
    timeout: Duration | None = None
    """Duration after which `run` ends as `timeout` (10 s if absent)."""
    filler: Filler | None = None
    """What is said while a tool keeps one waiting."""
    next: str | Annotated[list[Route], OneOrMore] | None = None
    """The node to enter, or routes, read from top to bottom."""
    end: str | bool | None = None
    """End the flow with this reason (`true`: `done`) when the node has done its part."""
    tools: list[str | ToolUse] = Field(default_factory=list)
    """Offered to the model here."""
    attempts: int | None = Field(default=None, ge=1)
    """Answers per slot and entry before `exhausted` (3 if absent)."""
    no_input: list[Rung] | None = None
    """A ladder for silence: each rung after a while of it."""
    no_match: list[Rung] | None = None
    """A ladder for what fits nothing here: one rung a turn."""
    interrupts: list[str] | Literal[False] | None = None
    """Names of the interrupts that count here; `false` for none, all if absent."""
    interruptible: bool | None = None
    """Whether speech stops the bot (true if absent)."""
    mute: bool | None = None
    """Whether the person is unheard while the bot speaks (false if absent)."""
    personality: str | None = None
    """Who speaks here."""
    voice: str | None = None
    """The voice used here, by its name in the text-to-speech service."""
    stack: str | None = None
    """The services used here."""
    languages: list[str] | None = None
    """The languages spoken here."""
    context_strategy: Literal["append", "reset", "summarize"] | None = None
    """What becomes of the model's context here: kept, started over, or replaced by a summary."""
    sample: Words | None = None
    """What the rules model says at an `instruct` node."""
    role_message: str | None = None
    """As in Pipecat: who the model is, until another node says so."""
    task_messages: list[Message] | None = None
    """As in Pipecat: what the model shall do here."""
    functions: list[Function] = Field(default_factory=list)
    """As in Pipecat: functions offered here."""
    pre_actions: list[PipecatAction] = Field(default_factory=list)
    """As in Pipecat: done before the model responds."""
    post_actions: list[PipecatAction] = Field(default_factory=list)
    """As in Pipecat: done after the model has responded."""
    respond_immediately: bool | None = None
    """Whether the model responds on entering, before the person has spoken."""
    actions: Actions = Field(default_factory=lambda: NO_ACTIONS)
    """Business actions of plugins, awaited."""


class Slot(BaseModel):
    """A slot's declaration; keys that are not here are options of its type."""

    model_config = ConfigDict(extra="allow", populate_by_name=True, frozen=True, defer_build=True)

    type: str
    """The slot's type: `text`, `integer`, `date`, …"""
    prompt: Annotated[list[Words] | None, OneOrMore] = None
    """What is asked; a list is used in turn."""
    reprompt: Annotated[list[Words] | None, OneOrMore] = None
    """What is asked after an answer that didn't fit."""
    confirm: Literal["none", "implicit", "readback"] = "none"
    """`implicit` repeats the value, `readback` asks whether it is right."""
    default: Any = None
    """The value from the start; such a slot is set."""
    description: str | None = None
    """For people and models."""
    examples: list[str] = []
    """Answers as people give them; a recogniser leans towards them."""
    input: Literal["speech", "dtmf", "both"] = "both"
    """How it may be answered: spoken or typed, by keys of a telephone, or either way."""
    sensitive: bool = False
    """Its value and the words that give it reach no model, log, event or recording."""
    grant: list[str] = []
    """Tools that may be given a sensitive value."""

    @property
    def options(self) -> dict[str, Any]:
        """The options of the slot's type, as written."""
        return dict(self.model_extra or {})


class Defaults(Model):
    """What nodes inherit."""

    attempts: int | None = Field(default=None, ge=1)
    """See a node's `attempts`."""
    no_input: list[Rung] | None = None
    """See a node's `no_input`."""
    no_match: list[Rung] | None = None
    """See a node's `no_match`."""
    interrupts: list[str] | Literal[False] | None = None
    """See a node's `interrupts`."""
    interruptible: bool | None = None
    """See a node's `interruptible`."""
    mute: bool | None = None
    """See a node's `mute`."""
    filler: Filler | None = None
    """See a node's `filler`."""
    personality: str | None = None
    """See a node's `personality`."""
    voice: str | None = None
    """See a node's `voice`."""
    stack: str | None = None
    """See a node's `stack`."""
    languages: list[str] | None = None
    """See a node's `languages`."""
    context_strategy: Literal["append", "reset", "summarize"] | None = None
    """See a node's `context_strategy`."""


class Interrupt(Model):
    """What counts wherever the person is heard, before the node's own intents."""

    intent: str | None = None
    """Counts when the person means this."""
    examples: list[str] = []
    """Sentences that mean the intent."""
    keys: Keys = None
    """Keys of a telephone that mean the intent."""
    event: str | None = None
    """Counts when an event of this type arrives."""
    where: str | bool | None = None
    """An expression over `event` that must hold for the event to count."""
    if_: str | bool | None = Field(default=None, alias="if")
    """An expression: alone it counts when it becomes true, beside another trigger it is a guard."""
    say: Annotated[list[Words] | None, OneOrMore] = None
    """Said first; a list is used in turn."""
    instruct: Words | None = None
    """What the model shall do about it, in one response."""
    goto: str | None = None
    """The node to enter."""
    end: str | bool | None = None
    """End the flow with this reason (`true`: `done`)."""
    subflow: str | None = None
    """Another flow, run before the conversation goes on."""
    return_: Literal["resume", "restart", "none"] | None = Field(default=None, alias="return")
    """Then go on where it was, enter that node anew, or neither; `resume` if absent and there is no `goto`."""
    cooldown_turns: int = Field(default=0, ge=0)
    """For how many turns of the person it doesn't count again."""
    nodes: list[str] | None = None
    """The nodes at which it counts; all if absent."""


class Timer(Model):
    """What happens once after a while, or every so often."""

    after: Duration | None = None
    """Once, so long after the start."""
    every: Duration | None = None
    """Again and again, at this distance."""
    at: Literal["idle", "now"] = "idle"
    """`idle`: wait until nobody speaks and no tool runs."""
    say: Annotated[list[Words] | None, OneOrMore] = None
    """Said then; a list is used in turn."""
    instruct: Words | None = None
    """What the model is told then."""
    goto: str | None = None
    """The node to enter then."""
    emit: str | dict[str, dict[str, Any]] | None = None
    """An event to publish then: its type, or `{type: {field: value}}`."""
    nodes: list[str] | None = None
    """The nodes at which it counts, and at which its time begins anew; the whole session if absent."""


class Limits(Model):
    """When a session has gone on for long enough."""

    duration: Duration = "30m"
    """How long a session may take."""
    turns: int = Field(default=200, ge=1)
    """How many turns the person may take."""
    tool_calls: int = Field(default=100, ge=1)
    """How many calls of tools there may be."""
    tool_calls_per_turn: int = Field(default=8, ge=1)
    """How many of them in one turn."""
    silence: Duration = "60s"
    """How long nobody may say anything."""
    goto: str | None = None
    """Where a session goes that has reached a limit; else a closing line and reason `limit`."""


def declared(value: Any) -> Any:
    """A slot's declaration; a bare type is one."""
    return {"type": value} if isinstance(value, str) else value


class Flow(Model):
    """A whole flow: ours where `flow` is set, else read from a Pipecat FlowConfig."""

    flow: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    """The flow's name; this key makes the file one of this language."""
    format: Literal[1] = 1
    """The version of the language."""
    description: str | None = None
    """For people."""
    initial_node: str
    """Where a conversation begins."""
    nodes: dict[str, Node] = Field(min_length=1)
    """Name → node."""
    personality: str | None = None
    """Who speaks; the bot's if absent."""
    languages: list[str] | None = None
    """The first is the default; the personality's if absent."""
    slots: dict[str, Annotated[Slot, BeforeValidator(declared)]] = {}
    """Name → type or declaration."""
    inputs: list[str] = []
    """Slots that whoever starts the flow must give."""
    outputs: list[str] = []
    """Slots that a calling flow gets, and the last event of the session."""
    events: dict[str, dict[str, Annotated[Slot, BeforeValidator(declared)]]] = {}
    """Type → its fields' types: events from outside that routes here may use."""
    interrupts: dict[str, Interrupt | Literal[False]] = {}
    """Name → what counts wherever the person is heard; `false` switches a built-in one off."""
    timers: dict[str, Timer] = {}
    """Name → what happens after a while."""
    tools: list[str | ToolUse] = []
    """Offered at every node where a model speaks."""
    global_functions: list[Function] = []
    """As in Pipecat: functions offered at every node."""
    defaults: Defaults = Defaults()
    """What all nodes inherit."""
    limits: Limits = Limits()
    """When a session has gone on for long enough."""
    on_error: str | None = None
    """The node for what no route catches; without it the bot apologises and ends."""
    pipecat: bool = Field(default=False, exclude=True)
    """True when the file is a FlowConfig: placeholders come from `state`, functions may jump."""
