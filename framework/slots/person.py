"""`person_name`: what someone is called."""
# ruff: noqa: PLR2004 - lengths of words are what they are

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any, ClassVar

from typing_extensions import override

from framework.slots.answers import asks, found, named_at, past_denial, shifted
from framework.slots.base import Found, Hearing, Kind, Refused, SlotType
from framework.slots.languages import language_of
from framework.slots.languages.base import Language
from framework.slots.phrases import sentence
from framework.slots.text import TextOptions, checked, misfit
from framework.slots.tokens import Reading, read

LONGEST_NAME = 7
"""Words in a name, small ones like `van` left out."""

Span = tuple[int, int]
Accepts = Callable[[Reading, int, Language], bool]


class PersonOptions(TextOptions):
    """What a name may look like."""


class PersonName(SlotType):
    """What someone is called."""

    name: ClassVar[str] = "person_name"
    kind: ClassVar[Kind] = "text"
    open: ClassVar[bool] = True
    Options = PersonOptions

    @override
    def hear(self, text: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """A name after "my name is" and its kin; when asked, a bare or spelled one."""
        language = language_of(hearing.language)
        if hearing.asked and (begin := past_denial(text, language) or _past_repair(read(text), language)):
            better = self.hear(text[begin:], options, hearing)
            if better is not None:
                return shifted(better, begin)
        reading = read(text)
        if not reading.words:
            return None
        if both := _given_and_family(reading, language):
            return found(reading, canonical(both[0], language), *both[1], named=True)
        taken = self._introduced(reading, language, hearing)
        named = taken is not None
        if taken is None and hearing.asked and not asks(reading, language):
            taken = _bare(reading, language)
        if taken is None:
            return None
        taken = _again(reading, taken, language)
        value = _spelled_in(reading, taken, language) or canonical(_written(reading, taken, language), language)
        if problem := misfit(value, options):
            return Refused(sentence(problem, hearing.language))
        return found(reading, value, *taken, named=named)

    def _introduced(self, reading: Reading, language: Language, hearing: Hearing) -> Span | None:
        """The words after a lead ("my name is") or before a tail ("speaking")."""
        place = named_at(reading, hearing, language)
        if place and place[1] > place[0] and (taken := _name(reading, place[1], language, _likely)):
            return taken
        if taken := _spelled_out(reading, language):
            return taken
        return _after_lead(reading, language, asked=hearing.asked) or _before_tail(reading, language, hearing.asked)

    @override
    def check(self, value: Any, options: Any, today: date) -> Any:
        """A text, spaces tidied."""
        return checked(" ".join(value.split()) if isinstance(value, str) else value, options)

    @override
    def spoken(self, value: Any, options: Any, language: str) -> str:
        """The name itself."""
        return str(value)

    @override
    def masked(self, value: Any, options: Any, language: str) -> str:
        """The initials."""
        return " ".join(f"{part[0].upper()}." for part in str(value).split())

    @override
    def question(self, name: str, language: str) -> str:
        """Ask for the caller's name, or for that of whom the slot is about."""
        if name.replace("_", " ").split()[-1] in {"name", "caller", "customer", "patient"}:
            return sentence("ask_your_name", language)
        return sentence("ask_name", language, name=name.replace("_", " "))


def _past_repair(reading: Reading, language: Language) -> int:
    """Where the words after "no, sorry," begin, when a name may stand before them."""
    for index in range(len(reading.words) - 1, 0, -1):
        length = language.repairs.at(reading.words, index)
        if length and index + length < len(reading.words) and reading.gap(index) and reading.gap(index + length):
            return reading.tokens[index + length].start
    return 0


def _spelled_out(reading: Reading, language: Language) -> Span | None:
    """The letters after "it's spelled"."""
    for index in range(len(reading.words)):
        if length := language.letters.spelled.at(reading.words, index):
            return _letters(reading, index + length, language)
    return None


def _given_and_family(reading: Reading, language: Language) -> tuple[str, Span] | None:
    """First and last name, each after words that say which it is."""
    parts: list[Span] = []
    for phrases in (language.names.given, language.names.family):
        place = next((i + n for i in range(len(reading.words)) if (n := phrases.at(reading.words, i))), None)
        span = None if place is None else _name(reading, place, language, _likely)
        if span is None:
            return None
        parts.append(span)
    text = " ".join(_spelled_in(reading, span, language) or _written(reading, span, language) for span in parts)
    return text, (min(first for first, _ in parts), max(last for _, last in parts))


def _again(reading: Reading, taken: Span, language: Language) -> Span:
    """The name said once more, and longer: "Ada, Ada Lovelace", "Bond, James Bond"."""
    if taken[1] >= len(reading.words) or reading.gap(taken[1]) != ",":
        return taken
    other = _name(reading, taken[1], language, _likely)
    if other is None or other[1] - other[0] <= taken[1] - taken[0]:
        return taken
    own, longer = reading.words[slice(*taken)], reading.words[slice(*other)]
    return other if longer[: len(own)] == own or longer[-len(own) :] == own else taken


def _after_lead(reading: Reading, language: Language, *, asked: bool) -> Span | None:
    for index in range(len(reading.words)):
        if length := language.names.strong.at(reading.words, index):
            taken = _name(reading, index + length, language, _likely)
        elif length := language.names.weak.at(reading.words, index):
            begin = index + length
            begin += asked and begin < len(reading.words) and reading.words[begin] in _ARTICLES
            taken = _name(reading, begin, language, _likely if asked else _capital)
            taken = taken if taken and _stands_alone(reading, taken, language, index) else None
        else:
            continue
        if taken:
            return taken
    return None


def _before_tail(reading: Reading, language: Language, asked: bool) -> Span | None:
    for index in range(1, len(reading.words)):
        length = language.names.tails.at(reading.words, index)
        if length and reading.ends_clause(index + length - 1) and not reading.gap(index).strip(","):
            for first in range(max(0, index - LONGEST_NAME), index):
                taken = _name(reading, first, language, _likely if asked else _capital)
                if taken == (first, index):
                    return taken
    return None


def _stands_alone(reading: Reading, taken: Span, language: Language, lead: int) -> bool:
    """After "I am", what follows a name: an end, punctuation or a common word; not "I'm Swedish cooking's fan"."""
    if reading.ends_clause(taken[1] - 1):
        return True
    following = reading.words[taken[1]]
    return following in language.names.stops and lead >= 0


def _bare(reading: Reading, language: Language) -> Span | None:
    """A name that is all of the answer."""
    first, last = 0, len(reading.words)
    while first < last and (length := language.fillers.at(reading.words, first)):
        first += length
    if (spelled := _letters(reading, first, language)) and _only_fillers(reading, spelled[1], language):
        return spelled
    taken = _name(reading, first, language, _likely)
    if taken is None:
        return None
    if _again(reading, taken, language) != taken:
        return taken
    if not _only_fillers(reading, taken[1], language, spelled=True):
        return taken if _plainly(reading, taken) else None
    return taken if not _a_sentence(reading, taken, language) else None


def _a_sentence(reading: Reading, taken: Span, language: Language) -> bool:
    """Whether the first of three or more words is the only one with a capital: names have more, or none when typed."""
    words = [reading.raw(i) for i in range(*taken) if reading.words[i] not in language.names.particles]
    if len(words) < 3:
        return False
    capitals = [word[0].isupper() for word in words]
    return not any(capitals[1:]) and (capitals[0] or len(words) > 3)


def _plainly(reading: Reading, taken: Span) -> bool:
    """Whether two or more words with capitals stand before punctuation: "Ada Lovelace. I have an appointment."."""
    words = [reading.raw(index) for index in range(*taken)]
    return len(words) > 1 and all(word[0].isupper() for word in words) and reading.ends_clause(taken[1] - 1)


def _only_fillers(reading: Reading, index: int, language: Language, *, spelled: bool = False) -> bool:
    """Whether nothing but courtesies, or the name once more letter by letter, follows."""
    words = reading.words
    while index < len(words):
        length = language.fillers.at(words, index) or language.names.weak.at(words, index)
        if not length and spelled and (letters := _letters(reading, index, language)):
            length = letters[1] - letters[0]
        if not length:
            return False
        index += length
    return True


def _letters(reading: Reading, first: int, language: Language) -> Span | None:
    """Two or more single letters in a row, each perhaps "as in" a word."""
    index, count = first, 0
    while index < len(reading.words) and len(reading.words[index]) == 1 and reading.words[index].isalpha():
        index, count = index + 1, count + 1
        length = language.names.spelled.at(reading.words, index)
        if length and index + length < len(reading.words):
            index += length + 1
    return (first, index) if count >= 2 else None


def _name(reading: Reading, first: int, language: Language, accepts: Accepts) -> Span | None:
    """The longest name that begins at a word."""
    names, index, count = language.names, first, 0
    if (letters := _letters(reading, first, language)) and not _initials(reading, letters[1], language, accepts):
        return letters
    while index < len(reading.words) and count < LONGEST_NAME and (index == first or _joined(reading, index)):
        word = reading.words[index]
        if word in names.titles and count == 0 and index + 1 < len(reading.words):
            index += 1
            continue
        if word in names.particles and _leads_on(reading, index, language, accepts):
            index += 1
            continue
        surname = count > 0 and word in names.surnames and reading.raw(index)[0].isupper()
        if not (surname or accepts(reading, index, language)):
            break
        index, count = index + 1, count + 1
    if count == 0 or (len(reading.words[index - 1]) == 1 and count == 1):
        return None
    return first, index


def _initials(reading: Reading, index: int, language: Language, accepts: Accepts) -> bool:
    """Whether single letters are initials: a longer word of the name follows."""
    return index < len(reading.words) and _joined(reading, index) and accepts(reading, index, language)


def _leads_on(reading: Reading, index: int, language: Language, accepts: Accepts) -> bool:
    """Whether a small word is followed by more of the name, not by "y quiero"."""
    following = index + 1
    while following < len(reading.words) and reading.words[following] in language.names.particles:
        following += 1
    return following < len(reading.words) and _joined(reading, following) and accepts(reading, following, language)


def _joined(reading: Reading, index: int) -> bool:
    """Whether a word goes on with the name before it: hyphens and the dots of initials do."""
    gap = reading.gap(index)
    return gap in {"", "-", "\u2010"} or (
        gap == "." and (len(reading.words[index - 1]) == 1 or reading.words[index - 1] in TITLES)
    )


_ARTICLES = frozenset({"der", "die"})
"""Before a name, in German: "ich bin die Anna"."""
TITLES = frozenset({"dr", "mr", "mrs", "ms", "prof", "sr", "sra", "st"})
"""Written with a dot."""


def _likely(reading: Reading, index: int, language: Language) -> bool:
    """Whether a word may be part of a name: no common word, no figure, no ending of other words."""
    word, raw = reading.words[index], reading.raw(index)
    if word in language.names.stops or not word.isalpha():
        return False
    return raw[0].isupper() or not (len(word) > 5 and word.endswith(language.names.endings))


def _capital(reading: Reading, index: int, language: Language) -> bool:
    return reading.raw(index)[0].isupper() and _likely(reading, index, language)


def _written(reading: Reading, taken: Span, language: Language) -> str:
    """The name as it stands in the text, without a title."""
    first = taken[0]
    while first < taken[1] - 1 and reading.words[first] in language.names.titles:
        first += 1
    start, end = reading.span(first, taken[1])
    return reading.text[start:end]


def _spelled_in(reading: Reading, taken: Span, language: Language) -> str | None:
    """A name spelled out letter by letter: "A D A" is Ada."""
    if (letters := _letters(reading, taken[0], language)) is None or letters[1] != taken[1]:
        return None
    index, spelled = letters[0], ""
    while index < letters[1]:
        spelled += reading.words[index]
        length = language.names.spelled.at(reading.words, index + 1)
        index += 1 + (length + 1 if length and index + 1 + length < letters[1] else 0)
    return spelled.capitalize()


_PART = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")


def canonical(name: str, language: Language) -> str:
    """A name with the capitals that names have; those that someone wrote are kept.

    >>> canonical("ada  king-noel", language_of("en")), canonical("O'BRIEN", language_of("en"))
    ('Ada King-Noel', "O'Brien")
    """
    tidy = " ".join(name.split())
    first = True

    def capital(match: re.Match[str]) -> str:
        nonlocal first
        word, at_start = match[0], first
        first = False
        if not (word.islower() or (word.isupper() and len(word) > 1)):
            return word
        if not at_start and word.lower() in language.names.particles:
            return word.lower()
        return _capital_parts(word.lower())

    return _PART.sub(capital, tidy)


def _capital_parts(word: str) -> str:
    if word.startswith("mc") and len(word) > 3:
        return "Mc" + word[2:].capitalize()
    head, mark, tail = word.partition("'" if "'" in word else "\u2019")
    if mark and len(head) <= 2:
        return head.capitalize() + mark + tail.capitalize()
    return word[0].upper() + word[1:]
