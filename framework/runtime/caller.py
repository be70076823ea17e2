"""A second voice: what a caller says who is only a text."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from framework.errors import MissingExtraError

Speak = Callable[[str], tuple[NDArray[np.int16], int]]
"""A text → its samples, and how many there are in a second."""

HIGHER = 1.12
"""How much higher than the bot's the caller's voice is: the same neural voice, but nobody takes it for the bot's."""


def second_voice(language: str = "en") -> Speak:
    """A voice that speaks a text at once: neural for English, espeak-ng's for other languages.

    Raises:
        MissingExtraError: Neither is installed.
    """
    if language == "en":
        try:
            return _neural()
        except MissingExtraError:
            pass  # espeak-ng speaks English too
    return _formant(language)


def _neural() -> Speak:
    from framework.services.providers.piper.voices import voice  # noqa: PLC0415 - speech weighs

    piper = voice()

    def speak(text: str) -> tuple[NDArray[np.int16], int]:
        sound = b"".join(piper.speak(text, speed=1 / HIGHER, noise=0.0, noise_width=0.0))
        return np.frombuffer(sound, np.int16), round(piper.sample_rate * HIGHER)

    return speak


def _formant(language: str) -> Speak:
    from framework.services.providers.espeak.library import Manner, shared  # noqa: PLC0415 - speech weighs

    library = shared()
    manner = Manner(voice="en-us+klatt3" if language == "en" else language)

    def speak(text: str) -> tuple[NDArray[np.int16], int]:
        sound = bytearray()

        def take(audio: bytes, _words: object) -> bool:
            sound.extend(audio)
            return True

        library.speak(text, manner, take)
        return np.frombuffer(bytes(sound), np.int16), library.sample_rate

    return speak
