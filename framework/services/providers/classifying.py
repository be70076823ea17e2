"""A router that asks a model, over Pipecat's classifiers: which of these intents was meant, or none of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from loguru import logger
from pipecat.classifiers.base_classifier import BaseClassifier, ChoiceQuestion, ClassifierError
from pipecat.classifiers.llm.classifier import LLMClassifier

from framework.services.router import Router, Verdict, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.engine.effects import Choice

WITHIN_S = 3.0
"""How long the person waits for a verdict, unless the stack says otherwise."""
NONE = "none"
"""The option that none of the intents was meant."""
SURE = 0.5
"""How sure the model has to be; where it names no figures, its choice alone counts."""
EXAMPLES = 8
"""Examples of an intent that the model reads."""

ASKED = "Which of the options does the person mean? Judge by what they want, in whatever language they say it."
NOTHING = "Something else, or nothing that the other options describe."


class ModelRouter(Router):
    """Takes the choice that a model names; a model that is late or lost for words means "none of them"."""

    def __init__(self, classifier: BaseClassifier, *, within_s: float = WITHIN_S) -> None:
        self._classifier = classifier
        self._within_s = within_s

    async def decide(self, text: str, choices: Sequence[Choice], language: str) -> Verdict:
        """Ask the model once, within the deadline."""
        options: dict[str, Any] = {f"option_{number}": _described(choice) for number, choice in enumerate(choices, 1)}
        question = ChoiceQuestion(instructions=ASKED, options={**options, NONE: NOTHING})
        said = {"said": text, "language": language}
        try:
            async with asyncio.timeout(self._within_s):
                found = (await self._classifier.choice(said, {"meant": question}))["meant"]
        except (ClassifierError, TimeoutError) as failed:
            logger.bind(error=type(failed).__name__, pii_exception=str(failed)).warning("a router gave no verdict")
            return Verdict(None, 0.0, "model")
        unsure = any(found.probabilities.values()) and found.confidence < SURE
        if found.choice == NONE or unsure:
            return Verdict(None, found.confidence, "model")
        return Verdict(choices[list(options).index(found.choice)].key, found.confidence or 1.0, "model")

    def score(self, text: str, phrases: Sequence[str]) -> list[float]:
        """How many words text and phrase share: nobody waits for a model where likeness will do."""
        said = set(plain(text).split())
        return [_shared(said, set(plain(phrase).split())) for phrase in phrases]


def _described(choice: Choice) -> str:
    examples = ", ".join(f'"{example}"' for example in choice.examples[:EXAMPLES])
    return f"The person {choice.text}." + (f" For example: {examples}." if examples else "")


def _shared(one: set[str], other: set[str]) -> float:
    return len(one & other) / (len(one) * len(other)) ** 0.5 if one and other else 0.0


def asking(llm: Any, *, within_s: float = WITHIN_S) -> ModelRouter:
    """A router over a language model's service."""
    return ModelRouter(LLMClassifier(llm=llm, timeout=within_s), within_s=within_s)
