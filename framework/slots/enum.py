"""`enum`: one of some values, by its name, a synonym or its place in the list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, ClassVar

from pydantic import ConfigDict, field_validator
from typing_extensions import override

from framework.slots import keypad
from framework.slots.answers import asks, core, found, negated, repaired
from framework.slots.base import Found, Hearing, Kind, Options, Refused, SlotType
from framework.slots.dates import ordinal_at
from framework.slots.languages import language_of
from framework.slots.languages.base import Language
from framework.slots.numbers import cardinal
from framework.slots.phrases import sentence
from framework.slots.spelling import alike, forms
from framework.slots.tokens import Reading, read
from framework.suggest import did_you_mean

Words = tuple[str, ...]

NINE = 9
"""Keys that may be a value of their own."""


class EnumOptions(Options):
    """The values."""

    model_config = ConfigDict(extra="forbid", ignored_types=(cached_property,))

    values: dict[str, list[str]]
    """The values, as a list, or as a map to the other words people use for each."""

    @field_validator("values", mode="before")
    @classmethod
    def _as_map(cls, values: Any) -> Any:
        if isinstance(values, list):
            if repeated := sorted({str(v) for v in values if values.count(v) > 1}):
                raise ValueError(f"`{repeated[0]}` is listed twice")
            return {value: [] for value in values}
        if isinstance(values, dict):
            return {k: [] if v is None else [v] if isinstance(v, str) else v for k, v in values.items()}
        return values

    @field_validator("values")
    @classmethod
    def _distinct(cls, values: dict[str, list[str]]) -> dict[str, list[str]]:
        if not values:
            raise ValueError("name at least one value")
        owners: dict[Words, str] = {}
        for value, synonyms in values.items():
            for label in (value, *synonyms):
                words = label_words(label)
                if not words:
                    raise ValueError(f"`{label}` has no letters or figures that one could say")
                if owners.setdefault(words, value) != value:
                    raise ValueError(f"`{label}` stands for both `{owners[words]}` and `{value}`")
        return values

    @cached_property
    def labels(self) -> dict[Words, str]:
        """The words of each value and synonym, and which value they mean."""
        return {label_words(label): value for value, also in self.values.items() for label in (value, *also)}


def label_words(label: str) -> Words:
    """A value's name as the words one says.

    >>> label_words("extra_large")
    ('extra', 'large')
    """
    return read(label.replace("_", " ")).words


@dataclass(frozen=True, slots=True)
class _Match:
    value: str
    first: int
    last: int


class Enum(SlotType):
    """One of some values."""

    name: ClassVar[str] = "enum"
    kind: ClassVar[Kind] = "enum"
    Options = EnumOptions

    @override
    def hear(self, text: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """A value's name or synonym, inflected or a little misspelt; when asked, its place in the list too."""
        reading, language = read(text), language_of(hearing.language)
        if not reading.words or asks(reading, language):
            return None
        matches = mentions(reading, options, language, asked=hearing.asked)
        meant = [match for match in matches if not negated(reading, match.first, language)]
        if len(meant) > 1 and reading.words[0] in language.no and meant[0].first == 1 and not reading.gap(1):
            meant = meant[1:]  # "no large, small": with one value alone, "no" is an answer of its own
        if meant:
            match = _chosen(reading, meant, language)
            return found(reading, match.value, match.first, match.last, named=True) if match else None
        return _placed(reading, options, language) if hearing.asked and not matches else None

    @override
    def check(self, value: Any, options: Any, today: date) -> Any:
        """One of the values; capitals don't matter."""
        if isinstance(value, str):
            if value in options.values:
                return value
            if (same := options.labels.get(label_words(value))) is not None:
                return same
        raise ValueError(f"`{value}` is not among the values. {did_you_mean(str(value), options.values)}")

    @override
    def spoken(self, value: Any, options: Any, language: str) -> str:
        """The value's name, without underscores."""
        return str(value).replace("_", " ")

    @override
    def keys(self, pressed: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """The place of a value in the list, from 1."""
        place, values = keypad.place(pressed), list(options.values)
        return keypad.found(pressed, values[place - 1]) if 1 <= place <= len(values) else None

    @override
    def presses(self, options: Any, hearing: Hearing) -> int:
        """One key, up to nine values."""
        return 1 if len(options.values) <= NINE else 0

    @override
    def schema(self, options: Any) -> dict[str, Any]:
        """The values."""
        return {"type": "string", "enum": list(options.values)}

    @override
    def words(self, options: Any, language: str) -> tuple[str, ...]:
        """All values and synonyms."""
        labels = (label for value, also in options.values.items() for label in (value, *also))
        return tuple(label.replace("_", " ") for label in labels)

    @override
    def question(self, name: str, language: str) -> str:
        """Ask for it by the slot's name."""
        return sentence("ask_enum", language, name=name.replace("_", " "))


def mentions(reading: Reading, options: EnumOptions, language: Language, *, asked: bool) -> list[_Match]:
    """The values that a text names, in order: as they stand or inflected, else a little misspelt."""
    return _exact(reading, options, language) or _misspelt(reading, options, asked=asked)


def _exact(reading: Reading, options: EnumOptions, language: Language) -> list[_Match]:
    """Labels as they stand or inflected, the longest first where they overlap."""
    longest = max(len(label) for label in options.labels)
    matches, index = [], 0
    while index < len(reading.words):
        for length in range(min(longest, len(reading.words) - index), 0, -1):
            words = reading.words[index : index + length]
            value = options.labels.get(words) or _inflected(words, options, language)
            if value is not None:
                matches.append(_Match(value, index, index + length))
                index += length
                break
        else:
            index += 1
    return matches


def _inflected(words: Words, options: EnumOptions, language: Language) -> str | None:
    """The value whose label the words are, but for their endings."""
    for label, value in options.labels.items():
        if len(label) == len(words) and all(
            forms(word, language) & forms(other, language) for word, other in zip(words, label, strict=True)
        ):
            return value
    return None


def _misspelt(reading: Reading, options: EnumOptions, *, asked: bool) -> list[_Match]:
    """Labels that one or two letters tell from the words; short ones only when asked."""
    matches = [
        _Match(value, index, index + length)
        for label, value in options.labels.items()
        for length in {len(label), len(label) + 1, len(label) - 1} - {0}
        for index in range(len(reading.words) - length + 1)
        if alike("".join(reading.words[index : index + length]), "".join(label), strict=not asked)
    ]
    return sorted(matches, key=lambda match: match.first)


def _chosen(reading: Reading, matches: list[_Match], language: Language) -> _Match | None:
    """The value that is meant; None where two are said and neither is taken back."""
    chosen = matches[0]
    for match in matches[1:]:
        if repaired(reading, chosen.last, match.first, language):
            chosen = match
        elif match.value != chosen.value:
            return None
    return chosen


def _placed(reading: Reading, options: EnumOptions, language: Language) -> Found | None:
    """Like "The second one", "number two", "the last"."""
    first, last = core(reading, language)
    words, values = reading.words, list(options.values)
    first = _past_wishes(reading, first, last, language)
    while first < last and words[first] in (language.links | language.dates.leads) - language.nouns:
        first += 1
    begin = first
    numbered = first < last and words[first] in language.nouns - language.numbers.one
    first += numbered
    place, after = _place(reading, first, len(values), language, numbered=numbered)
    while after < last and words[after] in language.nouns:
        after += 1
    if place is None or not 1 <= place <= len(values) or after != last:
        return None
    return found(reading, values[place - 1], begin, last)


def _past_wishes(reading: Reading, first: int, last: int, language: Language) -> int:
    """Past "I'll go with", where "the" or "number" then begins the place."""
    for index in range(last - 2, first, -1):
        numbered = reading.words[index] in language.nouns - language.numbers.one
        begins = numbered or reading.words[index] in language.dates.leads
        if begins and _place(reading, index + 1, 0, language, numbered=numbered)[0] is not None:
            wishes = set(reading.words[first:index]) - language.links
            return index if wishes <= language.names.stops else first
    return first


def _place(reading: Reading, index: int, count: int, language: Language, *, numbered: bool) -> tuple[int | None, int]:
    if index >= len(reading.words):
        return None, index
    if reading.words[index] in language.final:
        return count, index + 1
    if (length := language.middle.at(reading.words, index)) and count % 2:
        return count // 2 + 1, index + length
    if (ordinal := ordinal_at(reading, index, language)) is not None:
        return ordinal
    number = cardinal(reading, index, language) if numbered else None
    return (int(number.value), number.last) if number and number.figures else (None, index)
