"""Small sentences of every conversation: yes and no, refusals, corrections, and what the framework itself says."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from framework.slots.answers import core
from framework.slots.languages import language_of
from framework.slots.languages.base import Language
from framework.slots.numbers import in_figures
from framework.slots.tokens import Phrases, Reading, read

SHORT = 4
"""Up to so many words, a yes or no may stand anywhere in an answer."""


@lru_cache(maxsize=512)
def yes_no(text: str, language: str) -> bool | None:
    """Whether a text says yes or no; None when it says neither.

    >>> yes_no("Yeah, that's right.", "en"), yes_no("not really", "en"), yes_no("right now I'm busy", "en")
    (True, False, None)
    """
    known, reading = language_of(language), read(text)
    if (
        not reading.words
        or known.unsure.at(reading.words, 0)
        or known.unsure.at(reading.words, core(reading, known)[0])
    ):
        return None
    clauses = _clauses(reading)
    verdicts = [_clause(clause, known) for clause in clauses]
    if None in verdicts:  # "okay, play some music" is no yes
        verdicts = [None if clause in known.polite else said for clause, said in zip(clauses, verdicts, strict=True)]
    said = {verdict for verdict in verdicts if verdict is not None}
    if not said:
        return _anywhere(reading, known)
    return _last_said(clauses, verdicts, known) if len(said) > 1 else said.pop()


def _clauses(reading: Reading) -> list[tuple[str, ...]]:
    clauses: list[list[str]] = [[]]
    for token in reading.tokens:
        if any(c in ",.;:!?\u2026\u2014" for c in token.gap) and clauses[-1]:
            clauses.append([])
        clauses[-1].append(token.word)
    return [tuple(clause) for clause in clauses if clause]


def _clause(words: tuple[str, ...], language: Language) -> bool | None:
    """What one clause says: as a whole once fillers and repeats are gone, else by its first word."""
    if language.unsure.at(words, 0):
        return None
    trimmed = _trim(words, language)
    for phrases, verdict in ((language.no_phrases, False), (language.yes_phrases, True)):
        if words in phrases or trimmed in phrases or _covered(trimmed, phrases):
            return verdict
    head, rest = trimmed[0], trimmed[1:]
    if head in language.no or (head in language.yes and rest in language.no_phrases):
        return False
    return True if head in language.yes and not language.unsure.at(rest, 0) else None


def _trim(words: tuple[str, ...], language: Language) -> tuple[str, ...]:
    """Without fillers at both ends; a yes or no is never taken for one."""
    first, last = 0, len(words)
    answers = language.yes | language.no
    while first < last and words[first] not in answers and (length := language.fillers.at(words[:last], first)):
        if first + length >= last:
            break
        first += length
    while last > first + 1 and (words[last - 1],) in language.fillers and words[last - 1] not in answers:
        last -= 1
    return words[first:last]


def _covered(words: tuple[str, ...], phrases: Phrases) -> bool:
    """Whether the words are phrases of one kind in a row: "yes yes that's right"."""
    index = 0
    while index < len(words):
        length = phrases.at(words, index)
        if not length:
            return False
        index += length
    return bool(words)


def _anywhere(reading: Reading, language: Language) -> bool | None:
    words = reading.words
    if len(words) > SHORT or language.alternatives & set(words):
        return None
    said = {word in language.yes for word in words if word in language.yes | language.no}
    return said.pop() if len(said) == 1 else None


def _last_said(clauses: list[tuple[str, ...]], verdicts: list[bool | None], language: Language) -> bool | None:
    """Of a yes and a no: the last clause that is nothing else ("no, wait, yes"), else the first."""
    verdict = next(v for v in verdicts if v is not None)
    for clause, said in list(zip(clauses, verdicts, strict=True))[1:]:
        if said is not None and said is not verdict and len(_trim(clause, language)) == 1:
            verdict = said
    return verdict


def declines(text: str, language: str) -> bool:
    """Whether the person refuses to answer.

    >>> declines("I'd rather not say", "en")
    True
    """
    return language_of(language).declines.find(read(text).words) is not None


@lru_cache(maxsize=512)
def correction(text: str, language: str) -> str | None:
    """What stands after words that correct something; None when nothing is corrected.

    >>> correction("No, I meant Thursday.", "en"), correction("no", "en")
    ('Thursday.', None)
    """
    known, reading = language_of(language), read(text)
    begin = _marked(reading, known)
    if begin is None:
        begin = _denied(reading, known)
    if begin is None or begin >= len(reading.words):
        return None
    rest = reading.text[reading.tokens[begin].start :].strip()
    if yes_no(rest, language) is not None or core(read(rest), known)[0] >= len(read(rest).words):
        return None
    return rest


def _marked(reading: Reading, language: Language) -> int | None:
    """The word after the last "I meant"."""
    begin = None
    index = 0
    while index < len(reading.words):
        if length := language.corrections.at(reading.words, index):
            if index == 0 or begin is not None or _opens(reading, index, language):
                begin = index + length
            index += length
        else:
            index += 1
    return begin


def _opens(reading: Reading, index: int, language: Language) -> bool:
    """Whether a marker stands at the beginning of a clause or after words that correct or mean nothing."""
    if any(c in ",.;:!?" for c in reading.gap(index)):
        return True
    words = reading.words[:index]
    return _covered_by_small(words, language)


def _covered_by_small(words: tuple[str, ...], language: Language) -> bool:
    index = 0
    while index < len(words):
        length = max(language.fillers.at(words, index), language.repairs.at(words, index))
        if not length:
            return False
        index += length
    return True


def _denied(reading: Reading, language: Language) -> int | None:
    """The word after a "no," or "sorry," that more follows."""
    first = 0
    while first < len(reading.words) and language.fillers.at(reading.words, first):
        if reading.words[first] in language.no:
            break
        first += language.fillers.at(reading.words, first)
    length = language.repairs.at(reading.words, first)
    after = first + length
    if not length or after >= len(reading.words):
        return None
    denied = reading.words[first] in language.no and not language.no_is_not
    if not reading.gap(after) and not denied:
        return None
    return after


def spoken(value: Any, language: str) -> str:
    """A value of no known type as people say it: yes and no, numbers in figures, lists with commas.

    >>> spoken(True, "es"), spoken(2.0, "en"), spoken(["a", "b"], "en")
    ('sí', '2', 'a, b')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return language_of(language).sentences["yes" if value else "no"]
    if isinstance(value, int | float):
        return in_figures(value, language)
    if isinstance(value, list | tuple):
        return ", ".join(spoken(item, language) for item in value)
    return str(value)


def part(key: str, language: str, **values: Any) -> str:
    """Part of a sentence that the framework itself says: no capital at its beginning.

    >>> part("masked_date", "en", year=1985)
    'a day in 1985'
    """
    return language_of(language).sentences[key].format(**values)


def sentence(key: str, language: str, **values: Any) -> str:
    """A sentence that the framework itself says.

    >>> sentence("readback", "en", value="Ada")
    'I have Ada. Is that right?'
    """
    text = language_of(language).sentences[key].format(**values)
    return text[:1].upper() + text[1:]
