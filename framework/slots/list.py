"""`list`: several values of one type: "a pepperoni and two margheritas"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from functools import cached_property, partial
from itertools import groupby
from typing import Any, ClassVar

from pydantic import ConfigDict, Field, ValidationError, field_validator
from typing_extensions import override

from framework.slots.answers import asks, negated, repaired
from framework.slots.base import Found, Hearing, Kind, Options, Refused, SlotType
from framework.slots.languages import language_of
from framework.slots.languages.base import Language
from framework.slots.numbers import amount_at
from framework.slots.phrases import sentence
from framework.slots.tokens import Reading, read
from framework.suggest import did_you_mean

MOST = 100
"""Things a list may hold when a flow doesn't say."""
ENDING = 2
"""Letters that an ending has at most: "-s", "-es", "-en"."""
NEAR = 3
"""Up to so many words may stand between a number and what it counts: "two large margheritas"."""


class ListOptions(Options):
    """Of what, and how much."""

    model_config = ConfigDict(extra="forbid", ignored_types=(cached_property,))

    of: dict[str, Any]
    """The type of the things: its name, or a declaration such as `{type: enum, values: [a, b]}`."""
    max: int = Field(default=MOST, ge=1, le=MOST)
    """How many things there may be."""

    @field_validator("of", mode="before")
    @classmethod
    def _as_declaration(cls, of: Any) -> Any:
        declared = {"type": of} if isinstance(of, str) else of
        if isinstance(declared, dict):
            item(declared)
        return declared

    @cached_property
    def item(self) -> tuple[SlotType, Any]:
        """The type of the things and its options."""
        return item(self.of)


def item(declared: dict[str, Any]) -> tuple[SlotType, Any]:
    """A type in the box and its options; `ValueError` with a sentence when there is no such type."""
    from framework.slots import BUILT_IN  # noqa: PLC0415 - the box holds this type, too

    types = {slot_type.name: slot_type for slot_type in BUILT_IN}
    name = declared.get("type")
    if not isinstance(name, str) or name not in types or name == "list":
        raise ValueError(f"`{name}` is no type that a list can hold. {did_you_mean(str(name), types)}")
    options = {key: value for key, value in declared.items() if key != "type"}
    try:
        return types[name], types[name].Options.model_validate(options)
    except ValidationError as wrong:
        raise ValueError(f"`{name}`: {wrong.errors()[0]['msg']}") from None


