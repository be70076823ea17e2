"""Fill a function's arguments from what a person said, by their JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from pydantic import ValidationError

from framework.services.providers.rules import speech
from framework.services.router import plain
from framework.slots import BUILT_IN
from framework.slots.base import Found, Hearing
from framework.slots.numbers import numbers_in

MISSING: Final = object()
"""No value was heard; None may be one."""

LEADS = 4
"""So many words may stand before a value in a question: "could you please book …"."""

SHORT = 3
"""Words of so few letters tell nothing apart."""

TYPES = {slot_type.name: slot_type for slot_type in BUILT_IN}

OPENERS = {
    "en": "for about called named is with to",
    "es": "sobre para de llamado llamada por con",
    "de": "über für nach namens mit zu",
}
"""Words after which the rest of a sentence may be a free text."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What surrounds the words."""

    language: str
    today: date
    asked: bool
    """Whether this very argument was asked for."""
    alone: bool = True
    """Whether no other argument of the function is of its kind."""


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that a tool found, and how it was read out."""

    value: Any
    words: str


# --- By type ------------------------------------------------------------------


def kind(name: str, schema: Mapping[str, Any]) -> str:
    """Which slot type hears the argument.

    >>> kind("day", {"type": "string", "format": "date"}), kind("n", {"type": "integer"}), kind("x", {"enum": ["a"]})
    ('date', 'integer', 'enum')
    """
    schema = _plain(schema)
    if values_of(schema):
        return "enum"
    wanted = str(schema.get("type", "string"))
    if wanted in {"integer", "number", "boolean"}:
        return wanted
    about = f"{name} {schema.get('format', '')}".replace("_", " ").lower().split()
    if {"date", "day", "birthday", "born"} & set(about):
        return "date"
    described = str(schema.get("description", "")).lower()
    if "name" in about or about[0] in {"patient", "customer", "caller", "person", "guest"} or "full name" in described:
        return "person_name"
    return "text"


def values_of(schema: Mapping[str, Any]) -> list[Any]:
    """The values of an enum; also those that a description lists as "One of: a, b." (Pipecat drops `Literal`)."""
    schema = _plain(schema)
    if "enum" in schema:
        return [value for value in schema["enum"] if value is not None]
    if "const" in schema:
        return [schema["const"]]
    told = re.search(r"\bOne of:?\s+([^.]+)", str(schema.get("description", "")))
    return [part.strip(" `'\"") for part in re.split(r",|\bor\b", told[1]) if part.strip(" `'\"")] if told else []


def _plain(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of `anyOf: [X, null]`, X."""
    options = [s for s in schema.get("anyOf", schema.get("oneOf", [])) if s.get("type") != "null"]
    return {**schema, **options[0]} if len(options) == 1 else schema


def heard(name: str, schema: Mapping[str, Any], text: str, around: Surroundings) -> Any:
    """The argument's value in what was said, or `MISSING`."""
    wanted = kind(name, schema)
    if wanted == "text":
        return _free(text, around)
    if wanted == "boolean" and not around.asked:
        return _typed(wanted, None, name, text, around)
    try:
        options = _options(wanted, schema)
    except ValidationError:
        return MISSING
    value = _typed(wanted, options, name, text, around)
    if wanted == "enum" and value is not MISSING:
        return next((v for v in values_of(schema) if str(v) == value), value)
    return value


def _options(wanted: str, schema: Mapping[str, Any]) -> Any:
    schema = _plain(schema)
    options = TYPES[wanted].Options
    if wanted == "enum":
        return options.model_validate({"values": [str(value) for value in values_of(schema)]})
    if wanted in {"integer", "number"}:
        limits = {"min": schema.get("minimum"), "max": schema.get("maximum")}
        return options.model_validate({key: limit for key, limit in limits.items() if limit is not None})
    return options()


