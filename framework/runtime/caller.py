"""A second voice: what a caller says who is only a text."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Speak = Callable[[str], tuple[NDArray[np.int16], int]]
"""A text → its samples, and how many there are in a second."""

VOICES = {"en": "en-us+klatt3"}
"""Language → a voice that a recogniser understands and that nobody takes for the bot's."""


def second_voice(language: str = "en") -> Speak:
    """A voice of espeak-ng that speaks a text at once.

    Raises:
        MissingExtraError: espeak-ng is not installed.
    """
    from framework.services.providers.espeak.library import Manner, shared  # noqa: PLC0415 - speech weighs

    library = shared()
    manner = Manner(voice=VOICES.get(language, language))

    def speak(text: str) -> tuple[NDArray[np.int16], int]:
        sound = bytearray()

        def take(audio: bytes, _words: object) -> bool:
            sound.extend(audio)
            return True

        library.speak(text, manner, take)
        return np.frombuffer(bytes(sound), np.int16), library.sample_rate

    return speak
