"""A checked flow, made ready to run: every text and expression parsed, every name resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from framework.engine.effects import Offer
from framework.personalities.model import Personality
from framework.slots.base import SlotType

RATE = 30
"""How often a session may call one tool within a minute, unless the tool says otherwise."""

Names = Mapping[str, Any]
"""What expressions see: `slots`, `result`, `session`, `identity`, `personality`, `state`."""


class Speak(Protocol):
    """Turns a value into words; `path` is the bare name it came from, such as `("slots", "born")`."""

    def __call__(self, value: Any, path: tuple[str, ...] | None) -> str:
        """The value in words."""
        ...


class Condition(Protocol):
    """A parsed expression."""

    def evaluate(self, names: Names, now: datetime) -> Any:
        """Its value."""
        ...


class Wording(Protocol):
    """A parsed text with placeholders."""

    def render(self, names: Names, now: datetime, speak: Speak | None = None) -> str:
        """The text with its placeholders filled."""
        ...

    def value(self, names: Names, now: datetime) -> Any:
        """The value; typed when the text is one single placeholder."""
        ...


@dataclass(frozen=True, slots=True)
class Plain:
    """A text that stands as it is."""

    text: str

    def render(self, names: Names, now: datetime, speak: Speak | None = None) -> str:
        """The text."""
        del names, now, speak
        return self.text

    def value(self, names: Names, now: datetime) -> Any:
        """The text."""
        return self.render(names, now)


@dataclass(frozen=True, slots=True)
class Text:
    """A text in each language it was written in; `""` stands for any."""

    wordings: dict[str, Wording]

    def wording(self, language: str) -> Wording:
        """The wording for a language, else for it without its region, else for any, else the first."""
        for tag in (language, language.partition("-")[0], ""):
            if (found := self.wordings.get(tag)) is not None:
                return found
        return next(iter(self.wordings.values()))


@dataclass(frozen=True, slots=True)
class Value:
    """A value with templates inside lists and maps, as `set`, `with` and `emit` hold."""

    shape: Any
    """Plain JSON, where each text is a `Wording`."""


@dataclass(frozen=True, slots=True)
class Way:
    """A route, made ready."""

    index: int
    guard: Condition | bool | None = None
    outcomes: frozenset[str] | None = None
    intent: str | None = None
    """What the person meant, in words."""
    name: str = ""
    """The intent's name in events; its key among choices."""
    examples: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    """What is pressed on a telephone for it: one sequence of keys or another."""
    event: str | None = None
    """The type of an event from outside."""
    where: Condition | bool | None = None
    """What must hold of the event's data."""
    after_s: float | None = None
    """How long the node must have lasted."""
    to: str | None = None
    end: str | None = None
    say: tuple[Text, ...] = ()
    set: tuple[tuple[str, Value], ...] = ()
    clear: tuple[str, ...] = ()
    emit: tuple[tuple[str, Value], ...] = ()

    @property
    def waits(self) -> bool:
        """Whether something must happen at the node for it: words, keys, an event, or time."""
        said = self.intent is not None or bool(self.keys)
        return said or self.event is not None or self.after_s is not None

    @property
    def leads(self) -> bool:
        """Whether it leaves the node."""
        return self.to is not None or self.end is not None


@dataclass(frozen=True, slots=True)
class FillerPlan:
    """What is said after a while of waiting."""

    after_s: float
    say: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """Pipecat's branch on one field of a result."""

    field: str
    cases: dict[str, str]
    default: str | None


@dataclass(frozen=True, slots=True)
class Offered:
    """A function that the model may call at a node, and what a call does."""

    offer: Offer
    tool: str | None = None
    """The tool to run; None for a function that only leads away."""
    way: Way | None = None
    """The intent that the call means."""
    interrupt: str = ""
    """The interrupt that the call means, by its flow and name."""
    to: str | Branch | None = None
    """Pipecat's `transition_to`."""
    presets: tuple[tuple[str, Value], ...] = ()
    save: tuple[tuple[str, Condition], ...] = ()
    ways: tuple[Way, ...] = ()
    filler: FillerPlan | None = None
    examples: tuple[str, ...] = ()
    confirm: tuple[Text, ...] = ()
    """Asked before the call; only a yes lets it through."""
    background: bool = False
    """Whether the conversation goes on while the call runs."""
    rate: int = RATE


