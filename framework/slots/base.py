"""What a slot type is: it hears, checks, reads back and speaks one kind of value."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from framework.slots.languages import language_of

Kind = Literal["text", "integer", "number", "boolean", "enum", "date", "time", "datetime", "duration", "list", "object"]
"""What expressions may do with a value of the type."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """What surrounds an answer."""

    language: str
    today: date
    asked: bool = True
    """True while this very slot is asked for: bare answers count. Else only words that name the slot."""
    name: str = ""
    """The slot's name, for words that name it ("the size is …")."""
    sole: bool = False
    """While not asked: no other unset slot here has this type, so what can be nothing else counts in passing."""
    now: datetime | None = None
    """The moment on the person's calendar, for "in half an hour"; None where only the day is known."""


@dataclass(frozen=True, slots=True)
class Found:
    """A value heard in a text."""

    value: Any
    """In canonical form, as JSON."""
    start: int
    end: int
    """Which part of the text it came from: `text[start:end]`."""
    named: bool = False
    """The words named the slot or can mean nothing else ("my name is Ada", an enum value)."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Words that are a value of the type, but not one this slot takes."""

    why: str
    """One sentence to say to the person, in the session's language."""


class Options(BaseModel):
    """Type options of a declaration; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid")


SCHEMAS: dict[Kind, dict[str, Any]] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "enum": {"type": "string"},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "format": "time"},
    "datetime": {"type": "string", "format": "date-time"},
    "duration": {"type": "string", "format": "duration"},
    "list": {"type": "array"},
    "object": {"type": "object"},
}
"""The canonical form of each kind."""


class SlotType(ABC):
    """A type that slots can have. Stateless: one instance serves all sessions."""

    name: ClassVar[str]
    """As a flow writes it."""
    kind: ClassVar[Kind]
    open: ClassVar[bool] = False
    """True when any words may be an answer (`text`, `person_name`): intents are then asked for first."""
    heard: ClassVar[bool] = True
    """False for what nobody can say in one answer (`object`): tools and flows set it."""
    Options: ClassVar[type[Options]] = Options

    @abstractmethod
    def hear(self, text: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """Find a value in what a person said or typed; None when there is none."""

    @abstractmethod
    def check(self, value: Any, options: Any, today: date) -> Any:
        """The canonical form of a value set by a flow, tool or order; `ValueError` with a sentence when it is none."""

    @abstractmethod
    def spoken(self, value: Any, options: Any, language: str) -> str:
        """The value as people say it, for `say` and for read-backs."""

    def keys(self, pressed: str, options: Any, hearing: Hearing) -> Found | Refused | None:  # noqa: ARG002
        """The value that keys of a telephone say; None where they say none.

        Args:
            pressed: `0`–`9`, `*` and `#` in the order in which they were pressed. A `#` at the end closes the answer.
            options: The slot's options.
            hearing: What surrounds the answer. Of a value found, `start` and `end` are the whole of the keys.
        """
        return None

    def presses(self, options: Any, hearing: Hearing) -> int:  # noqa: ARG002
        """How many keys make an answer whole, so that no `#` and no pause need follow; 0 where any number may."""
        return 0

    def masked(self, value: Any, options: Any, language: str) -> str:  # noqa: ARG002
        """What a read-back says in place of a sensitive value: enough to notice a mistake, too little to use."""
        return language_of(language).sentences["masked"]

    def schema(self, options: Any) -> dict[str, Any]:  # noqa: ARG002
        """The canonical form as JSON Schema."""
        return dict(SCHEMAS[self.kind])

    def words(self, options: Any, language: str) -> tuple[str, ...]:  # noqa: ARG002 - for those who override it
        """Phrases that a recogniser should lean towards while this slot is asked for."""
        return ()

    def question(self, name: str, language: str) -> str:
        """What to ask when the declaration has no prompt."""
        raise NotImplementedError
