"""`text`: any words, as they were said."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, ClassVar

from pydantic import Field, field_validator
from typing_extensions import override

from framework.slots.answers import asks, named_at
from framework.slots.base import Found, Hearing, Kind, Options, Refused, SlotType
from framework.slots.languages import language_of
from framework.slots.languages.base import Language
from framework.slots.letters import past_word
from framework.slots.phrases import sentence
from framework.slots.tokens import Reading, read

LONGEST = 2000
"""Characters a value may have when a flow doesn't say; keeps patterns cheap and state small."""


_NESTED = re.compile(r"\((?:[^()\\]|\\.)*[+*](?:[^()\\]|\\.)*\)(?:[+*]|\{\d+,)")
"""A repetition inside a group that repeats: Python's matcher may go back and forth in it for years."""


class TextOptions(Options):
    """What a `text` may look like."""

    min_length: int = Field(default=1, ge=0)
    """The fewest characters it may have."""
    max_length: int = Field(default=LONGEST, ge=1, le=LONGEST)
    """The most characters it may have."""
    pattern: str | None = None
    """A regular expression that the whole value must fit."""

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as wrong:
            raise ValueError(f"`{pattern}` is not a regular expression: {wrong}") from None
        if pattern and _NESTED.search(pattern):
            raise ValueError(f"`{pattern}` repeats what repeats already, which can take forever: write it flat")
        return pattern


def misfit(value: str, options: TextOptions) -> str | None:
    """Why a text doesn't fit, as the key of a sentence; None when it does."""
    if len(value) < options.min_length:
        return "too_short"
    if len(value) > options.max_length:
        return "too_long"
    if options.pattern is not None and not re.fullmatch(options.pattern, value):
        return "wrong_form"
    return None


def checked(value: Any, options: TextOptions) -> str:
    """A text that was set by a flow, tool or order, or a `ValueError` with a sentence."""
    if not isinstance(value, str):
        raise ValueError(f"a text is needed here, not `{value!r}`")  # noqa: TRY004 — the contract of `check`
    if problem := misfit(value, options):
        raise ValueError(f"`{value}`: {sentence(problem, 'en')}")
    return value


ABBREVIATIONS = frozenset({"inc", "ltd", "co", "corp", "jr", "sr", "st", "dr", "str", "etc", "bros"})
"""Keep the dot that ends them."""


def _closed(value: str) -> str:
    """Without the full stop or comma that ends a sentence."""
    last = value[:-1].rsplit(maxsplit=1)[-1:]
    kept = value[-1] == "." and bool(last) and ("." in last[0] or last[0].lower() in ABBREVIATIONS)
    return value[:-1] if value[-1] in ".," and not kept else value


def _begin(reading: Reading, hearing: Hearing, language: Language) -> int:
    """The word after what is no part of the answer: "um", "the reason is that"."""
    first = 0
    while length := language.hesitations.at(reading.words, first):
        first += length
    place = named_at(reading, hearing, language)
    if place is None or place[0] > first + 2 or not set(reading.words[first : place[0] - 1]) <= language.links:
        return first
    begin = place[0] + (place[1] > place[0])
    told = begin > place[0] or reading.gap(place[0]) == ":"
    return begin + (reading.words[begin : begin + 1] in _THAT) if told and begin < len(reading.words) else first


_THAT = {("that",), ("que",), ("dass",)}


def _spelled(reading: Reading, first: int, language: Language) -> str | None:
    """Letters one after another, each perhaps "as in" a word, perhaps after "it's spelled"."""
    first += language.letters.spelled.at(reading.words, first)
    letters, index = "", first
    while index < len(reading.words):
        if len(reading.words[index]) != 1 or not reading.words[index].isalpha():
            return None
        letters += reading.raw(index).upper()
        index = past_word(reading, index + 1, reading.words[index], language)
    return letters if len(letters) > 1 else None


class Text(SlotType):
    """Any words."""

    name: ClassVar[str] = "text"
    kind: ClassVar[Kind] = "text"
    open: ClassVar[bool] = True
    Options = TextOptions

    @override
    def hear(self, text: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """All that was said when it is asked for; what follows the slot's name otherwise."""
        reading, language = read(text), language_of(hearing.language)
        if not text.strip(" \t\n.,!?\u2026-"):
            return None
        if hearing.asked:
            first = _begin(reading, hearing, language)
            return None if first >= len(reading.words) > 0 else self._taken(reading, first, options, hearing)
        place = named_at(reading, hearing, language)
        if place is None or place[1] >= len(reading.words) or place[0] == place[1] or asks(reading, language):
            return None
        return self._taken(reading, place[1], options, hearing)

    def _taken(self, reading: Reading, first: int, options: TextOptions, hearing: Hearing) -> Found | Refused:
        start = reading.tokens[first].start if first else len(reading.text) - len(reading.text.lstrip())
        value = reading.text[start:].rstrip()
        end = start + len(value)
        value = _spelled(reading, first, language_of(hearing.language)) or _closed(value)
        if problem := misfit(value, options):
            return Refused(sentence(problem, hearing.language))
        return Found(value, start, end, named=not hearing.asked)

    @override
    def check(self, value: Any, options: Any, today: date) -> Any:
        """A text within its length and pattern."""
        return checked(value, options)

    @override
    def spoken(self, value: Any, options: Any, language: str) -> str:
        """The text itself."""
        return str(value)

    @override
    def question(self, name: str, language: str) -> str:
        """Ask for it by the slot's name."""
        return sentence("ask_text", language, name=name.replace("_", " "))
