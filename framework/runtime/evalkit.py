"""What Pipecat's eval harness speaks, hears and judges with, offline: its configuration names these as factories."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from pipecat.classifiers.base_classifier import BaseClassifier, ChoiceResult

from framework.engine.effects import Expectation


def caller(_config: Mapping[str, Any]) -> Any:
    """The voice in the box, a little slower than the bot's."""
    from framework.services.providers.piper.service import Manner, PiperTTS  # noqa: PLC0415 - weight is carried late
    from framework.services.providers.piper.voices import DEFAULT, voice  # noqa: PLC0415 - as above

    return PiperTTS(speaks=voice(), name=DEFAULT, manner=Manner(speed=0.9, noise=0.0, noise_width=0.0))


def ear(_config: Mapping[str, Any]) -> Any:
    """The recogniser in the box; it expects nothing in particular."""
    from framework.services.providers.moonshine.decode import shared  # noqa: PLC0415 - weight is carried late
    from framework.services.providers.moonshine.service import MoonshineSTT  # noqa: PLC0415 - as above

    return MoonshineSTT(model=shared(), expects=partial(Expectation, node="", language="en"), manner={})


class Expressions(BaseClassifier):
    """A criterion holds when the expression between its slashes is found in what the bot said."""

    async def _ask(self, state: Any, questions: Mapping[str, Any], images: Sequence[Any] = ()) -> Any:
        del images
        return {name: self._answer(state["latest_bot_reply"], question) for name, question in questions.items()}, None

    def _answer(self, reply: str, question: Any) -> ChoiceResult:
        wanted = re.search(r"/(.+?)/", question.instructions)
        found = wanted is not None and re.search(wanted[1], reply, re.IGNORECASE)
        choice = "yes" if found else "continue"
        return ChoiceResult(choice=choice, probabilities={choice: 1.0}, confidence=1.0)


def judge(_config: Mapping[str, Any]) -> BaseClassifier:
    """A judge that needs no model."""
    kind: Any = Expressions
    made: BaseClassifier = kind()  # Pipecat's constructor has no types
    return made
