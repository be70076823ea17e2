"""Split what a person said into words that compare well, each with its place in the text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

Meaning = TypeVar("Meaning")

_WORD = re.compile(
    r"\d+(?:[.,]\d+)*(?:(?:st|nd|rd|th)(?![^\W\d_])|[ºª])?"  # figures: 1,234 2.5 3rd 3º
    r"|[^\W\d_]+(?:['\u2019][^\W\d_]+)*",  # letters: I'd, O'Brien
    re.IGNORECASE,
)
_APOSTROPHES = str.maketrans("", "", "'\u2019")


@lru_cache(maxsize=8192)
def fold(word: str) -> str:
    """Lower case, without accents and apostrophes.

    >>> fold("I'd"), fold("Dreißig"), fold("Sí")
    ('id', 'dreissig', 'si')
    """
    bare = word.translate(_APOSTROPHES).casefold()
    if bare.isascii():
        return bare
    return "".join(c for c in unicodedata.normalize("NFKD", bare) if not unicodedata.combining(c))


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a text."""

    word: str
    """Folded, for comparing."""
    start: int
    end: int
    gap: str
    """What stands before it, without spaces: mostly nothing, else punctuation."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A text and its words."""

    text: str
    tokens: tuple[Token, ...]
    words: tuple[str, ...]

    def raw(self, index: int) -> str:
        """The word as it stands in the text."""
        token = self.tokens[index]
        return self.text[token.start : token.end]

    def gap(self, index: int) -> str:
        """The punctuation before a word; empty past the end."""
        return self.tokens[index].gap if index < len(self.tokens) else ""

    def span(self, first: int, last: int) -> tuple[int, int]:
        """The place in the text of the words `first` to `last`, without the latter."""
        return self.tokens[first].start, self.tokens[last - 1].end

    def ends_clause(self, index: int) -> bool:
        """Whether nothing or punctuation follows the word."""
        return index + 1 >= len(self.tokens) or any(c in ",.;:!?" for c in self.tokens[index + 1].gap)


@lru_cache(maxsize=512)
def read(text: str) -> Reading:
    """Split a text into words.

    >>> read("I'd like 2, please.").words
    ('id', 'like', '2', 'please')
    """
    tokens, last = [], 0
    for match in _WORD.finditer(text):
        gap = text[last : match.start()].strip()
        tokens.append(Token(fold(match[0]), match.start(), match.end(), gap))
        last = match.end()
    return Reading(text, tuple(tokens), tuple(token.word for token in tokens))


class Phrases:
    """A set of phrases that can be looked for at a place.

    >>> Phrases(["of course", "sure"]).at(("of", "course", "not"), 0)
    2
    """

    def __init__(self, phrases: Iterable[str]) -> None:
        self._phrases = frozenset(read(phrase).words for phrase in phrases)
        self._lengths = tuple(sorted({len(phrase) for phrase in self._phrases} - {0}, reverse=True))

    def at(self, words: Sequence[str], index: int) -> int:
        """How many words the longest phrase at this place takes; 0 when there is none."""
        for length in self._lengths:
            piece = tuple(words[index : index + length])
            if len(piece) == length and piece in self._phrases:
                return length
        return 0

    def __contains__(self, words: Sequence[str]) -> bool:
        return tuple(words) in self._phrases

    def find(self, words: Sequence[str]) -> tuple[int, int] | None:
        """The first phrase in the words, as first and last word; None when there is none."""
        for index in range(len(words)):
            if length := self.at(words, index):
                return index, index + length
        return None


class Table(Generic[Meaning]):
    """Phrases and what each of them means.

    >>> Table({"of course": True, "no": False}).at(("of", "course"), 0)
    (2, True)
    """

    def __init__(self, meanings: Mapping[str, Meaning]) -> None:
        self._meanings = {read(phrase).words: meaning for phrase, meaning in meanings.items()}
        self._lengths = tuple(sorted({len(phrase) for phrase in self._meanings} - {0}, reverse=True))

    def at(self, words: Sequence[str], index: int) -> tuple[int, Meaning] | None:
        """How many words the longest phrase at this place takes, and what it means; None when there is none."""
        for length in self._lengths:
            piece = tuple(words[index : index + length])
            if len(piece) == length and piece in self._meanings:
                return length, self._meanings[piece]
        return None

    def get(self, *words: str) -> Meaning | None:
        """What these words together mean."""
        return self._meanings.get(words)

    def __or__(self, other: Mapping[str, Meaning]) -> Table[Meaning]:
        more = Table(other)
        more._meanings = self._meanings | more._meanings
        more._lengths = tuple(sorted({*self._lengths, *more._lengths}, reverse=True))
        return more

    def __iter__(self) -> Iterator[str]:
        return (" ".join(phrase) for phrase in self._meanings)
