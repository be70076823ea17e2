"""`phone`: a telephone number."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, ClassVar

from typing_extensions import override

from framework.slots import figures, keypad
from framework.slots.answers import asks, named_at
from framework.slots.base import Found, Hearing, Kind, Options, Refused, SlotType
from framework.slots.digits import ending
from framework.slots.languages import language_of
from framework.slots.phrases import sentence
from framework.slots.regions import Country, region_of
from framework.slots.tokens import read

FEW = 5
"""Fewer digits are no attempt at a telephone number when nobody asked for one."""


class PhoneOptions(Options):
    """Whose numbers."""

    region: Annotated[str | None, Country] = None
    """The country (`US`, `DE`) whose numbers are said without its code; the language's if absent."""


class Phone(SlotType):
    """A telephone number."""

    name: ClassVar[str] = "phone"
    kind: ClassVar[Kind] = "text"
    Options = PhoneOptions

    @override
    def hear(self, text: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """Digits as people say them, with or without the country's code; checked against its numbering plan."""
        reading, language = read(text), language_of(hearing.language)
        if asks(reading, language):
            return None
        region = options.region or region_of(hearing.language)
        run = figures.meant(text, hearing.language, lambda value: canonical(value, region) is not None)
        if run is None or not (hearing.asked or self._told(run, region, hearing, reading)):
            return None
        value = canonical(run.figures, region)
        if value is None:
            asked = hearing.asked and len(run.figures) > 1
            return Refused(sentence("no_phone", hearing.language)) if asked else None
        start, end = reading.span(run.first, run.last)
        return Found(value, start, end, named=not hearing.asked)

    def _told(self, run: figures.Run, region: str, hearing: Hearing, reading: Any) -> bool:
        place = named_at(reading, hearing, language_of(hearing.language))
        named = place is not None and place[0] <= run.first <= place[1]
        return (named or hearing.sole) and len(run.figures) > FEW and canonical(run.figures, region) is not None

    @override
    def check(self, value: Any, options: Any, today: date) -> Any:
        """A number that its country can have, in E.164."""
        number = canonical(value, options.region or "US") if isinstance(value, str) else None
        if number is None:
            raise ValueError(f"a telephone number such as `+14155552671` is needed here, not `{value!r}`")
        return number

    @override
    def spoken(self, value: Any, options: Any, language: str) -> str:
        """Digit by digit, grouped as people of the country group them; abroad with the country's code."""
        return aloud(value, options.region or region_of(language), language)

    @override
    def masked(self, value: Any, options: Any, language: str) -> str:
        """The last two digits."""
        return ending(value.removeprefix("+"), language)

    @override
    def keys(self, pressed: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """The digits; `*` in front, or the region's own prefix for abroad, is the plus."""
        digits = keypad.closed(pressed)
        if not re.fullmatch(r"\*{0,2}[0-9]+", digits):
            return None
        plus = "+" if digits.startswith("*") else ""
        number = canonical(plus + digits.lstrip("*"), options.region or region_of(hearing.language))
        return Refused(sentence("no_phone", hearing.language)) if number is None else keypad.found(pressed, number)

    @override
    def schema(self, options: Any) -> dict[str, Any]:
        """A number in E.164."""
        return {"type": "string", "pattern": "^[+][0-9]{4,15}$"}

    @override
    def words(self, options: Any, language: str) -> tuple[str, ...]:
        """The digits, "double" and "plus"."""
        known = language_of(language)
        return (*known.numbers.spoken, *known.numbers.oh, *known.figures.times, *known.figures.plus)

    @override
    def question(self, name: str, language: str) -> str:
        """Ask for it."""
        return sentence("ask_phone", language)


@lru_cache(maxsize=1024)
def canonical(written: str, region: str) -> str | None:
    """A number in E.164; None when no subscriber of its country can have it.

    >>> canonical("(415) 555-2671", "US"), canonical("0044 20 7946 0958", "DE"), canonical("123", "US")
    ('+14155552671', '+442079460958', None)
    """
    import phonenumbers  # noqa: PLC0415 - only sessions that hear a number pay for it

    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def aloud(value: str, region: str, language: str) -> str:
    """A number digit by digit.

    >>> aloud("+14155552671", "US", "en"), aloud("+442079460958", "US", "en")
    ('4 1 5, 5 5 5, 2 6 7 1', 'plus 4 4, 2 0, 7 9 4 6, 0 9 5 8')
    """
    import phonenumbers  # noqa: PLC0415 - see `canonical`

    number = phonenumbers.parse(value)
    forms = phonenumbers.PhoneNumberFormat
    home = phonenumbers.format_number(number, forms.NATIONAL)
    if canonical(home, region) == value:
        return ", ".join(" ".join(group) for group in re.findall(r"\d+", home))
    abroad = phonenumbers.format_number(number, forms.INTERNATIONAL)
    plus = {"es": "más"}.get(language_of(language).tag, "plus")
    return f"{plus} {', '.join(' '.join(group) for group in re.findall(r'[0-9]+', abroad))}"
