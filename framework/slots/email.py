"""`email`: an address of electronic mail."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Any, ClassVar

from typing_extensions import override

from framework.slots.addresses import address_in, valid
from framework.slots.answers import asks, named_at
from framework.slots.base import Found, Hearing, Kind, Options, Refused, SlotType
from framework.slots.languages import language_of
from framework.slots.phrases import part, sentence
from framework.slots.tokens import read

PROVIDERS = ("gmail", "outlook", "hotmail", "yahoo", "icloud", "com")
"""What most addresses end in, everywhere."""


class EmailOptions(Options):
    """Nothing yet."""


class Email(SlotType):
    """An address of electronic mail."""

    name: ClassVar[str] = "email"
    kind: ClassVar[Kind] = "text"
    Options = EmailOptions

    @override
    def hear(self, text: str, options: Any, hearing: Hearing) -> Found | Refused | None:
        """An address in signs, or in words with "at" and "dot", letters and digits."""
        reading, language = read(text), language_of(hearing.language)
        address = address_in(text, hearing.language)
        if address is None:
            return None
        if not address.text:
            cut_short = hearing.asked and not asks(reading, language)
            return Refused(sentence("no_email", hearing.language)) if cut_short else None
        if not hearing.asked and not self._told(text, hearing):
            return None
        start, end = reading.span(address.first, address.last)
        return Found(address.text, start, end, named=not hearing.asked)

    def _told(self, text: str, hearing: Hearing) -> bool:
        return hearing.sole or named_at(read(text), hearing, language_of(hearing.language)) is not None

    @override
    def check(self, value: Any, options: Any, today: date) -> Any:
        """An address, in small letters."""
        text = value.strip().lower() if isinstance(value, str) else ""
        if not valid(text):
            raise ValueError(f"an email address is needed here, not `{value!r}`")
        return text

    @override
    def spoken(self, value: Any, options: Any, language: str) -> str:
        """Word by word, with the signs by their names; what would be heard as something else letter by letter."""
        local, _, domain = str(value).partition("@")
        at = language_of(language).letters.signs["@"]
        return f"{_aloud(local, language)} {at} {_aloud(domain, language, domain=True)}"

    @override
    def masked(self, value: Any, options: Any, language: str) -> str:
        """The domain alone."""
        domain = str(value).rpartition("@")[2]
        return part("masked_email", language, domain=_aloud(domain, language, domain=True))

    @override
    def schema(self, options: Any) -> dict[str, Any]:
        """An address."""
        return {"type": "string", "format": "email"}

    @override
    def words(self, options: Any, language: str) -> tuple[str, ...]:
        """The signs by their names, and where most addresses are."""
        return (*language_of(language).letters.signs.values(), *PROVIDERS)

    @override
    def question(self, name: str, language: str) -> str:
        """Ask for it."""
        return sentence("ask_email", language)


_PART = re.compile(r"[a-z]+|[0-9]|[^a-z0-9]")


def _aloud(part: str, language: str, *, domain: bool = False) -> str:
    signs = language_of(language).letters.signs
    plain = " ".join(signs.get(piece, piece) for piece in _PART.findall(part))
    if _heard(plain, language, domain=domain) == part:
        return plain
    return " ".join(signs.get(character, character) for character in part)


@lru_cache(maxsize=512)
def _heard(words: str, language: str, *, domain: bool) -> str:
    """What would be heard of one side of an address, if it were said like this."""
    at, dot = (language_of(language).letters.signs[sign] for sign in "@.")
    address = address_in(f"x y {at} {words}" if domain else f"{words} {at} xx {dot} com", language)
    return "" if address is None else address.text.partition("@")[2 if domain else 0]
