"""The few sentences of the rules model, and a tool's result in plain words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from framework.slots.date import in_words
from framework.slots.phrases import spoken as as_words

MOST = 4
"""How many things are read out; nobody remembers more."""

SAYINGS = {
    "en": {
        "not_understood": "Sorry, I did not get that.",
        "can_say": "You can say, for example: {ways}.",
        "nothing_here": "Please go on.",
        "please_say": "I still need this: {what}.",
        "choices": "You can choose {ways}.",
        "which_one": "Which one would you like?",
        "found": "I found {things}.",
        "found_more": "I found {count}, among them {things}.",
        "found_none": "I found nothing.",
        "failed": "That did not work. {why}",
        "done": "Done.",
        "and": "and",
        "or": "or",
        "at": "{day} at {time}",
    },
    "es": {
        "not_understood": "Perdone, no lo he entendido.",
        "can_say": "Puede decir, por ejemplo: {ways}.",
        "nothing_here": "Siga, por favor.",
        "please_say": "Todavía necesito esto: {what}.",
        "choices": "Puede elegir {ways}.",
        "which_one": "¿Cuál prefiere?",
        "found": "He encontrado {things}.",
        "found_more": "He encontrado {count}, entre ellos {things}.",
        "found_none": "No he encontrado nada.",
        "failed": "No ha funcionado. {why}",
        "done": "Hecho.",
        "and": "y",
        "or": "o",
        "at": "{day} a las {time}",
    },
    "de": {
        "not_understood": "Das habe ich leider nicht verstanden.",
        "can_say": "Sie können zum Beispiel sagen: {ways}.",
        "nothing_here": "Bitte sprechen Sie weiter.",
        "please_say": "Ich brauche noch dies: {what}.",
        "choices": "Zur Wahl: {ways}.",
        "which_one": "Was davon möchten Sie?",
        "found": "Gefunden: {things}.",
        "found_more": "{count} gefunden, darunter {things}.",
        "found_none": "Ich habe nichts gefunden.",
        "failed": "Das hat nicht geklappt. {why}",
        "done": "Erledigt.",
        "and": "und",
        "or": "oder",
        "at": "{day} um {time}",
    },
}

TOLD = ("say", "message", "summary", "text")
"""Fields that hold a whole sentence."""

_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?")


def phrase(key: str, language: str, **values: str) -> str:
    """One of the sentences; English where the language has none.

    >>> phrase("found", "en", things="two")
    'I found two.'
    """
    return SAYINGS.get(language.split("-", maxsplit=1)[0], SAYINGS["en"])[key].format(**values)


def listed(things: Sequence[str], language: str, word: str = "and") -> str:
    """Things in a row.

    >>> listed(["a", "b", "c"], "en"), listed(["a"], "en")
    ('a, b and c', 'a')
    """
    if len(things) < 2:  # noqa: PLR2004 - one thing needs no "and"
        return "".join(things)
    return f"{', '.join(things[:-1])} {phrase(word, language)} {things[-1]}"


def first_sentence(text: str) -> str:
    """A description's first sentence, without its full stop.

    >>> first_sentence("Find a table. Opens at six.")
    'Find a table'
    """
    return re.split(r"(?<=[.!?])\s|\n\n", " ".join(text.split(" ")).strip(), maxsplit=1)[0].strip().rstrip(".")


def lowered(text: str) -> str:
    """The text to go on a sentence with; words in capitals stay."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def parsed(content: Any) -> Any:
    """A tool message's content as a value: JSON where it is JSON."""
    if not isinstance(content, str):
        return content
    try:
        return json.loads(content)
    except ValueError:
        return content


def is_acknowledgement(result: Any) -> bool:
    """Whether a result only says that the call was taken."""
    return result in (None, "", {}) or (isinstance(result, Mapping) and dict(result) == {"status": "acknowledged"})


def is_failure(result: Any) -> bool:
    """Whether a tool said that it could not do it."""
    if not isinstance(result, Mapping):
        return False
    return result.get("status") == "error" or (isinstance(result.get("error"), str) and bool(result["error"]))


def about(result: Any, language: str) -> str:
    """What a tool returned, in a sentence or two."""
    if isinstance(result, Mapping):
        return _about_fields(result, language)
    if isinstance(result, list):
        return _about_rows(result, language)
    if result is None or isinstance(result, bool):
        return phrase("done", language) if result in (None, True) else as_words(result, language).capitalize() + "."
    return _ended(said(result, language))


def _about_fields(result: Mapping[str, Any], language: str) -> str:
    if is_failure(result):
        return phrase("failed", language, why=_ended(str(result.get("message") or result.get("error") or ""))).strip()
    for name in TOLD:
        if isinstance(result.get(name), str) and result[name].strip():
            return _ended(result[name].strip())
    if (found := rows(result)) is not None:
        return _about_rows(found, language)
    told = [f"{label(name)}: {said(value, language)}" for name, value in result.items() if _telling(name, value)]
    return _ended(listed(told[: MOST + 1], language)) if told else phrase("done", language)


def _about_rows(found: Sequence[Any], language: str) -> str:
    if not found:
        return phrase("found_none", language)
    things = listed([row_said(row, language) for row in found[:MOST]], language)
    if len(found) > MOST:
        return phrase("found_more", language, count=str(len(found)), things=things)
    return phrase("found", language, things=things)


def rows(result: Any) -> list[Any] | None:
    """The list that a result is, or that is its only list."""
    if isinstance(result, list):
        return result
    if not isinstance(result, Mapping):
        return None
    lists = [value for value in result.values() if isinstance(value, list)]
    return lists[0] if len(lists) == 1 else None


def row_said(row: Any, language: str) -> str:
    """One thing of a list: its fields that mean something to a person."""
    if not isinstance(row, Mapping):
        return said(row, language)
    return ", ".join(said(value, language) for name, value in row.items() if _telling(name, value)) or "?"


def _telling(name: str, value: Any) -> bool:
    """Whether a person would want to hear a field; identifiers are for programs."""
    return value not in (None, "", [], {}) and not re.fullmatch(r"id|.*_(id|key|ref)|token|status|ok", name.lower())


def said(value: Any, language: str) -> str:
    """A value as people say it; days and times of day in words."""
    if isinstance(value, Mapping):
        return row_said(value, language)
    if isinstance(value, list):
        return listed([said(item, language) for item in value[:MOST]], language)
    if isinstance(value, str) and (moment := _TIME.fullmatch(value)):
        return _moment_said(moment, language)
    return value.replace("_", " ") if isinstance(value, str) else as_words(value, language)


def _moment_said(moment: re.Match[str], language: str) -> str:
    try:
        day = datetime.fromisoformat(moment[1]).date()
    except ValueError:
        return moment[0]
    weekday = _weekday(day, language)
    words = f"{weekday}, {in_words(day, language)}"
    return phrase("at", language, day=words, time=moment[2].removeprefix("0")) if moment[2] else words


def _weekday(day: Any, language: str) -> str:
    from babel.dates import format_date  # noqa: PLC0415 - only sessions that speak a date pay for it

    return format_date(
        day, "EEEE", language.split("-", maxsplit=1)[0] if language.split("-", maxsplit=1)[0] in SAYINGS else "en"
    )


def label(name: str) -> str:
    """A field's name as words.

    >>> label("order_total")
    'order total'
    """
    return name.replace("_", " ").strip()


def _ended(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if not text or text[-1] in ".!?" else f"{text}."
