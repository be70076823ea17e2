"""What Pipecat's harness uses in place of its own voice, ear and judge: the offline stack's, and regular expressions."""

import re
from functools import partial

from pipecat.classifiers.base_classifier import BaseClassifier, ChoiceResult

from framework.engine.effects import Expectation
from framework.services.providers.moonshine.decode import shared
from framework.services.providers.moonshine.service import MoonshineSTT
from framework.services.providers.piper.service import Manner, PiperTTS
from framework.services.providers.piper.voices import DEFAULT, voice


def caller(config):
    """The voice in the box, a little slower than the bot's."""
    manner = Manner(speed=0.9, noise=0.0, noise_width=0.0)
    return PiperTTS(speaks=voice(), name=DEFAULT, manner=manner)


def ear(config):
    """The recogniser in the box; it expects nothing in particular."""
    return MoonshineSTT(model=shared(), expects=partial(Expectation, node="", language="en"), manner={})


class Judge(BaseClassifier):
    """A criterion holds when the expression between its slashes is found in what the bot said."""

    async def _ask(self, state, questions, images=()):
        return {name: self._answer(state["latest_bot_reply"], question) for name, question in questions.items()}, None

    def _answer(self, reply, question):
        wanted = re.search(r"/(.+?)/", question.instructions).group(1)
        choice = "yes" if re.search(wanted, reply, re.IGNORECASE) else "continue"
        return ChoiceResult(choice=choice, probabilities={choice: 1.0}, confidence=1.0)


def judge(config):
    """A judge that needs no model."""
    return Judge()
