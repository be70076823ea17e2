"""`digits`: figures that are no amount: a PIN, a card, a member's number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field
from typing_extensions import override

from framework.slots import figures, keypad
from framework.slots.answers import beginning, found
from framework.slots.base import Found, Hearing, Kind, Options, Refused, SlotType
from framework.slots.languages import language_of
from framework.slots.phrases import part, sentence
from framework.slots.tokens import read

MOST = 64
"""Digits a value may have."""
CARD = 13
"""From this length on, digits are read back four by four, else three by three."""
TELLING = 2
"""How many digits at the end a masked read-back tells, of values that are longer than twice that."""

Lengths = Annotated[
    list[Annotated[int, Field(ge=1, le=MOST)]],
    BeforeValidator(lambda value: value if value is None or isinstance(value, list) else [value]),
]


class DigitsOptions(Options):
    """Which digits are taken."""

    length: Lengths | None = None
    """How many digits there are; a list where several lengths are right."""
    check: Literal["luhn"] | None = None
    """`luhn`: the last digit must fit the others, as on a payment card."""


def luhn(digits: str) -> bool:
    """Whether the last digit fits the others.

    >>> luhn("4111111111111111"), luhn("4111111111111112")
    (True, False)
    """
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 * (value > 9) for value in doubled) % 10 == 0  # noqa: PLR2004


class Digits(SlotType):
    """Figures one after another."""

    name: ClassVar[str] = "digits"
    kind: ClassVar[Kind] = "text"
    Options = DigitsOptions

    @override
    def hear(self, text: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """Digits one by one, in pairs, with "double", corrected in whole or at their end."""
        begin = beginning(read(text), hearing, language_of(hearing.language))
        if begin is None:
            return None
        run = figures.meant(text[begin:], hearing.language, lambda value: misfit(value, options) is None)
        if run is None or _by_the_way(text[begin:], run, hearing):
            return None
        value = run.figures.removeprefix("+")
        if problem := misfit(value, options):
            return _refused(problem, options, hearing) if hearing.asked else None
        where = found(read(text[begin:]), value, run.first, run.last, named=not hearing.asked)
        return Found(value, where.start + begin, where.end + begin, where.named)

    @override
    def check(self, value: Any, options: Any, today: date) -> Any:
        """A text of digits; spaces and hyphens are left out."""
        digits = re.sub(r"[\s-]", "", value) if isinstance(value, str) else ""
        if not re.fullmatch(r"[0-9]+", digits):
            raise ValueError(f"a text of digits is needed here, not `{value!r}`")
        if problem := misfit(digits, options):
            raise ValueError(f"`{value}`: {sentence(problem, 'en', count=_counts(options.length, 'en'))}")
        return digits

    @override
    def spoken(self, value: Any, options: Any, language: str) -> str:
        """Digit by digit, in groups."""
        return figures.aloud(value, 4 if len(value) >= CARD or len(value) == 4 else 3)  # noqa: PLR2004

    @override
    def masked(self, value: Any, options: Any, language: str) -> str:
        """The last two digits."""
        return ending(value, language)

    @override
    def keys(self, pressed: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """The digits themselves."""
        digits = keypad.digits(pressed)
        if not digits:
            return None
        if problem := misfit(digits, options):
            return _refused(problem, options, hearing)
        return keypad.found(pressed, digits)

    @override
    def presses(self, options: Any, hearing: Hearing) -> int:
        """As many as there are digits, where only one length is right."""
        return options.length[0] if options.length is not None and len(options.length) == 1 else 0

    @override
    def schema(self, options: Any) -> dict[str, Any]:
        """A text of digits."""
        return {"type": "string", "pattern": "^[0-9]+$"}

    @override
    def words(self, options: Any, language: str) -> tuple[str, ...]:
        """The digits, and "double"."""
        known = language_of(language)
        return (*known.numbers.spoken, *known.numbers.oh, *known.figures.times)

    @override
    def question(self, name: str, language: str) -> str:
        """Ask for it by the slot's name."""
        return sentence("ask_digits", language, name=name.replace("_", " "))


def ending(value: str, language: str) -> str:
    """The last two digits, of a value long enough not to be told by them.

    >>> ending("4111111111111142", "en"), ending("12", "en")
    ('the one ending in 4 2', 'what you told me')
    """
    if len(value) <= 2 * TELLING:
        return language_of(language).sentences["masked"]
    return part("masked_end", language, end=" ".join(value[-TELLING:]))


def misfit(digits: str, options: DigitsOptions) -> str | None:
    """Why digits are refused, as the key of a sentence."""
    if options.length is not None and len(digits) not in options.length:
        return "count_digits"
    if len(digits) > MOST:
        return "too_long"
    return "wrong_digits" if options.check == "luhn" and not luhn(digits) else None


def _counts(lengths: Sequence[int] | None, language: str) -> str:
    """How many digits there may be, in words for people.

    >>> _counts([4, 6], "en"), _counts([13, 14, 15, 16], "de")
    ('4 or 6', '13 bis 16')
    """
    known = sorted(set(lengths or ()))
    row = len(known) > 2 and known == list(range(known[0], known[-1] + 1))  # noqa: PLR2004 - "4 or 5" is said so
    shown, word = ([known[0], known[-1]], "to") if row else (known, "or")
    return f" {language_of(language).sentences[word]} ".join(str(length) for length in shown)


def _refused(problem: str, options: DigitsOptions, hearing: Hearing) -> Refused:
    return Refused(sentence(problem, hearing.language, count=_counts(options.length, hearing.language)))


def _by_the_way(text: str, run: figures.Run, hearing: Hearing) -> bool:
    """Whether the only digit is a word for one that means something else: "one moment"."""
    reading, numbers = read(text), language_of(hearing.language).numbers
    alone = run.last - run.first == 1 and reading.words[run.first] in numbers.one
    return alone and reading.words[run.last : run.last + 1] != () and reading.words[run.last] in numbers.after_one
