"""WAV files in and out: mono 16-bit samples at the pipeline's rate, or one sentence about what is wrong."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import soxr  # type: ignore[import-untyped]
from numpy.typing import NDArray

RATE = 16_000
"""Samples a second, on both sides of a call."""
SAMPLE_BYTES = 2
Samples = NDArray[np.int16]


class WavError(ValueError):
    """A file that is no WAV, or not one that can be played here; the message is one sentence."""


def read_wav(path: Path) -> Samples:
    """The sound of a PCM WAV file with 16-bit samples, any rate and number of channels.

    Raises:
        WavError: The file is missing, empty, of another kind, or holds no sound.
    """
    try:
        with wave.open(str(path)) as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            raw = file.readframes(file.getnframes())
    except FileNotFoundError:
        raise WavError(f"`{path}`: there is no such file.") from None
    except IsADirectoryError:
        raise WavError(f"`{path}` is a folder; a WAV file is needed.") from None
    except (wave.Error, EOFError, OSError) as broken:
        raise WavError(f"`{path}` {_kind(str(broken))}; a PCM WAV file with 16-bit samples is needed.") from None
    if width != SAMPLE_BYTES:
        raise WavError(f"`{path}` has {8 * width}-bit samples; a PCM WAV file with 16-bit samples is needed.")
    samples = np.frombuffer(raw[: len(raw) - len(raw) % (SAMPLE_BYTES * channels)], np.int16)
    if not len(samples):
        raise WavError(f"`{path}` holds no sound; a PCM WAV file with 16-bit samples is needed.")
    return resampled(samples.reshape(-1, channels).mean(axis=1), rate)


def _kind(problem: str) -> str:
    """What the `wave` module's message means."""
    kinds = {
        "unknown format: 3": "has floating-point samples",
        "unknown format: 65534": "has samples of another size than 16 bit",
        "unknown format: 6": "is A-law coded",
        "unknown format: 7": "is µ-law coded",
    }
    return kinds.get(problem, "is not a WAV file")


def resampled(samples: NDArray[np.floating] | Samples, rate: int) -> Samples:
    """Samples at the pipeline's rate, as 16-bit integers."""
    sound = np.asarray(samples, np.float32)
    if rate != RATE:
        sound = soxr.resample(sound, rate, RATE)
    return np.clip(sound, -32768, 32767).astype(np.int16)


def write_stereo(path: Path, left: bytes, right: bytes) -> None:
    """Both sides of a call, on one time line, as a stereo WAV."""
    length = max(len(left), len(right))
    sides = [np.frombuffer(side.ljust(length, b"\0"), np.int16) for side in (left, right)]
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(SAMPLE_BYTES)
        file.setframerate(RATE)
        file.writeframes(np.stack(sides, axis=1).tobytes())
