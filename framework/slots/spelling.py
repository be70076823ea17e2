"""How alike two words are: endings taken off, letters swapped, dropped or misheard."""
# ruff: noqa: PLR2004 - lengths of words are what they are

from __future__ import annotations

from functools import lru_cache

from framework.slots.languages.base import Language

SHORTEST = 4
"""Words below this length must be written right: one letter makes another word of them."""
SURE = 7
"""From this length on, a near miss counts even where nobody asked."""
LONG = 8
"""From this length on, two letters may be wrong."""


@lru_cache(maxsize=8192)
def stem(word: str, language: Language) -> str:
    """A word without the ending that number and gender give it."""
    for suffix in language.suffixes:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word[: -len(suffix)]
    return word


@lru_cache(maxsize=8192)
def forms(word: str, language: Language) -> frozenset[str]:
    """A word as it stands, and without each of the endings that it may have.

    >>> from framework.slots.languages import language_of
    >>> sorted(forms("kleinen", language_of("de")))
    ['klein', 'kleine', 'kleinen']
    """
    bare = {word[: -len(s)] for s in language.suffixes if word.endswith(s) and len(word) - len(s) >= 3}
    return frozenset({word, *bare})


@lru_cache(maxsize=8192)
def alike(heard: str, meant: str, *, strict: bool = False) -> bool:
    """Whether a word is probably the other one, misspelt or misheard.

    >>> alike("margarita", "margherita"), alike("barge", "large")
    (True, False)
    """
    allowed = 2 if len(meant) >= LONG and not strict else 1
    if len(meant) < (SURE if strict else SHORTEST) or abs(len(heard) - len(meant)) > allowed:
        return False
    if heard[:1] != meant[:1]:
        return False
    return distance(heard, meant, allowed) <= allowed


def distance(one: str, other: str, most: int) -> int:
    """Letters to insert, drop, change or swap with a neighbour; more than `most` is as good as any.

    >>> distance("lagre", "large", 2)
    1
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        above, before, row = before, row, [i]
        for j, its in enumerate(other, 1):
            cost = min(row[-1] + 1, before[j] + 1, before[j - 1] + (letter != its))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == its:
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]
