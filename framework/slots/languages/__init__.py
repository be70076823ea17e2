"""What the slot types know of each language; other languages fall back to English."""

from __future__ import annotations

from functools import lru_cache

from framework.slots.languages.base import Language
from framework.slots.languages.english import ENGLISH
from framework.slots.languages.german import GERMAN
from framework.slots.languages.spanish import SPANISH

LANGUAGES: dict[str, Language] = {known.tag: known for known in (ENGLISH, SPANISH, GERMAN)}
"""By the first part of a language tag."""


@lru_cache(maxsize=64)
def language_of(tag: str) -> Language:
    """What is known of a language, by its tag.

    >>> language_of("es-MX").tag, language_of("fr").tag
    ('es', 'en')
    """
    return LANGUAGES.get(tag.replace("_", "-").split("-")[0].lower(), ENGLISH)
