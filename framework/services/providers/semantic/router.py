"""The semantic router: intents from a few examples, in many languages, with a "none of them"."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from framework.services.providers.semantic.likeness import Embeddings, Intents, embeddings
from framework.services.router import LONGEST, Router, Verdict, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.engine.effects import Choice
    from framework.plugins.services import ServiceContext

FLOOR = 0.29
"""Below this nothing was meant. Fixed on the development tables in `tests/understanding`, like the weights."""

MARGIN = 0.01
"""Two choices nearer to each other than this can't be told apart: ask again rather than guess."""

SETS = 64
"""Sets of intents whose classifier is kept: a few kilobytes each."""


class SemanticRouter(Router):
    """Takes the choice whose text and examples are most like what was said."""

    def __init__(self, *, floor: float = FLOOR, margin: float = MARGIN, sentences: Embeddings | None = None) -> None:
        self._floor = floor
        self._margin = margin
        self._sentences = sentences
        self._sets: OrderedDict[tuple[tuple[str, ...], ...], Intents] = OrderedDict()
        self._lock = threading.Lock()

    async def decide(self, text: str, choices: Sequence[Choice], language: str) -> Verdict:  # noqa: ARG002  many languages
        """Embed and compare in a worker thread: the loop goes on."""
        return await asyncio.get_running_loop().run_in_executor(None, self.judge, text, tuple(choices))

    def judge(self, text: str, choices: Sequence[Choice]) -> Verdict:
        """The same, at once."""
        scores = self.weigh(text, [(choice.text, *choice.examples) for choice in choices])
        ranked = sorted(range(len(scores)), key=lambda place: (-scores[place], place))
        best = scores[ranked[0]]
        close = len(ranked) > 1 and best - scores[ranked[1]] < self._margin
        return Verdict(None if best < self._floor or close else choices[ranked[0]].key, best, "router")

    def score(self, text: str, phrases: Sequence[str]) -> list[float]:
        """How like the text each phrase is; the very words score 1."""
        heard = plain(text[:LONGEST])
        if not heard:
            return [0.0] * len(phrases)
        return [_figure(cosine) for cosine in self._known.likeness(heard, [plain(phrase) for phrase in phrases])]

    def learn(self, phrases: Sequence[str]) -> None:
        """Embed them, so that the first turn of a session is no slower than the others."""
        for phrase in phrases:
            self._known.of(plain(phrase))

    def weigh(self, text: str, groups: Sequence[Sequence[str]]) -> list[float]:
        """How much each group of phrases is meant, told apart by a classifier made of all of them."""
        heard = plain(text[:LONGEST])
        if not heard or not groups:
            return [0.0] * len(groups)
        learnt = self._learnt(tuple(tuple(plain(phrase) for phrase in group) for group in groups))
        return [_figure(score) for score in learnt.scores(heard)]

    def _learnt(self, groups: tuple[tuple[str, ...], ...]) -> Intents:
        """What is known about these intents; a node's are met again and again, so the last few sets are kept."""
        with self._lock:
            intents = self._sets.get(groups)
        if intents is None:
            intents = Intents(groups, self._known)
        with self._lock:
            self._sets[groups] = intents
            self._sets.move_to_end(groups)
            while len(self._sets) > SETS:
                self._sets.popitem(last=False)
        return intents

    @property
    def _known(self) -> Embeddings:
        if self._sentences is None:
            self._sentences = embeddings()
        return self._sentences


def _figure(score: float) -> float:
    """Between 0 and 1, and the same on every machine that rounds alike."""
    return round(min(1.0, max(0.0, score)), 4)


def build(context: ServiceContext) -> SemanticRouter:
    """The router for a stack: `args` may move the floor and the margin."""
    return SemanticRouter(**context.args)
