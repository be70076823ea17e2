"""Lean towards the words that the node expects: a trie of their tokens, consulted at every step of decoding.

A word of the list may take the place of a word, never be put between two: its first token is lifted only where the
best token begins a word anyway; its later tokens are lifted once it has begun.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

Trie = dict[int, Any]

SPACE = "\N{LOWER ONE EIGHTH BLOCK}"
"""How SentencePiece writes the space before a word."""

SPECIAL = 3
"""The first tokens are no text."""

LONG = 128
"""From this length on, a length takes two bytes."""

LEAN = 3.0
"""By how much an expected token is lifted: 2 to 3 help, 6 makes strange words into expected ones."""


class Tokens:
    """The model's vocabulary, and its byte-pair encoding: of all pairs that can be merged, the smallest id first."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        self.texts = texts
        self._ids: dict[bytes, int] = {}
        for number, text in enumerate(texts):
            if number >= SPECIAL and text:
                self._ids.setdefault(text, number)
        mark = SPACE.encode()
        self.begins = np.array([text.startswith(mark) and len(text) > len(mark) for text in texts])
        """Which tokens begin a word."""

    @classmethod
    def read(cls, path: Path) -> Tokens:
        """A file of texts, each with its length before it."""
        raw, texts, at = path.read_bytes(), [], 0
        while at < len(raw):
            length, at = raw[at], at + 1
            if length >= LONG:
                length, at = raw[at] * LONG + length - LONG, at + 1
            texts.append(raw[at : at + length])
            at += length
        return cls(texts)

    def encode(self, text: str) -> list[int]:
        """The tokens of a word or phrase; none when it has a character that the vocabulary lacks."""
        parts = [char.encode() for char in SPACE + text.replace(" ", SPACE)]
        while pairs := list(self._mergeable(parts)):
            _, at = min(pairs)
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        return [self._ids[part] for part in parts] if all(part in self._ids for part in parts) else []

    def _mergeable(self, parts: list[bytes]) -> Iterator[tuple[int, int]]:
        for at, (left, right) in enumerate(pairwise(parts)):
            if left + right in self._ids:
                yield self._ids[left + right], at

    def decode(self, ids: Iterable[int]) -> str:
        """The text of tokens."""
        return (
            b"".join(self.texts[number] for number in ids if number >= SPECIAL)
            .decode("utf-8", "replace")
            .replace(SPACE, " ")
            .strip()
        )


class Bias:
    """Which tokens are expected; one object serves a node, `start` one decoding."""

    def __init__(self, tokens: Tokens, phrases: Iterable[str], lean: float = LEAN) -> None:
        self._begins = tokens.begins
        self._lean = lean
        self._root: Trie = {}
        for form in sorted({form for phrase in phrases for form in _forms(phrase)}):
            node = self._root
            for number in tokens.encode(form):
                node = node.setdefault(number, {})
        self._roots = np.array(sorted(self._root), dtype=np.intp)

    def start(self) -> list[Trie]:
        """The state before the first token: no word has begun."""
        return []

    def lifted(self, logits: Any, begun: Sequence[Trie]) -> Any:
        """The scores with the expected tokens lifted."""
        lifted = logits.copy()
        if len(self._roots) and self._begins[int(logits.argmax())]:
            lifted[self._roots] += self._lean
        inner = sorted({number for node in begun for number in node})
        if inner:
            lifted[inner] += self._lean
        return lifted

    def after(self, begun: Sequence[Trie], token: int) -> list[Trie]:
        """The state once a token was taken."""
        return [node[token] for node in (*begun, self._root) if node.get(token)]


def _forms(phrase: str) -> Iterable[str]:
    """A phrase as it may be written: its words, each also with a capital."""
    for word in phrase.split():
        bare = word.strip(".,;:!?\"'")
        if bare:
            yield from {bare, bare[:1].upper() + bare[1:], bare.lower()}


@lru_cache(maxsize=256)
def bias_for(tokens: Tokens, phrases: tuple[str, ...], lean: float) -> Bias:
    """The bias of a node, made once: nodes are listened at again and again."""
    return Bias(tokens, phrases, lean)