@dataclass(frozen=True, slots=True)
class RungPlan:
    """One step of a ladder."""

    say: tuple[Text, ...]
    to: str | None
    end: str | None
    after_s: float | None = None
    """At `no_input`: how long the silence before it lasts; None leaves it to the channel."""


@dataclass(frozen=True, slots=True)
class LadderPlan:
    """What is done about silence, or about turns that fit nothing: one rung after another."""

    rungs: tuple[RungPlan, ...]
    of: str = "node"
    """Where it is written: `node` or `defaults`."""


@dataclass(frozen=True, slots=True)
class InterruptPlan:
    """What counts wherever the person is heard, before the node's own intents."""

    way: Way
    """Its trigger, its words and where it leads; its name is the interrupt's."""
    instruct: Text | None = None
    subflow: str | None = None
    back: str = "resume"
    """What then: `resume`, `restart` or `none`."""
    cooldown: int = 0
    nodes: frozenset[str] | None = None
    """Where it counts; None: everywhere."""
    built_in: bool = False
    """Whether no flow says what it does: `correct`, `repeat` and `hold` have effects of their own."""

    @property
    def name(self) -> str:
        """As the flow calls it."""
        return self.way.name


@dataclass(frozen=True, slots=True)
class TimerPlan:
    """What happens after a while, or every so often."""

    name: str
    after_s: float
    """From the start, or from entering one of its nodes."""
    every_s: float | None = None
    """From one delivery to the next; None: it is delivered once."""
    idle: bool = True
    """Whether it waits until nobody speaks and no tool runs."""
    say: tuple[Text, ...] = ()
    instruct: Text | None = None
    to: str | None = None
    emit: tuple[tuple[str, Value], ...] = ()
    nodes: frozenset[str] | None = None
    """Where it counts, its time beginning anew at each; None: all through the flow."""


@dataclass(frozen=True, slots=True)
class ActionPlan:
    """A business action with its arguments."""

    name: str
    arguments: Value
    timeout_s: float


@dataclass(frozen=True, slots=True)
class PipecatActionPlan:
    """An action in Pipecat's form; `text` is filled in for what is spoken."""

    type: str
    text: Text | None
    spec: dict[str, Any]


