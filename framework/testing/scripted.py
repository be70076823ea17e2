"""Scripts for a model, a recogniser and a voice that follow them, and say when they were not followed.

    script = Script([Step(heard="pizza", call={"go_order": {}}), Step(say="Which size?")], lines=["A pizza, please."])
    … run a session whose stack has `llm: {provider: scripted}` …
    script.check()

In a stack file the script stands in the settings: `llm: {provider: scripted, settings: {steps: [{say: Hello.}]}}`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict

from framework.errors import UserError
from framework.plugins.markers import hookimpl
from framework.plugins.registry import Registry
from framework.plugins.services import Keys, Kind, Service, ServiceContext

WORD_S = 0.3
"""How long a word takes to be said."""

WORDS = re.compile(r"\S+\s*")


class ScriptError(UserError, ValueError):
    """The conversation and the script have parted ways."""


class Step(BaseModel):
    """One response of the model, and what must have come before it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    say: str = ""
    call: dict[str, dict[str, Any]] = {}
    """Function → arguments; all of them in this one response."""
    heard: str | None = None
    """Words that the last message from the person or a tool must hold, capitals aside."""
    offered: list[str] | None = None
    """Functions that must be offered at this moment; others may be too."""
    role: str | None = None
    """Words that the system instruction must hold."""

    @property
    def words(self) -> Sequence[str]:
        """What is said, a word at a time, as a model streams it."""
        return WORDS.findall(self.say)

    @property
    def calls(self) -> Sequence[tuple[str, dict[str, Any]]]:
        """What is called."""
        return list(self.call.items())


@dataclass
class Script:
    """What a model answers and what a recogniser hears, in turn; remembers what was said and what went wrong."""

    steps: Sequence[Step] = ()
    lines: Sequence[str] = ()
    """What the recogniser hears, one for each stretch of speech."""
    word_s: float = WORD_S
    said: list[str] = field(default_factory=list)
    """What the voice was given to say."""
    problems: list[str] = field(default_factory=list)
    answered: int = 0
    listened: int = 0

    def answer(self, messages: Sequence[Any], tools: Sequence[str], role: str) -> Step:
        """The next step, when what came before it is as the script has it."""
        if self.answered >= len(self.steps):
            raise self._lost(f"the script ends after {_count(len(self.steps), 'step')}, and the model is asked again")
        step = self.steps[self.answered]
        self.answered += 1
        if wrong := _mismatch(step, _last(messages), tools, role):
            raise self._lost(f"step {self.answered} of the script: {wrong}")
        return step

    def hear(self, seconds: float) -> str:
        """The next line."""
        if self.listened >= len(self.lines):
            heard = f"{seconds:.1f} s of speech"
            raise self._lost(f"the script ends after {_count(len(self.lines), 'line')}, and {heard} came in")
        self.listened += 1
        return self.lines[self.listened - 1]

    def speak(self, text: str) -> float:
        """Remember what is said; the seconds it takes."""
        self.said.append(text)
        return self.word_s * max(1, len(text.split()))

    def check(self) -> None:
        """Raise `ScriptError` with everything that went otherwise, and with what was never reached."""
        found = list(self.problems)
        if left := len(self.steps) - self.answered:
            found.append(f"{_count(left, 'step')} of the script never came to pass, from step {self.answered + 1} on")
        if left := len(self.lines) - self.listened:
            found.append(f"{_count(left, 'line')} of the script never came to pass: {self.lines[self.listened]!r}, …")
        if found:
            raise ScriptError("; ".join(found))

    def _lost(self, problem: str) -> ScriptError:
        self.problems.append(problem)
        return ScriptError(problem)


def _mismatch(step: Step, last: str, tools: Sequence[str], role: str) -> str | None:
    if step.heard is not None and step.heard.lower() not in last.lower():
        return f"`{step.heard}` should have been heard, but it was `{last}`"
    if gone := [name for name in step.offered or [] if name not in tools]:
        return f"`{gone[0]}` should be offered, but there is {', '.join(f'`{name}`' for name in tools) or 'nothing'}"
    if absent := [name for name in step.call if name not in tools]:
        return f"`{absent[0]}` can't be called, there is {', '.join(f'`{name}`' for name in tools) or 'nothing'}"
    if step.role is not None and step.role.lower() not in role.lower():
        return f"the role should hold `{step.role}`"
    return None


def _last(messages: Sequence[Any]) -> str:
    """The last thing that the person or a tool said to the model."""
    for message in reversed(messages):
        if message.get("role") in {"user", "tool"}:
            return str(message.get("content"))
    return ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


# --- As services ---------------------------------------------------------------


def keys() -> Keys:
    """A script in the stack itself, or, from a program, a `Script` as `script`."""
    return Keys(settings={"steps": list[Step], "lines": list[str], "word_s": float}, args={"script": Any})


def build_llm(context: ServiceContext) -> Any:
    """A model that follows the script."""
    from framework.services.providers.scripted import ScriptedModel  # noqa: PLC0415 - Pipecat weighs

    return ScriptedModel(_script(context))


def build_stt(context: ServiceContext) -> Any:
    """A recogniser that follows the script."""
    from framework.services.providers.scripted import ScriptedEar  # noqa: PLC0415 - Pipecat weighs

    return ScriptedEar(_script(context))


def build_tts(context: ServiceContext) -> Any:
    """A silent voice that takes its time."""
    from framework.services.providers.scripted import ScriptedVoice  # noqa: PLC0415 - Pipecat weighs

    return ScriptedVoice(_script(context))


def _script(context: ServiceContext) -> Script:
    given = context.args.get("script")
    return given if isinstance(given, Script) else Script(**context.settings)


@hookimpl
def register_services(services: Registry[Service]) -> None:
    """Offer `provider: scripted` for `llm`, `stt` and `tts`."""
    places: tuple[Kind, ...] = ("llm", "stt", "tts")
    for kind in places:
        services.add(
            Service(
                kind=kind,
                name="scripted",
                build=f"{__name__}:build_{kind}",
                keys=f"{__name__}:keys",
                extra="runtime",
                packages=("pipecat",),
            )
        )
