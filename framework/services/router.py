"""Decide which of a few intents a sentence means, or none: the contract of every router, and what needs no model."""

from __future__ import annotations

import re
import unicodedata
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.engine.effects import Choice

LONGEST = 400
"""Characters of an utterance that are looked at: what one says in a turn, not a text pasted into it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a router decided."""

    choice: str | None
    """The key of the choice, or None: none of them, or two that can't be told apart. Ask again."""
    score: float
    """How well the best choice fits, from 0 to 1."""
    by: Literal["example", "router", "model"]
    """`example`: the very words of an example or an intent; `router`: by likeness; `model`: a model decided."""


class Router(ABC):
    """Understands a sentence by likeness to others, or by a model. One object may serve many sessions at once."""

    async def classify(self, text: str, choices: Sequence[Choice], language: str) -> Verdict:
        """Which choice the text means: first by the very words, then as the router decides."""
        heard = text[:LONGEST]
        if key := exact(heard, choices):
            return Verdict(key, 1.0, "example")
        if not choices or not plain(heard):
            return Verdict(None, 0.0, "router")
        return await self.decide(heard, choices, language)

    @abstractmethod
    async def decide(self, text: str, choices: Sequence[Choice], language: str) -> Verdict:
        """Which choice the text is like; called when the words are not those of an example."""

    @abstractmethod
    def score(self, text: str, phrases: Sequence[str]) -> list[float]:
        """How like the text each phrase is, from 0 to 1. May take milliseconds; may be called from any thread."""

    def learn(self, phrases: Sequence[str]) -> None:
        """Get ready to compare with these before anybody has spoken. May take a while; any thread may call it."""
        del phrases  # a router that has nothing to prepare

    def weigh(self, text: str, groups: Sequence[Sequence[str]]) -> list[float]:
        """How much the text means what each group of phrases says, from 0 to 1."""
        scores = iter(self.score(text, [phrase for group in groups for phrase in group]))
        return [max((next(scores) for _ in group), default=0.0) for group in groups]


def plain(text: str) -> str:
    """The words alone: no case, no punctuation, no doubled spaces.

    >>> plain("  That's ALL, thank you! ")
    "that's all thank you"
    """
    folded = unicodedata.normalize("NFKC", text).casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return " ".join(re.findall(r"\w+(?:'\w+)*", folded))


def exact(text: str, choices: Sequence[Choice]) -> str | None:
    """The first choice of which the text is an example, or the intent itself, word for word.

    >>> from framework.engine.effects import Choice
    >>> exact("Goodbye!", [Choice(key="leave", text="is done", examples=("goodbye", "that is all"))])
    'leave'
    """
    heard = plain(text)
    if not heard:
        return None
    return next((c.key for c in choices if heard in {plain(phrase) for phrase in (c.text, *c.examples)}), None)


def shared_words(text: str, groups: Sequence[Sequence[str]]) -> list[float]:
    """How much of each group's nearest phrase is in the text; for stacks without a router.

    >>> shared_words("I want a large pizza", [["a pizza please"], ["goodbye"]])
    [0.5164, 0.0]
    """
    said = set(plain(text).split())

    def likeness(phrase: str) -> float:
        words = set(plain(phrase).split())
        return len(words & said) / (len(words) * len(said)) ** 0.5 if words and said else 0.0

    return [round(max((likeness(phrase) for phrase in group), default=0.0), 4) for group in groups]
