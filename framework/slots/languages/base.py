"""What there is to know of a language: a table of words per kind of answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from framework.slots.tokens import Phrases, fold


def phrases(text: str) -> Phrases:
    """Phrases written one after another, parted by `|` and line ends."""
    return Phrases(part for line in text.splitlines() for part in line.split("|"))


def vocabulary(text: str) -> frozenset[str]:
    """Words written one after another, folded."""
    return frozenset(fold(word) for word in text.split())


def numbered(text: str, first: int = 0, step: int = 1) -> dict[str, int]:
    """Words for numbers that follow each other; `/` parts words for the same one.

    >>> numbered("zero one/un two")
    {'zero': 0, 'one': 1, 'un': 1, 'two': 2}
    """
    return {fold(word): first + step * index for index, same in enumerate(text.split()) for word in same.split("/")}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Numbers:
    """How a language says numbers."""

    small: Mapping[str, int]
    """Words that add: one … nineteen, the tens, and hundreds that are one word."""
    hundred: frozenset[str]
    scales: Mapping[str, int]
    ands: frozenset[str]
    """Between the parts of a number: "one hundred **and** five"."""
    articles: frozenset[str]
    """Words that are one only before a noun: "**a** dozen"."""
    counts: Mapping[str, int]
    """Nouns that count: a dozen."""
    fractions: Mapping[str, float]
    points: frozenset[str]
    minus: frozenset[str]
    oh: frozenset[str] = frozenset()
    """Zero among digits: "five **oh** one"."""
    homophones: Mapping[str, int] = field(default_factory=dict)
    """What a recogniser writes when a number is the whole answer: "For." """
    none: frozenset[str] = frozenset()
    """Zero, as a whole answer."""
    one: frozenset[str] = frozenset()
    """The word for one, which also means other things."""
    before_one: frozenset[str] = frozenset()
    """Words after which it is no number: "the big **one**"."""
    after_one: frozenset[str] = frozenset()
    """Words before which it is no number: "**one** moment"."""
    comma: bool = False
    """Whether decimals stand after a comma."""
    compound: Callable[[str], float | None] = lambda _word: None
    """Reads numbers written as one long word."""
    spoken: tuple[str, ...] = ()
    """Words that numbers are made of, for a recogniser to lean towards."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dates:
    """How a language says days."""

    months: Mapping[str, int]
    weekdays: Mapping[str, int]
    """Monday is 0."""
    ordinals: Mapping[str, int]
    """First, second, … as one word, first to thirty-first where they are one."""
    ordinal: Callable[[str], int | None] = lambda _word: None
    """Reads ordinals written as one long word."""
    relative: Mapping[str, int]
    """Phrases for days near today: tomorrow is 1."""
    units: Mapping[str, str]
    """Words for `d`, `w`, `m`, `y`."""
    within: Phrases
    """Before a distance ahead: "**in** two weeks"."""
    hence: Phrases
    """After a distance ahead: "two weeks **from now**"."""
    before: Phrases
    """Before a distance back: "**vor** zwei Tagen"."""
    ago: Phrases
    """After a distance back: "two days **ago**"."""
    next: Phrases
    following: Phrases
    """After a weekday: "el martes **que viene**"."""
    next_week: Phrases
    next_month: Phrases
    """After a day: "the first **of next month**"."""
    after_next: Phrases
    """Before or after a weekday: "Tuesday **after next**", "**übernächsten** Dienstag"."""
    counted_from: Phrases
    """Between a distance and the day it is counted from: "a week **from** Tuesday"."""
    about: frozenset[str]
    """May stand before a distance: "in **about** two weeks"."""
    last: Phrases
    bygone: Phrases
    """After a weekday: "el martes **pasado**"."""
    this: Phrases
    joins: frozenset[str]
    """May stand between day, month and year: of, the."""
    leads: frozenset[str]
    """Words before a day of the month that belong to it: the, on."""
    month_first: bool = False
    """Whether 3/4 is the fourth of March."""
    dotted: bool = False
    """Whether 3.4. is a day."""
    birth: Phrases
    """Words that name a date of birth."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Names:
    """How people say who they are."""

    strong: Phrases
    """Before a name and nothing else: my name is."""
    weak: Phrases
    """Before a name or something else: I am."""
    tails: Phrases
    """After a name: speaking."""
    titles: frozenset[str]
    particles: frozenset[str]
    """Small words inside a name: van, de la."""
    spelled: Phrases
    """Between a letter and the word it begins: as in."""
    stops: frozenset[str]
    """Common words that are no part of a name."""
    endings: tuple[str, ...]
    """Endings of words that, in small letters, are no name."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Language:
    """One language."""

    tag: str
    numbers: Numbers
    dates: Dates
    names: Names
    yes: frozenset[str]
    """Words that mean yes wherever a clause begins with them."""
    no: frozenset[str]
    yes_phrases: Phrases
    """Phrases that mean yes when they are the whole clause."""
    no_phrases: Phrases
    polite: Phrases
    """Mean yes only while nothing else is said: please, okay."""
    no_is_not: bool = False
    """Whether the word for no also makes any verb negative: "no le oigo"."""
    unsure: Phrases
    """Begin like a yes or no and are none."""
    fillers: Phrases
    """Words around an answer that mean nothing."""
    asking: Phrases
    """Beginnings of a question."""
    proposing: Phrases
    """Beginnings of a question that give a value: what about."""
    declines: Phrases
    corrections: Phrases
    """Words after which the right value comes: I meant."""
    repairs: Phrases
    """Between a wrong value and the right one: no, sorry."""
    negations: Phrases
    """Before a value that is not meant."""
    alternatives: frozenset[str]
    """Between values of which none is chosen: or."""
    links: frozenset[str]
    """Between a slot's name and its value: is, should, be."""
    nouns: frozenset[str]
    """With an ordinal they name a choice: the second **one**."""
    final: frozenset[str]
    """The last of some choices."""
    suffixes: tuple[str, ...]
    """Endings of inflected words, longest first."""
    sentences: Mapping[str, str]
