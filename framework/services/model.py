"""What a stack file may contain: one service for each place, perhaps a fallback."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from framework.plugins.services import Kind

Settings = dict[str, Any]


class _Model(BaseModel):
    """Strict: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, frozen=True, use_attribute_docstrings=True)


class ServiceRef(_Model):
    """One service: a provider by name, or any Pipecat class by its path."""

    provider: str | None = None
    """A provider that a plugin registered: `deepgram`, `piper`."""
    class_: Annotated[str | None, Field(alias="class", pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")] = None
    """`module:Class` instead of a provider."""
    settings: Settings = {}
    """What may change while a session runs: model, temperature, speed. Secrets are `${ENV}`."""
    args: Settings = {}
    """What is fixed when the service is made: addresses, paths, switches. Secrets are `${ENV}`."""
    others: str | None = None
    """The provider that stands in for languages this one doesn't know."""

    @model_validator(mode="after")
    def _one_name(self) -> ServiceRef:
        if (self.provider is None) == (self.class_ is None):
            raise ValueError("name either a `provider` or a `class`")
        return self

    @property
    def label(self) -> str:
        """What the file calls the service; the key of a personality's `voices`."""
        return self.provider or self.class_ or ""


class TurnRef(_Model):
    """How the end of a person's turn is recognised."""

    stop: str = "smart_turn"
    """`smart_turn` listens to how one speaks; `timeout` counts silence; others come from plugins."""
    settings: Settings = {}
    """Keys of that way, and `min_words`: so many words must be heard before the bot is interrupted."""

    @property
    def label(self) -> str:
        """What the file calls it."""
        return self.stop


class Fallbacks(_Model):
    """Services that take over when the first one fails.

    There is none for `llm`: half an answer can't be continued by another model. A failed answer is an error of the
    node, and the flow's `on_error` says what then.
    """

    stt: ServiceRef | None = None
    tts: ServiceRef | None = None


class StackModel(_Model):
    """A named choice of services."""

    stack: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
    """The stack's name."""
    description: str = ""
    """For people."""
    stt: ServiceRef | None = None
    """Hears: speech to text."""
    llm: ServiceRef | None = None
    """Thinks: the language model, or the rules."""
    tts: ServiceRef | None = None
    """Speaks: text to speech. The voice is the personality's."""
    s2s: ServiceRef | None = None
    """Hears, thinks and speaks in one; instead of the three above."""
    vad: ServiceRef = ServiceRef(provider="silero")
    """Notices that somebody speaks."""
    turn: TurnRef = TurnRef()
    """Notices that somebody has finished."""
    router: ServiceRef | None = None
    """Decides intents outside model nodes."""
    fallback: Fallbacks = Fallbacks()
    """Who takes over when a service fails."""

    def chosen(self) -> list[tuple[tuple[str, ...], Kind, ServiceRef | TurnRef]]:
        """Every service of the stack: where it is written, its kind, what is written."""
        places: list[tuple[Kind, ServiceRef | TurnRef | None]] = [
            ("stt", self.stt),
            ("llm", self.llm),
            ("tts", self.tts),
            ("s2s", self.s2s),
            ("vad", self.vad),
            ("turn", self.turn),
            ("router", self.router),
        ]
        found: list[tuple[tuple[str, ...], Kind, ServiceRef | TurnRef]] = [
            ((kind,), kind, ref) for kind, ref in places if ref is not None
        ]
        spares: list[tuple[Kind, ServiceRef | None]] = [
            ("stt", self.fallback.stt),
            ("tts", self.fallback.tts),
        ]
        found += [(("fallback", kind), kind, ref) for kind, ref in spares if ref is not None]
        return found
