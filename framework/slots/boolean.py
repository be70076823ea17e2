"""`boolean`: yes or no."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from typing_extensions import override

from framework.slots import keypad
from framework.slots.answers import named_at
from framework.slots.base import Found, Hearing, Kind, Options, Refused, SlotType
from framework.slots.languages import language_of
from framework.slots.phrases import sentence, yes_no
from framework.slots.tokens import read


class Boolean(SlotType):
    """Yes or no."""

    name: ClassVar[str] = "boolean"
    kind: ClassVar[Kind] = "boolean"
    Options = Options

    @override
    def hear(self, text: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """Yes, no, and what people say instead."""
        if hearing.asked:
            answer = yes_no(text, hearing.language)
            return None if answer is None else Found(answer, 0, len(text))
        reading = read(text)
        place = named_at(reading, hearing, language_of(hearing.language))
        if place is None or place[1] >= len(reading.words):
            return None
        start = reading.tokens[place[1]].start
        answer = yes_no(text[start:], hearing.language)
        return None if answer is None else Found(answer, start, len(text), named=True)

    @override
    def check(self, value: Any, options: Any, today: date) -> Any:
        """True or false, nothing else: `yes` in a file is a text."""
        if isinstance(value, str) and value.lower() in {"true", "false"}:
            return value.lower() == "true"
        if not isinstance(value, bool):
            raise ValueError(f"`true` or `false` is needed here, not `{value!r}`")  # noqa: TRY004 — see `SlotType.check`
        return value

    @override
    def spoken(self, value: Any, options: Any, language: str) -> str:
        """Yes or no, in the language."""
        return language_of(language).sentences["yes" if value else "no"]

    @override
    def keys(self, pressed: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """1 is yes, 2 is no."""
        answer = {1: True, 2: False}.get(keypad.place(pressed))
        return None if answer is None else keypad.found(pressed, answer)

    @override
    def presses(self, options: Any, hearing: Hearing) -> int:
        """One key is the answer."""
        return 1

    @override
    def words(self, options: Any, language: str) -> tuple[str, ...]:
        """Yes and no."""
        known = language_of(language).sentences
        return known["yes"], known["no"]

    @override
    def question(self, name: str, language: str) -> str:
        """Ask for it by the slot's name."""
        return sentence("ask_boolean", language, name=name.replace("_", " "))