@dataclass(frozen=True, slots=True)
class NodePlan:
    """A node, made ready."""

    name: str
    kind: str
    """`say`, `instruct`, `collect`, `run`, `subflow`, `transfer`, `wait` or `decide`."""
    hears: bool
    set: tuple[tuple[str, Value], ...] = ()
    clear: tuple[str, ...] = ()
    say: tuple[Text, ...] = ()
    ways: tuple[Way, ...] = ()
    end: str | None = None
    enter: tuple[ActionPlan, ...] = ()
    leave: tuple[ActionPlan, ...] = ()
    role: Text | None = None
    task: tuple[tuple[str, Text], ...] = ()
    """Messages for the model: role and content."""
    reset: bool = False
    summarize: bool = False
    """Whether a summary replaces the context that the model had so far."""
    respond: bool = True
    """Whether the model speaks first."""
    offered: tuple[Offered, ...] = ()
    sample: Text | None = None
    collect: tuple[str, ...] = ()
    attempts: int = 3
    no_match: LadderPlan | None = None
    no_input: LadderPlan | None = None
    asks: bool = False
    """Whether the person is expected to say something, so that silence is answered and counted."""
    interruptible: bool = True
    """Whether the person's speech stops the bot."""
    mute: bool = False
    """Whether the person is unheard while the bot speaks."""
    interrupts: frozenset[str] | None = None
    """The names of those that count here; None: all."""
    tool: str | None = None
    subflow: str | None = None
    target: str | None = None
    """Whom a `transfer` leads to."""
    brief: Text | None = None
    warm: bool = False
    arguments: tuple[tuple[str, Value], ...] = ()
    """Of `run`; inputs of `subflow`."""
    save: tuple[tuple[str, Condition], ...] = ()
    timeout_s: float = 10.0
    rate: int = RATE
    filler: FillerPlan | None = None
    languages: tuple[str, ...] = ()
    """Spoken here; empty for whatever is spoken already."""
    personality: Personality | None = None
    """Who speaks here, where it is somebody else."""
    voice: str | None = None
    stack: str | None = None
    pre_actions: tuple[PipecatActionPlan, ...] = ()
    post_actions: tuple[PipecatActionPlan, ...] = ()

    @property
    def intents(self) -> tuple[Way, ...]:
        """The routes that a person's meaning can take."""
        return tuple(way for way in self.ways if way.intent is not None)

    @property
    def keyed(self) -> tuple[Way, ...]:
        """The routes that keys of a telephone can take."""
        return tuple(way for way in self.ways if way.keys)


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """A slot, made ready."""

    name: str
    type: SlotType
    options: Any
    prompt: tuple[Text, ...]
    reprompt: tuple[Text, ...]
    confirm: str
    default: Any
    examples: tuple[str, ...]
    input: str = "both"
    """How it may be answered: `speech`, `dtmf` or `both`."""
    sensitive: bool = False
    """Whether its value and the words that give it are kept from everybody but `grant`."""
    grant: frozenset[str] = frozenset()
    """Tools that may be given a sensitive value, by their names and aliases."""

    def takes(self, value: Any, today: date) -> bool:
        """Whether the slot's type takes a value."""
        try:
            self.type.check(value, self.options, today)
        except (ValueError, TypeError):
            return False
        return True

    def told(self, error: ValueError) -> str:
        """Why a value is none of the slot's; of a sensitive one nothing is repeated."""
        return f"slot `{self.name}`: " + ("this is no value for it" if self.sensitive else str(error))


@dataclass(frozen=True, slots=True)
class LimitsPlan:
    """When it has been long enough."""

    duration_s: float
    turns: int
    tool_calls: int
    tool_calls_per_turn: int
    silence_s: float
    to: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole flow, made ready; it never changes while sessions run on it."""

    flow: str
    hash: str
    initial: str
    nodes: dict[str, NodePlan]
    slots: dict[str, SlotPlan]
    personality: Personality
    persona: dict[str, dict[str, dict[str, Any]]]
    """Personality → language → its fields in it."""
    languages: tuple[str, ...]
    limits: LimitsPlan
    on_error: str | None
    pipecat: bool
    inputs: tuple[str, ...] = ()
    """Slots that whoever starts the flow must give."""
    outputs: tuple[str, ...] = ()
    """Slots that a calling flow gets, and the session's last event."""
    events: dict[str, dict[str, SlotPlan]] = field(default_factory=dict)
    """Type of an event from outside → its fields."""
    flows: dict[str, Plan] = field(default_factory=dict, repr=False, compare=False)
    """All flows that a session of this one can reach, by name, itself included; all of them share one dictionary."""
    timers: tuple[TimerPlan, ...] = ()
    """In the order of the file."""
    interrupts: tuple[InterruptPlan, ...] = ()
    """In the order of the file, those that no flow has written last."""
    without: frozenset[str] = frozenset()
    """Interrupts that the flow has switched off."""
    sensitive: frozenset[str] = frozenset()
    """Slots whose values are kept from everybody but the tools they are granted to."""
    cast: dict[str, Personality] = field(default_factory=dict)
    """Everybody who speaks at some node, by name."""

    @property
    def holds_secrets(self) -> bool:
        """Whether it, or a flow that it runs, has sensitive slots."""
        return any(one.sensitive for one in self.flows.values())
