"""Look at texts as those who hear them do: without capitals, and without what stands between braces."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

BRACES = re.compile(r"\{\{.*?\}\}", re.DOTALL)


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """A text without capitals, accents and punctuation, as the engine compares it with what was heard.

    >>> folded("That is ALL, thanks!")
    'that is all thanks'
    """
    bare = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c if c.isalnum() else " " for c in bare if not unicodedata.combining(c)).split())


def blanked(text: str) -> str:
    """A text with its placeholders left blank, so that what is found in it keeps its place.

    >>> blanked("a {{ b }} c")
    'a         c'
    """
    return BRACES.sub(lambda found: " " * len(found[0]), text) if "{{" in text else text