def _typed(wanted: str, options: Any, name: str, text: str, around: Surroundings) -> Any:
    """By the slot type: as an answer when it was asked for or is the only one of its kind, else by its name."""
    slot = TYPES[wanted]
    options = options if options is not None else slot.Options()
    bare = around.asked or (around.alone and wanted not in {"boolean", "person_name"})
    for words in _openings(text):
        hearing = Hearing(around.language, around.today, asked=bare, name=name, sole=around.alone)
        found = slot.hear(words, options, hearing)
        if isinstance(found, Found) and (around.asked or wanted != "person_name" or found.named):
            return found.value
    return MISSING


def _openings(text: str) -> list[str]:
    """The text, and what is left of it after its first words: "can you book Tuesday" is a question with an answer."""
    words = text.split()
    return [" ".join(words[first:]) for first in range(min(LEADS, len(words) - 1) + 1)] if words else []


def _free(text: str, around: Surroundings) -> Any:
    """A free text: the whole answer; in passing, what follows the last "for", "about" or "called"."""
    if around.asked:
        return text.strip().rstrip(".") or MISSING
    openers = OPENERS.get(around.language.split("-")[0], OPENERS["en"]).split()
    found = re.search(rf"\b(?:{'|'.join(openers)})\s+(.+)$", text, re.IGNORECASE) if around.alone else None
    return found[1].strip().rstrip(".?!") if found else MISSING


# --- From what a tool found ---------------------------------------------------


def candidates(name: str, results: Sequence[Any], language: str = "en") -> list[Option]:
    """What an argument may be, according to the latest result that lists such things; each value once."""
    for result in reversed(results):
        options: dict[str, Option] = {}
        for row in speech.rows(result) or ():
            if option := _option(name, row, result, language):
                known = options.setdefault(repr(option.value), option)
                if known is not option:
                    options[repr(option.value)] = Option(known.value, f"{known.words}, {option.words}")
        if options:
            return list(options.values())
    return []


def _option(name: str, row: Any, result: Any, language: str) -> Option | None:
    if isinstance(row, Mapping):
        key = next((key for key in (name, f"{name}_id", "id") if key in row and _fits(name, key)), None)
        return Option(row[key], speech.row_said(row, language)) if key else None
    listed = result.get(f"{name}s") if isinstance(result, Mapping) else None
    named = isinstance(listed, list) and row in listed
    return Option(row, speech.said(row, language)) if named else None


def _fits(name: str, key: str) -> bool:
    return key != "id" or name == "id" or name.endswith("_id")


def pick(options: Sequence[Option], text: str, language: str, today: date) -> Any:
    """Which of them was meant: by its place ("the second one") or by what only it has; else `MISSING`."""
    features = [_features(option.words, language) for option in options]
    common = set.intersection(*features) if len(features) > 1 else set()
    said = _features(text, language)
    hits = [len(said & (own - common)) for own in features]
    best = max(hits, default=0)
    if best and hits.count(best) == 1:
        return options[hits.index(best)].value
    enum = TYPES["enum"]
    places = enum.Options.model_validate({"values": [f"option {n}" for n in range(1, len(options) + 1)]})
    for words in _openings(text):
        found = enum.hear(words, places, Hearing(language, today))
        if isinstance(found, Found):
            return options[int(str(found.value).split()[1]) - 1].value
    return MISSING


def _features(text: str, language: str) -> set[str]:
    """Words of some length, and numbers however they are said: "nine o'clock" and "9:00" share a nine."""
    words = {word for word in plain(text).split() if len(word) > SHORT and not word.isdigit()}
    figures = {str(int(run)) for run in re.findall(r"\d+", text)}
    spoken = {f"{number.value:g}" for number in numbers_in(text, language) if number.value and not number.weak}
    return words | figures | spoken | _clock(spoken)


def _clock(numbers: set[str]) -> set[str]:
    """A time of day that was read as one number, as its parts: ten thirty is not 1030."""
    return {part for n in numbers if re.fullmatch(r"\d{3,4}", n) for part in (n[:-2], n[-2:])}