class ListType(SlotType):
    """Several values of one type."""

    name: ClassVar[str] = "list"
    kind: ClassVar[Kind] = "list"
    Options = ListOptions

    @override
    def hear(self, text: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """The things in the order in which they are named, each as often as it is counted."""
        reading, language = read(text), language_of(hearing.language)
        if asks(reading, language):
            return None
        slot_type, _ = options.item
        if slot_type.open and not hearing.asked:
            return None
        things = list(_counted(text, options, hearing) if slot_type.kind == "enum" else _apart(text, options, hearing))
        kept = _mended(reading, things, language)
        if not kept:
            return None
        values = [thing.value for thing in kept for _ in range(thing.count)]
        if len(values) > options.max:
            return Refused(sentence("too_many", hearing.language, limit=options.max)) if hearing.asked else None
        return Found(values, kept[0].start, kept[-1].end, named=all(thing.named for thing in kept) or not hearing.asked)

    @override
    def check(self, value: Any, options: Any, today: date) -> Any:
        """A list whose things are all of the type."""
        if not isinstance(value, list):
            raise ValueError(f"a list is needed here, not `{value!r}`")  # noqa: TRY004 - see `SlotType.check`
        if len(value) > options.max:
            raise ValueError(f"at most {options.max} values are taken here, not {len(value)}")
        slot_type, inner = options.item
        return [slot_type.check(each, inner, today) for each in value]

    @override
    def spoken(self, value: Any, options: Any, language: str) -> str:
        """The things counted up; the same ones in a row with their number, and as several where a synonym says how."""
        from babel.lists import format_list  # noqa: PLC0415 - only sessions that speak a list pay for it

        from framework.slots.date import locale  # noqa: PLC0415

        slot_type, inner = options.item
        said = [slot_type.spoken(each, inner, language) for each in value]
        if slot_type.kind == "enum":
            runs = [(name, len(list(same))) for name, same in groupby(said)]
            also = {slot_type.spoken(each, inner, language): inner.values[each] for each in value}
            said = [f"{count} {_several(name, also[name])}" if count > 1 else name for name, count in runs]
        return format_list(said, locale=locale(language)) if said else ""

    @override
    def keys(self, pressed: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """The keys of each thing, with `*` between them."""
        slot_type, inner = options.item
        values = []
        for part in pressed.removesuffix("#").split("*"):
            heard: Found | Refused | None = slot_type.keys(part, inner, hearing)
            if not isinstance(heard, Found):
                return heard
            values.append(heard.value)
        if len(values) > options.max:
            return Refused(sentence("too_many", hearing.language, limit=options.max))
        return Found(values, 0, len(pressed))

    @override
    def masked(self, value: Any, options: Any, language: str) -> str:
        """Each thing masked; what sounds the same, once."""
        slot_type, inner = options.item
        return ", ".join(dict.fromkeys(slot_type.masked(each, inner, language) for each in value))

    @override
    def schema(self, options: Any) -> dict[str, Any]:
        """A list of the type."""
        slot_type, inner = options.item
        return {"type": "array", "items": slot_type.schema(inner), "maxItems": options.max}

    @override
    def words(self, options: Any, language: str) -> tuple[str, ...]:
        """Those of the type, and numbers where things are counted."""
        slot_type, inner = options.item
        numbers = language_of(language).numbers.spoken if slot_type.kind == "enum" else ()
        return (*slot_type.words(inner, language), *numbers)

    @override
    def question(self, name: str, language: str) -> str:
        """Ask for it by the slot's name."""
        return sentence("ask_list", language, name=name.replace("_", " "))


def _several(name: str, synonyms: Iterable[str]) -> str:
    """How one says more than one of a thing: a synonym that is its name with an ending; else the name.

    >>> _several("latte", ["flat white", "lattes"]), _several("pepper", ["pepperoni"])
    ('lattes', 'pepper')
    """
    return next((one for one in synonyms if 0 < len(one) - len(name) <= ENDING and one.startswith(name)), name)


class _Thing:
    """One thing that was named, how often, and where in the text."""

    def __init__(self, value: Any, start: int, end: int, *, count: int = 1, named: bool = False) -> None:
        self.value, self.start, self.end, self.count, self.named = value, start, end, count, named


# --- Things that are counted ---------------------------------------------------


def _counted(text: str, options: ListOptions, hearing: Hearing) -> Iterator[_Thing]:
    """Values of an enum wherever they stand, each with the number before it."""
    from framework.slots.enum import mentions  # noqa: PLC0415 - only lists of enums need it

    reading, language = read(text), language_of(hearing.language)
    _, inner = options.item
    found = mentions(reading, inner, language, asked=hearing.asked)
    for place, match in enumerate(found):
        if negated(reading, match.first, language) or _none(reading, match.first, language):
            continue
        after = found[place - 1].last if place else 0
        count, first = _number_before(reading, match.first, after, language)
        start, end = reading.tokens[first].start, reading.tokens[match.last - 1].end
        yield _Thing(match.value, start, end, count=count, named=True)


def _none(reading: Reading, index: int, language: Language) -> bool:
    return index > 0 and reading.words[index - 1] in language.numbers.none


def _number_before(reading: Reading, index: int, after: int, language: Language) -> tuple[int, int]:
    """How often a thing is meant, by the number that ends before it, and where that number begins."""
    for first in range(max(after, index - NEAR - 2), index):
        times = language.lists.times(reading.words[first])
        number = amount_at(reading, first, language)
        if times is None and number is not None and number.figures and number.value >= 1:
            times, last = int(number.value), number.last
        else:
            last = first + 1
        if times is None or last > index or index - last > NEAR:
            continue
        if any(reading.gap(i) for i in range(last, index + 1)):
            continue
        return times, first
    return 1, index


# --- Things that stand apart -----------------------------------------------------


def _apart(text: str, options: ListOptions, hearing: Hearing) -> Iterator[_Thing]:
    """What stands between "and" and commas, each heard as an answer of its own; parts that are none join the next."""
    slot_type, inner = options.item
    hear = partial(slot_type.hear, options=inner, hearing=replace(hearing, sole=True))
    begin: int | None = None
    pieces = list(_pieces(text, language_of(hearing.language)))
    done = 0
    for place, (start, end) in enumerate(pieces):
        if start < done:
            continue
        begin = start if begin is None else begin
        following = pieces[place + 1] if place + 1 < len(pieces) and not slot_type.open else None
        if one := following and _joint(text, begin, following, hear, commas=slot_type.kind in {"date", "datetime"}):
            yield one
            begin, done = None, one.end
            continue
        heard = hear(text[begin:end])
        if not isinstance(heard, Found) and begin < start:
            heard, begin = hear(text[start:end]), start
        if isinstance(heard, Found):
            yield _Thing(heard.value, begin + heard.start, begin + heard.end, named=heard.named)
            begin = None


def _joint(
    text: str, begin: int, following: tuple[int, int], hear: Callable[..., Any], *, commas: bool
) -> _Thing | None:
    """A thing that has an "and" inside: "las nueve y media"."""
    start, end = following
    if "," in text[begin:start] and not commas:
        return None
    heard = hear(text[begin:end])
    inside = isinstance(heard, Found) and begin + heard.start < start < begin + heard.end
    return _Thing(heard.value, begin + heard.start, begin + heard.end, named=heard.named) if inside else None


def _pieces(text: str, language: Language) -> Iterator[tuple[int, int]]:
    """The parts of an enumeration, as places in the text."""
    reading, start, index = read(text), 0, 0
    while index < len(reading.words):
        length = language.lists.ands.at(reading.words, index)
        if (length or re.search("[,;]", reading.gap(index))) and reading.tokens[index].start > start:
            yield start, reading.tokens[index - 1].end if index else 0
            start = reading.tokens[min(index + length, len(reading.words) - 1)].start
        index += max(length, 1)
    if start < len(text):
        yield start, len(text)


def _mended(reading: Reading, things: list[_Thing], language: Language) -> list[_Thing]:
    """Without what was taken back: "two, no wait, three margheritas"."""
    kept: list[_Thing] = []
    for thing in things:
        if kept and _taken_back(reading, kept[-1].end, thing.start, language):
            kept.pop()
        kept.append(thing)
    return kept


def _taken_back(reading: Reading, after: int, before: int, language: Language) -> bool:
    inside = [i for i, token in enumerate(reading.tokens) if after <= token.start and token.end <= before]
    return bool(inside) and repaired(reading, inside[0], inside[-1] + 1, language)
