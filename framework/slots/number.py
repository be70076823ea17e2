"""`number` and what it shares with `integer`: hear, check and speak numbers."""

from __future__ import annotations

import math
import re
from datetime import date
from typing import Any, ClassVar

from pydantic import model_validator
from typing_extensions import override

from framework.slots import keypad
from framework.slots.answers import asks, core, named_at, negated, past_denial, repaired, shifted
from framework.slots.base import Found, Hearing, Kind, Options, Refused, SlotType
from framework.slots.dates import days_in
from framework.slots.languages import language_of
from framework.slots.languages.base import Language
from framework.slots.numbers import Number, in_figures, numbers_in, whole
from framework.slots.phrases import sentence
from framework.slots.tokens import Reading, read

FEW = 2
"""Up to so many words, an article alone may be a number: "una pizza"."""


class NumberOptions(Options):
    """What a number may be."""

    min: float | None = None
    """The smallest value."""
    max: float | None = None
    """The largest value."""

    @model_validator(mode="after")
    def _in_order(self) -> NumberOptions:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"`min` ({self.min:g}) is above `max` ({self.max:g})")
        return self


class Numeral(SlotType):
    """What `integer` and `number` have in common."""

    Options = NumberOptions

    @override
    def hear(self, text: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """The number that was said, in figures or words."""
        language = language_of(hearing.language)
        if hearing.asked and (begin := past_denial(text, language)):
            return shifted(self.hear(text[begin:], options, hearing), begin)
        reading, numbers = read(text), numbers_in(text, hearing.language)
        heard = self._asked(reading, numbers, language) if hearing.asked else self._named(reading, numbers, hearing)
        if heard is None:
            return None
        if problem := self.misfit(heard.value, options):
            if hearing.sole and not hearing.asked:
                return None  # nobody spoke of this slot: the number means something else
            key, limit = problem
            return Refused(sentence(key, hearing.language, limit=in_figures(limit, hearing.language)))
        start, end = reading.span(heard.first, heard.last)
        return Found(heard.value, start - heard.signed, end, named=not hearing.asked)

    def _asked(self, reading: Reading, numbers: tuple[Number, ...], language: Language) -> Number | None:
        if asks(reading, language):
            return None
        said = [number for number in numbers if not _vague(reading, number, language)]
        meant = [number for number in said if not _denied(reading, number, language)]
        if said and not meant:
            return None
        if not meant:
            return _whole_answer(reading, language)
        return _chosen(reading, meant, language)

    def _named(self, reading: Reading, numbers: tuple[Number, ...], hearing: Hearing) -> Number | None:
        place = named_at(reading, hearing, language_of(hearing.language))
        for number in numbers:
            if place and place[0] <= number.first <= place[1]:
                return number
        return _only(reading, numbers, hearing) if hearing.sole else None

    def misfit(self, value: float, options: NumberOptions) -> tuple[str, float] | None:
        """Why a value is refused, as the key of a sentence and its limit."""
        if options.min is not None and value < options.min:
            return "too_small", options.min
        if options.max is not None and value > options.max:
            return "too_large", options.max
        return None

    @override
    def check(self, value: Any, options: Any, today: date) -> Any:
        """A number, or its figures in a text."""
        number = _plain(value)
        if number is None:
            raise ValueError(f"a number is needed here, not `{value!r}`")
        if problem := self.misfit(number, options):
            raise ValueError(f"`{value}`: {sentence(problem[0], 'en', limit=in_figures(problem[1], 'en'))}")
        return number

    @override
    def spoken(self, value: Any, options: Any, language: str) -> str:
        """In figures, whole ones without a point."""
        return in_figures(value, language)

    @override
    def keys(self, pressed: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """Figures; `*` is the point."""
        return self._fitting(pressed, keypad.amount(pressed), options, hearing)

    def _fitting(self, pressed: str, value: float | None, options: Any, hearing: Hearing) -> Found | Refused | None:
        if value is None:
            return None
        if problem := self.misfit(value, options):
            return Refused(sentence(problem[0], hearing.language, limit=in_figures(problem[1], hearing.language)))
        return keypad.found(pressed, whole(value))

    @override
    def schema(self, options: Any) -> dict[str, Any]:
        """A number within the limits."""
        limits = {"minimum": options.min, "maximum": options.max}
        return super().schema(options) | {key: limit for key, limit in limits.items() if limit is not None}

    @override
    def words(self, options: Any, language: str) -> tuple[str, ...]:
        """What numbers are made of."""
        return language_of(language).numbers.spoken

    @override
    def question(self, name: str, language: str) -> str:
        """Ask for it by the slot's name."""
        return sentence("ask_number", language, name=name.replace("_", " "))


class NumberType(Numeral):
    """Any number."""

    name: ClassVar[str] = "number"
    kind: ClassVar[Kind] = "number"


_FIGURES = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")


def _plain(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = float(value) if _FIGURES.fullmatch(value.strip()) else None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return whole(value)
    return None


def _vague(reading: Reading, number: Number, language: Language) -> bool:
    """Whether the word for one means something else here: "the big one", "one moment", "una pregunta"."""
    if not number.weak:
        return False
    numbers = language.numbers
    if reading.words[number.last : number.last + 1] and reading.words[number.last] in numbers.after_one:
        return True
    before = reading.words[: number.first][-2:]
    if before and before[-1] in numbers.before_one:
        return True
    if before and before[-1] in numbers.just and before[0] in numbers.before_one:
        return True
    first, last = core(reading, language)
    return reading.words[number.first] in numbers.articles and last - first > FEW and number.last != last


def _denied(reading: Reading, number: Number, language: Language) -> bool:
    """Whether "not" stands before a number; "menos" is a sign there."""
    signed = number.first > 0 and reading.words[number.first - 1] in language.numbers.minus
    return not signed and negated(reading, number.first, language)


def _only(reading: Reading, numbers: tuple[Number, ...], hearing: Hearing) -> Number | None:
    """The one number of a sentence, "**two** large margheritas", that is no part of a day and means a number."""
    language = language_of(hearing.language)
    if asks(reading, language):
        return None
    days = days_in(reading.text, hearing.language)
    counted = [
        number
        for number in numbers
        if not _vague(reading, number, language)
        and not any(day.first < number.last and number.first < day.last for day in days)
    ]
    return counted[0] if len(counted) == 1 else None


def _whole_answer(reading: Reading, language: Language) -> Number | None:
    """What a recogniser writes for a short number, or "none", when it is all that was said."""
    first, last = core(reading, language)
    if last - first != 1:
        return None
    word, numbers = reading.words[first], language.numbers
    if word in numbers.none:
        return Number(0, first, last)
    value = numbers.homophones.get(word)
    return None if value is None else Number(value, first, last)


def _chosen(reading: Reading, numbers: list[Number], language: Language) -> Number | None:
    """The number that is meant: the last one after "no, sorry", none where two stand to choose from."""
    chosen = numbers[0]
    for number in numbers[1:]:
        if repaired(reading, chosen.last, number.first, language):
            chosen = number
        elif number.first == chosen.last + 1 and reading.words[chosen.last] in language.alternatives:
            return None
    return chosen
