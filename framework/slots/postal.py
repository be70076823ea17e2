"""`postal_code`: a postal code, in the form of its country."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, ClassVar

from typing_extensions import override

from framework.slots import figures, keypad
from framework.slots.answers import beginning, repaired
from framework.slots.base import Found, Hearing, Kind, Options, Refused, SlotType
from framework.slots.languages import language_of
from framework.slots.letters import code_at
from framework.slots.phrases import part, sentence
from framework.slots.postcodes import forms, written
from framework.slots.regions import Country, region_of
from framework.slots.tokens import Reading, read

TELLING = 2
"""Characters at the end that a masked read-back tells."""
LOOSE = re.compile(r"[A-Z0-9]{3,10}")
"""What is taken where a country's codes are not known."""


class PostalOptions(Options):
    """Whose codes."""

    region: Annotated[str | None, Country] = None
    """The country (`US`, `GB`) whose codes are asked for; the language's if absent."""


class PostalCode(SlotType):
    """A postal code."""

    name: ClassVar[str] = "postal_code"
    kind: ClassVar[Kind] = "text"
    Options = PostalOptions

    @override
    def hear(self, text: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """Digits and letters as people say them, with spelling words."""
        begin = beginning(read(text), hearing, language_of(hearing.language))
        if begin is None:
            return None
        region = options.region or region_of(hearing.language)
        run = _lettered(text[begin:], hearing.language, region) if has_letters(region) else None
        run = run or figures.meant(text[begin:], hearing.language, lambda value: canonical(value, region) is not None)
        if run is None:
            return None
        value = canonical(run.figures, region)
        if value is None:
            tried = hearing.asked and len(run.figures) > 1
            return Refused(sentence("no_code", hearing.language)) if tried else None
        start, end = read(text[begin:]).span(run.first, run.last)
        return Found(value, start + begin, end + begin, named=not hearing.asked)

    @override
    def check(self, value: Any, options: Any, today: date) -> Any:
        """A code in the form of its country; of any country where the flow names none."""
        text = value if isinstance(value, str) else ""
        code = canonical(text, options.region) if options.region else _anywhere(text)
        if code is None:
            raise ValueError(f"a postal code is needed here, not `{value!r}`")
        return code

    @override
    def spoken(self, value: Any, options: Any, language: str) -> str:
        """Character by character."""
        groups = re.findall(r"[A-Z0-9]+", value)
        return ", ".join(" ".join(group) for group in groups)

    @override
    def masked(self, value: Any, options: Any, language: str) -> str:
        """The last two characters."""
        return part("masked_end", language, end=" ".join(value[-TELLING:]))

    @override
    def keys(self, pressed: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """The digits, where a country's codes have nothing else."""
        region = options.region or region_of(hearing.language)
        digits = keypad.digits(pressed)
        if not digits or has_letters(region):
            return None
        code = canonical(digits, region)
        return Refused(sentence("no_code", hearing.language)) if code is None else keypad.found(pressed, code)

    @override
    def presses(self, options: Any, hearing: Hearing) -> int:
        """As many as a code has, where all codes of the country have as many."""
        lengths = {len(form) for form in forms(options.region or region_of(hearing.language))}
        return lengths.pop() if len(lengths) == 1 else 0

    @override
    def words(self, options: Any, language: str) -> tuple[str, ...]:
        """Digits, and spelling words where codes have letters."""
        known = language_of(language)
        letters = tuple(known.letters.code) if has_letters(options.region or region_of(language)) else ()
        return (*known.numbers.spoken, *known.numbers.oh, *known.figures.times, *letters)

    @override
    def question(self, name: str, language: str) -> str:
        """Ask for it."""
        return sentence("ask_postal_code", language)


def has_letters(region: str) -> bool:
    """Whether codes of a country have letters, or nothing is known of them.

    >>> has_letters("GB"), has_letters("US")
    (True, False)
    """
    known = forms(region)
    return not known or any("A" in form for form in known)


def canonical(code: str, region: str) -> str | None:
    """A code as its country writes it; None when it is none.

    >>> canonical("sw1a1aa", "GB"), canonical("941071234", "US"), canonical("123", "US")
    ('SW1A 1AA', '94107-1234', None)
    """
    compact = re.sub(r"[^A-Z0-9]", "", code.upper())
    if not forms(region):
        return compact if LOOSE.fullmatch(compact) else None
    return written(compact, region)


def _anywhere(code: str) -> str | None:
    tidy = " ".join(code.upper().split())
    return tidy if LOOSE.fullmatch(re.sub(r"[ -]", "", tidy)) and re.fullmatch(r"[A-Z0-9 -]+", tidy) else None


def _lettered(text: str, tag: str, region: str) -> figures.Run | None:
    """The code with letters that a text spells; after "no, sorry" the later one."""
    reading, language = read(text), language_of(tag)
    found: figures.Run | None = None
    for first in range(len(reading.words)):
        if found is not None and first < found.last:
            continue
        run = _longest(reading, first, tag, region)
        if run and (found is None or repaired(reading, found.last, run.first, language)):
            found = run
    return found


def _longest(reading: Reading, first: int, tag: str, region: str) -> figures.Run | None:
    language, compact, index, best = language_of(tag), "", first, None
    while piece := code_at(reading, index, language):
        compact, index = compact + piece[0], piece[1]
        if canonical(compact, region):
            best = figures.Run(first, index, compact)
    return best
