"""How much of what people say is understood by voice: the tables of `spoken`, said by Piper, heard by Moonshine.

Only what is written in English words is said: a voice reads "415-555-2671" as nobody would. The recogniser leans
towards the words of the slot that is asked for, as in a live session. The figures of the last run that was kept
stand in `heard.json`: `python -m benchmarks heard --json benchmarks/heard.json`.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

from benchmarks import spoken
from benchmarks.measure import Ratio, Size, tell

NOISES: dict[str, float | None] = {"clean": None, "10 dB": 10.0}
"""Signal over white noise; None is a quiet room."""
AIM = 0.8
"""The share that we aim at in a quiet room: reported, since it is the recogniser's as much as ours."""
FULL = 32768
AROUND_S = 0.25
"""Silence on both sides of speech, as the detector of speech hands it over."""
TINY, QUICK = 40, 4
"""Of the rows, every so many-th is said in a tiny or quick run."""


def sayable(row: spoken.Row) -> bool:
    """Whether a voice says it as a person would: English, in words."""
    return row.language == "en" and not re.search(r"[\d@$€£#_]", row.said) and len(row.said) > 1


def rows(every: int = 1) -> list[spoken.Row]:
    """What is said."""
    return [row for name in spoken.tables() for row in spoken.rows(name) if sayable(row)][::every]


def said(text: str) -> Any:
    """The audio of a text at the recogniser's rate, without the voice's random part."""
    import numpy as np  # noqa: PLC0415 - the offline stack is loaded by those who measure it
    import soxr  # noqa: PLC0415

    from framework.services.providers.moonshine.decode import RATE  # noqa: PLC0415
    from framework.services.providers.piper.voices import voice  # noqa: PLC0415

    words = f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."
    audio = b"".join(voice().speak(words, noise=0.0, noise_width=0.0))
    speech = soxr.resample(np.frombuffer(audio, np.int16).astype(np.float32) / FULL, voice().sample_rate, RATE)
    quiet = np.zeros(int(AROUND_S * RATE), np.float32)
    return np.concatenate([quiet, speech.astype(np.float32), quiet])


def in_noise(audio: Any, snr_db: float | None, seed: str) -> Any:
    """The audio with white noise over all of it."""
    import numpy as np  # noqa: PLC0415

    noise = np.random.default_rng(zlib.crc32(seed.encode())).standard_normal(len(audio)).astype(np.float32)
    level = 1e-4 if snr_db is None else float(np.sqrt(np.mean(audio**2)) * 10 ** (-snr_db / 20))
    return np.clip(audio + level * noise, -1, 1)


def heard(row: spoken.Row, audio: Any) -> str:
    """What the recogniser writes while the slot is asked for."""
    from framework.engine.effects import Expectation  # noqa: PLC0415
    from framework.services.providers.moonshine.decode import shared  # noqa: PLC0415
    from framework.services.providers.moonshine.hearing import hear  # noqa: PLC0415

    slot_type = spoken.TYPES[row.type]
    options = {key: value for key, value in row.options.items() if key not in {"name", "language"}}
    words = slot_type.words(slot_type.Options.model_validate(options), "en")
    return hear(shared(), audio, Expectation(node="ask", language="en", kind=row.type, words=tuple(words)))


def listened(every: int) -> Iterator[tuple[spoken.Row, str, str, bool]]:
    """Each row in each noise: what was written, and whether it is understood."""
    for row in rows(every):
        audio = said(row.said)
        for label, snr_db in NOISES.items():
            text = heard(row, in_noise(audio, snr_db, row.said))
            yield row, label, text, _understood(row, text)


def _understood(row: spoken.Row, text: str) -> bool:
    """As by text; of free text and names nobody hears the capitals and stops."""
    if row.type in {"text", "person_name", "list"} and row.wanted not in ("NOTHING", "REFUSED"):
        return _plain(str(row.heard(text))) == _plain(str(row.wanted))
    return row.understood(text) if text else row.wanted == "NOTHING"


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def measure(size: Size) -> list[Ratio]:
    """The share understood by noise, and by type; prints what is not."""
    right: Counter[tuple[str, str]] = Counter()
    every: Counter[tuple[str, str]] = Counter()
    for row, label, text, understood in listened(TINY if size.tiny else QUICK if size.quick else 1):
        every[label, row.type] += 1
        right[label, row.type] += understood
        if not understood:
            tell(f"    {label}, {row.type}: {row.said} → {text or '–'} → {row.heard(text) if text else 'NOTHING'}")
    return [_ratio(label, right, every) for label in NOISES]


def _ratio(label: str, right: Counter[tuple[str, str]], every: Counter[tuple[str, str]]) -> Ratio:
    types = [name for noise, name in every if noise == label]
    share = sum(right[label, name] for name in types) / sum(every[label, name] for name in types)
    raw = {
        "understood": {name: right[label, name] for name in types},
        "said": {name: every[label, name] for name in types},
    }
    return Ratio(name=f"heard, {label}", value=share, bar=AIM, at_least=True, aim=True, raw=raw)
