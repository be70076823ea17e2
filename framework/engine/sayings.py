"""Compare what was said with what means an intent, word for word; say a thing again in few words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from framework.engine.plan import Way

SENTENCE = re.compile(r"[^.!?…]*[.!?…]+|[^.!?…]+$")


def exact(ways: Iterable[Way], text: str) -> Way | None:
    """The intent whose words or examples are this very text, capitals and punctuation aside."""
    plain = None
    for way in ways:
        plain = folded(text) if plain is None else plain
        if plain and plain in sayings(way.intent or "", way.examples):
            return way
    return None


@lru_cache(maxsize=4096)
def sayings(intent: str, examples: tuple[str, ...]) -> frozenset[str]:
    """An intent's own words and its examples, folded once for all who hear it."""
    return frozenset(folded(words) for words in (intent, *examples))


def folded(text: str) -> str:
    """A text without capitals, accents and punctuation.

    >>> folded("That is ALL, thanks!")
    'that is all thanks'
    """
    bare = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c if c.isalnum() else " " for c in bare if not unicodedata.combining(c)).split())


def brief(text: str) -> str:
    """The last question of a text, else its last sentence.

    >>> brief("Welcome to us. Would you like tea or coffee? Both are fresh.")
    'Would you like tea or coffee?'
    """
    sentences = [sentence.strip() for sentence in SENTENCE.findall(text) if sentence.strip()]
    questions = [sentence for sentence in sentences if sentence.endswith("?")]
    last: str = (questions or sentences or [text])[-1]
    return last
