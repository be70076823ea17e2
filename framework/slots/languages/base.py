"""What there is to know of a language: a table of words per kind of answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from framework.slots.tokens import Phrases, Table, fold


def phrases(text: str) -> Phrases:
    """Phrases written one after another, parted by `|` and line ends."""
    return Phrases(part for line in text.splitlines() for part in line.split("|"))


def vocabulary(text: str) -> frozenset[str]:
    """Words written one after another, folded."""
    return frozenset(fold(word) for word in text.split())


def table(**words: str) -> Table[str]:
    """Phrases parted by `|`, by what they mean.

    >>> table(h="hour|hours", d="day").at(("hours",), 0)
    (1, 'h')
    """
    return Table({phrase.strip(): meaning for meaning, text in words.items() for phrase in text.split("|")})


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
    just: frozenset[str] = frozenset()
    """Words after which it is a number all the same, unless an article stands before them: "**only** one"."""
    after_one: frozenset[str] = frozenset()
    """Words before which it is no number: "**one** moment"."""
    glued: bool = False
    """Whether a unit never follows the tens without an "and": "treinta **y** uno", "einunddreißig"."""
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
    feasts: Table[str]
    """Phrases for days of the year → `12-25`, or the days from Easter: `+1`."""
    month_end: Phrases
    """The last day of this month."""


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
    given: Phrases
    """Before the first of someone's names: first name."""
    family: Phrases
    """Before the last of someone's names: surname."""
    surnames: frozenset[str]
    """Common words that are a surname all the same, with a capital and after another name: Klein."""
    stops: frozenset[str]
    """Common words that are no part of a name."""
    endings: tuple[str, ...]
    """Endings of words that, in small letters, are no name."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clock:
    """How a language says the time of day."""

    leads: Phrases
    """Before a time: at, um."""
    whole: Phrases
    """After the hour: o'clock, Uhr."""
    half_past: Phrases
    """Before the hour that is half an hour ago: half past."""
    half_to: Phrases
    """Before the hour that is half an hour away: halb."""
    quarter: Phrases
    """A quarter, before "past" and "to"."""
    three_quarters: Phrases
    """Before the hour that is a quarter away: dreiviertel."""
    minutes: frozenset[str]
    """May stand after a number of minutes."""
    past: Phrases
    """Between minutes and the hour before: past, nach."""
    to: Phrases
    """Between minutes and the hour after: to, vor."""
    plus: Phrases
    """Between the hour and minutes after it: y."""
    minus: Phrases
    """Between the hour and minutes before it: menos."""
    half: frozenset[str]
    """Thirty, after "plus": media."""
    fixed: Table[int]
    """Phrases for one time of day, in minutes from midnight: noon."""
    parts: Table[str]
    """Phrases that say which part of the day: `am`, `pm`, `night` (evening to early morning), `noon` (around it)."""
    now: Phrases
    """This very moment."""
    say: Callable[[int, int], str]
    """Hour and minute as people say them, so that nobody takes one half of the day for the other."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spans:
    """How a language says how long something takes."""

    units: Table[str]
    """Words for `s`, `i` (minutes), `h`, `d`, `w`, `f` (two weeks), `m` (months), `y`; in compounds too."""
    whole: Table[str]
    """Phrases for a length in ISO 8601: all day."""
    of: frozenset[str]
    """May stand between a number and its unit: half **an** hour, a couple **of** days."""
    ands: frozenset[str]
    """Between the parts of a length."""
    quarters: frozenset[str] = frozenset()
    """A quarter, after "and": una hora y cuarto."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Letters:
    """How a language spells, and says what is not a letter."""

    names: Table[str]
    """What a recogniser writes for the name of a letter: `bee`."""
    code: Table[str]
    """Words of spelling alphabets: `alpha`."""
    as_in: Phrases
    """Between a letter and the word it begins: "A **as in** apple"."""
    spelled: Phrases
    """Before letters: it's spelled."""
    at: Phrases
    """@ in an address."""
    dot: Phrases
    symbols: Table[str]
    """Phrases for other signs: underscore."""
    joined: Phrases
    """Says that words before it are written together, or small, and is no part of an address."""
    mail: Phrases
    """Before an address: my email is."""
    signs: Mapping[str, str]
    """Sign → how it is said in a read-back."""
    fold: Mapping[str, str] = field(default_factory=dict)
    """How letters that addresses don't have are written there."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Coins:
    """How a language says amounts of money."""

    major: Table[str]
    """Words and phrases for a currency → its code; empty for the currency of the place."""
    minor: Table[str]
    """Words for a hundredth of it → code; empty for any."""
    points: frozenset[str]
    """Between whole and hundredths: doce **con** cincuenta."""
    grand: Table[int]
    """Words that multiply: grand, k."""
    default: str
    """The currency that is meant where nothing else tells."""
    said: Mapping[str, tuple[str, str, str]]
    """Code → one, several and the hundredths, as people say them: dollar, dollars, cents."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Figures:
    """How a language says digits one after another."""

    times: Table[int]
    """Phrases before a digit that is said several times: double."""
    plus: frozenset[str]
    """The plus before a country's code."""
    between: Phrases
    """Small words between groups of digits."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lists:
    """How a language counts things up."""

    ands: Phrases
    """Between the things."""
    also: frozenset[str]
    """One more, before a thing: another."""
    times: Callable[[str], int | None] = lambda _word: None
    """Reads "zweimal"."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Language:
    """One language."""

    tag: str
    numbers: Numbers
    dates: Dates
    names: Names
    clock: Clock
    spans: Spans
    letters: Letters
    coins: Coins
    figures: Figures
    lists: Lists
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
    middle: Phrases
    """The one in the middle of some choices."""
    hesitations: Phrases
    """Sounds that are no words: um."""
    suffixes: tuple[str, ...]
    """Endings of inflected words, longest first."""
    sentences: Mapping[str, str]
