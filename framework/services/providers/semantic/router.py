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
        groups = tuple(tuple(plain(phrase) for phrase in (choice.text, *choice.examples)) for choice in choices)
        scores = self._learnt(groups).scores(plain(text))
        ranked = sorted(zip(scores, range(len(scores)), strict=True), key=lambda pair: (-pair[0], pair[1]))
        best, place = ranked[0]
        score = round(min(1.0, max(0.0, best)), 4)
        close = len(ranked) > 1 and best - ranked[1][0] < self._margin
        return Verdict(None if best < self._floor or close else choices[place].key, score, "router")

    def score(self, text: str, phrases: Sequence[str]) -> list[float]:
        """How like the text each phrase is; the very words score 1."""
        heard = plain(text[:LONGEST])
        if not heard:
            return [0.0] * len(phrases)
        said = [plain(phrase) for phrase in phrases]
        return [round(min(1.0, max(0.0, cosine)), 4) for cosine in self._known.likeness(heard, said)]

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


def build(context: ServiceContext) -> SemanticRouter:
    """The router for a stack: `args` may move the floor and the margin."""
    return SemanticRouter(**context.args)
