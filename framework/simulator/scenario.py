"""What a scenario file may contain: Pipecat's eval scenarios, with what only a flow knows added."""

# ruff: noqa: RUF012 - pydantic copies defaults

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from framework.flows.model import Duration, Model, OneOrMore

__all__ = ["Call", "Expectation", "Finally", "Mock", "ModelStep", "Pause", "Scenario", "ScenarioFile", "Turn"]


def _pressed(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Pressed = Annotated[str | None, BeforeValidator(_pressed)]
"""Keys of a telephone in a row, such as `12#`; a plain number is read as its figures."""


class Call(Model):
    """A function that the model should call."""

    name: str | None = None
    """Its name as the model sees it; any if absent."""
    args: dict[str, Any] | None = None
    """Arguments that must be among those of the call."""


INPUTS = ("user", "press", "dtmf", "wait", "arrive", "order", "happens")
"""Keys of a turn that make something happen; one of them in a turn."""
TEXTS = ("text", "text_contains", "text_excludes", "text_matches", "eval")
"""Keys of an expectation that are about what the bot says."""


class Expectation(Model):
    """Something that should happen in a turn, or hold at its end.

    What happens is looked for in the order in which it is written. What holds (`node`, `slots`, `end`) is looked at
    when the bot has done its part.
    """

    event: str | None = None
    """One of Pipecat's names (`response`, `function_call`, …) or of our events; `response` beside a check of text."""
    text_contains: str | None = None
    """Words that must be in the text, spaces and line breaks aside."""
    text_excludes: str | None = None
    """Words that must not be in it."""
    text_matches: str | None = None
    """A regular expression that must be found in it."""
    text: str | None = None
    """The whole text, word for word."""
    eval: str | None = None
    """A criterion for a judge. An expression between slashes in it decides without one."""
    within_ms: int | None = Field(default=None, ge=0)
    """How many milliseconds after the turn began it must have happened."""
    absent: bool = False
    """It must not happen."""
    check_from: Literal["previous", "turn_start"] = "previous"
    """Whether to look from where the last one was found, or from the beginning of the turn."""
    name: str | None = None
    """Of a `function_call`: the function."""
    args: dict[str, Any] | None = None
    """Of a `function_call`: arguments that must be among those of the call."""
    calls: list[str | Call] | None = None
    """Of a `function_call`: all calls that must be made, in any order."""
    marker: str | None = None
    """Of an `llm_marker`: looked at by Pipecat's harness only."""
    marker_first: bool | None = None
    """Of an `llm_marker`: looked at by Pipecat's harness only."""
    markers: int | None = None
    """Of an `llm_marker`: looked at by Pipecat's harness only."""
    text_after: bool | None = None
    """Of an `llm_marker`: looked at by Pipecat's harness only."""
    data: dict[str, Any] | None = None
    """Of an event of ours: what must be among its data."""
    tool: str | None = None
    """This tool is called, by the flow or by the model."""
    with_: dict[str, Any] | None = Field(default=None, alias="with")
    """Arguments that must be among those of the call of `tool`."""
    outcome: str | None = None
    """How the call of `tool` ends: `value`, `error`, `timeout` or `cancelled`."""
    intent: str | None = None
    """The person is understood to mean this intent: its name, else its text."""
    node: str | None = None
    """The node at which the conversation is when the turn is over."""
    path: list[str] | None = None
    """All nodes that are entered in the turn, in order."""
    slots: dict[str, Any] | None = None
    """Slots and their values when the turn is over; `null` for one that is not set."""
    end: str | None = None
    """The conversation is over then, with this reason."""


class Pause(Model):
    """A silence in the middle of what a person says."""

    pause_ms: int = Field(ge=0)
    """How long, in milliseconds."""


class SendAfter(Model):
    """When a turn is sent."""

    event: str | None = None
    """After this has happened."""
    delay_ms: int = Field(default=0, ge=0)
    """So many milliseconds later."""


class ModelStep(Model):
    """What the model does once, instead of what it would do by itself."""

    say: str = ""
    """What it says."""
    call: dict[str, dict[str, Any]] = {}
    """Function → arguments; all of them in this one response."""
    fail: str | None = None
    """The model's service gives this error instead of an answer."""
    heard: str | None = None
    """Words that the last message from the person or a tool must hold."""
    offered: list[str] | None = None
    """Functions that must be offered at this moment."""


class Turn(Model):
    """One thing that happens to the bot, and what is expected then; without the first, only what is expected."""

    user: str | list[str | Pause] | None = None
    """What the person says; a list where there are pauses in it."""
    press: Pressed = None
    """Keys of a telephone, such as `"12#"`."""
    dtmf: Pressed = None
    """The same, as Pipecat calls it."""
    wait: Duration | None = None
    """The person stays silent for so long."""
    arrive: str | dict[str, dict[str, Any]] | None = None
    """An event from outside: its type, or `{type: {field: value}}`."""
    order: dict[str, Any] | None = None
    """An operator's order, such as `{kind: goto, node: help}`."""
    happens: list[dict[str, Any]] | None = None
    """Inputs of the engine as they were recorded, such as `{input: Heard, at: 1.5, text: hello}`, `at` in seconds since
    the beginning; all else around the bot stands still then. In the first turn the conversation begins with them."""
    hang_up: bool = False
    """The person hangs up."""
    interrupts: Duration | None = None
    """The person begins to speak so long after the bot did; else when the bot has finished."""
    takes: Duration | None = None
    """How long the person speaks; by the length of the words if absent."""
    send_after: SendAfter | None = None
    """When the turn is sent, instead of when the bot has finished: Pipecat's way to interrupt."""
    audio: str | None = None
    """A recording to play instead of a voice that speaks `user`, with `--voice`."""
    image: str | None = None
    """A picture that the bot may ask for: used by Pipecat's harness only."""
    model: Annotated[list[ModelStep] | None, OneOrMore] = None
    """What the model does in this turn, step by step; after that, what it would do by itself."""
    expect: list[Expectation] = []
    """What should happen then."""


class Mock(Model):
    """One answer of a tool: a result, an error, or none in time."""

    result: Any = None
    """What it returns, as JSON."""
    error: str | None = None
    """It fails with this sentence."""
    code: str = "failed"
    """The error's code."""
    timeout: bool = False
    """It does not answer in time."""
    delay: Duration | None = None
    """How long it takes."""
    when: dict[str, Any] | None = None
    """It answers only calls with these arguments among theirs."""


Answers = Literal["recorded", "real"] | Mock | list[Mock]
"""How a tool answers: as recorded, by itself, or by script: one answer after another, the last again and again."""


class Finally(Model):
    """What should be so when the conversation is over."""

    end: str | None = None
    """The reason with which it ended."""
    path: list[str] | None = None
    """All nodes entered, in order."""
    visited: list[str] | None = None
    """Nodes that were entered at some time."""
    avoided: list[str] | None = None
    """Nodes that were never entered."""
    slots: dict[str, Any] | None = None
    """Slots and their values; `null` for one that is not set."""
    outputs: dict[str, Any] | None = None
    """What the flow gave back, or a part of it."""
    tools: dict[str, int] | None = None
    """Tool → how often it was called."""
    errors: list[str] = []
    """Codes of `error` events that are meant to happen; any other fails the scenario."""


class _Scene(Model):
    """What a scenario may say, and a file for all of its scenarios."""

    turns: list[Turn] | None = None
    """The conversation, turn by turn."""
    flow: str | None = None
    """The flow: its name, or a file; if absent, the name of the scenario file."""
    personality: str | None = None
    """Who speaks; the flow's if absent, else the bot's."""
    handlers: str | None = None
    """The module with the functions of a Pipecat FlowConfig."""
    channel: Literal["text", "voice"] | None = None
    """Whether one reads or hears the bot; `voice` where somebody interrupts, else `text`."""
    language: str | None = None
    """The session's language; the flow's first if absent."""
    identity: dict[str, Any] | None = None
    """Whom the bot talks to: `id`, `name`, `role` and what else is known."""
    inputs: dict[str, Any] = {}
    """Slots that whoever starts the flow gives."""
    starts_at: str | None = None
    """The moment at which the conversation begins, ISO 8601; 2026-02-02T02:40:00Z if absent."""
    tools: dict[str, Answers] = {}
    """Tool → how it answers; a tool that is called and not named here fails the scenario."""
    actions: dict[str, Mock] = {}
    """Action → how it ends; well if absent."""
    transfers: dict[str, Annotated[list[str], OneOrMore]] = {}
    """Target → how handing over ends, one after another: `done`, `no_answer`, `busy` or `error`; `done` if absent."""
    model: Annotated[list[ModelStep] | None, OneOrMore] = None
    """What the model does, step by step, instead of the rules model."""
    finally_: Finally | None = Field(default=None, alias="finally")
    """What should be so in the end."""
    stop_on_failure: bool = True
    """Whether the first failed turn ends the scenario."""
    skip: str | None = None
    """Why the scenario is not played for the time being."""
    context: list[dict[str, Any]] | None = None
    """Messages that the model's context begins with."""
    user: dict[str, Any] | None = None
    """How turns reach the bot with `--voice` and `--live`, as in Pipecat."""
    judge: dict[str, Any] | None = None
    """Who judges with `--voice` and `--live`, as in Pipecat."""
    trigger_disconnect: bool = False
    """As in Pipecat; deprecated there."""
    persona: str | None = None
    """A simulation of Pipecat's: an LLM plays this caller; with `--live` and `--voice` only."""
    goal: str | None = None
    """What that caller wants."""
    success: str | None = None
    """When the bot has done its job, for the judge."""
    metrics: list[dict[str, Any]] = []
    """What else is judged or measured."""
    simulator: dict[str, Any] | None = None
    """The model that plays the caller."""
    max_turns: int | None = None
    """How many turns that caller may take."""
    max_duration_s: float | None = None
    """How long such a conversation may take."""
    max_silence_s: float | None = None
    """How long nobody may do anything in it."""
    runs: int | None = None
    """How often it is run."""


class Scenario(_Scene):
    """One conversation, and what is expected of it. What a scenario doesn't say, its file may."""

    name: str
    """What it is about."""


class ScenarioFile(_Scene):
    """A file of scenarios. Beside them, keys of a scenario may stand, for all that don't have their own."""

    name: str
    """The file's name; scenarios are called `<file>/<scenario>`."""
    scenarios: list[Scenario] = []
    """The scenarios; each is played on its own."""

    def written_out(self) -> list[Scenario]:
        """Every scenario with what the file says for all of them; nothing is merged."""
        common = {name: getattr(self, name) for name in self.model_fields_set if name in Scenario.model_fields}
        common.pop("name", None)
        if not self.scenarios:
            return [Scenario.model_construct(self.model_fields_set & set(Scenario.model_fields), **_all(self, {}))]
        return [
            Scenario.model_construct(
                set(common) | one.model_fields_set,
                **_all(one, {k: v for k, v in common.items() if k not in one.model_fields_set}),
            )
            for one in self.scenarios
        ]


def _all(one: _Scene, more: dict[str, Any]) -> dict[str, Any]:
    return {name: more.get(name, getattr(one, name)) for name in Scenario.model_fields}
