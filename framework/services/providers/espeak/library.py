"""The binding to libespeak-ng. The library keeps one global state, so a process has one `Espeak` with one lock."""

from __future__ import annotations

import ctypes as c
import importlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from framework.errors import FrameworkError, UnknownNameError, needs
from framework.suggest import did_you_mean

SYNCHRONOUS = 2
DONT_EXIT = 0x8000
BUFFER_MS = 40
UTF8, END_PAUSE = 0x1, 0x1000
END_OF_EVENTS, WORD_EVENT = 0, 1
RATE, VOLUME, PITCH, PITCH_RANGE, WORD_GAP = 1, 2, 3, 4, 7
GO_ON, STOP = 0, 1
SAMPLE_BYTES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a text is spoken."""

    voice: str = "en-us"
    rate: int = 175
    """Words a minute, 80 to 450."""
    pitch: int = 50
    pitch_range: int = 50
    volume: int = 100
    word_gap: int = 0
    """Pause between words, in hundredths of a second."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word, and when it is said."""

    start: int
    """Where in the text it begins."""
    length: int
    at_s: float
    """From the beginning of the audio."""


Sink = Callable[[bytes, list[Word]], bool]
"""Takes a piece of audio and the words that begin in it; False stops the synthesis."""


class _Event(c.Structure):
    _fields_ = (
        ("type", c.c_int),
        ("identifier", c.c_uint),
        ("position", c.c_int),
        ("length", c.c_int),
        ("audio_ms", c.c_int),
        ("sample", c.c_int),
        ("user_data", c.c_void_p),
        ("id", c.c_char * 8),
    )


class _Voice(c.Structure):
    _fields_ = (
        ("name", c.c_char_p),
        ("languages", c.c_void_p),
        ("identifier", c.c_char_p),
        ("gender", c.c_ubyte),
        ("age", c.c_ubyte),
        ("variant", c.c_ubyte),
        ("unused", c.c_ubyte),
        ("score", c.c_int),
        ("spare", c.c_void_p),
    )


_Callback = c.CFUNCTYPE(c.c_int, c.POINTER(c.c_short), c.c_int, c.POINTER(_Event))


class Espeak:
    """Speaks; blocks its thread, not the process: the library is called with the interpreter's lock released."""

    def __init__(self) -> None:
        with needs("offline"):
            loader: Any = importlib.import_module("espeakng_loader")
        data = Path(loader.get_data_path())
        self._library = _declared(c.CDLL(str(loader.get_library_path())))
        self.sample_rate = self._library.espeak_Initialize(SYNCHRONOUS, BUFFER_MS, str(data).encode(), DONT_EXIT)
        if self.sample_rate <= 0:
            raise FrameworkError("espeak-ng did not start", where=str(data), fix="Install `espeakng-loader` anew.")
        self._lock = threading.Lock()
        self._sink: Sink | None = None
        self._callback = _Callback(self._on_audio)  # the library keeps only a pointer to it
        self._library.espeak_SetSynthCallback(self._callback)
        self.variants = frozenset(path.name for path in (data / "voices" / "!v").iterdir())
        self.voices = dict(self._listed())

    def _listed(self) -> Iterator[tuple[str, str]]:
        """Every word for a voice (file, name, language tag) and the file that the library takes; the best one first."""
        found = []
        voices = self._library.espeak_ListVoices(None)
        for place in range(10_000):
            if not voices[place]:
                break
            voice = voices[place].contents
            file, name = voice.identifier.decode(), voice.name.decode()
            found += [(tag, priority, file) for priority, tag in _languages(voice.languages)]
            found += [(word, 0, file) for word in (file, file.rpartition("/")[2], name)]
        for word, _, file in sorted(found, key=lambda entry: (entry[0], -entry[1]), reverse=False):
            yield word, file

    def check(self, voice: str) -> str:
        """The name that the library takes for a voice; the library itself would speak on with a wrong one."""
        base, plus, variant = voice.partition("+")
        if base not in self.voices and base.lower() not in self.voices:
            raise UnknownNameError(f"espeak-ng has no voice `{base}`", fix=did_you_mean(base, self.voices))
        if plus and variant not in self.variants:
            raise UnknownNameError(f"espeak-ng has no variant `{variant}`", fix=did_you_mean(variant, self.variants))
        return self.voices.get(base, self.voices.get(base.lower(), base)) + plus + variant

    def speak(self, text: str, manner: Manner, sink: Sink) -> None:
        """Say a text; hands audio to `sink` as it is made, until that says stop."""
        name = self.check(manner.voice)
        with self._lock:
            if self._library.espeak_SetVoiceByName(name.encode()) != 0:
                raise UnknownNameError(f"espeak-ng could not load the voice `{name}`", fix="Choose another voice.")
            for number, value in _parameters(manner):
                self._library.espeak_SetParameter(number, value, 0)
            self._sink = sink
            raw = text.replace("\0", " ").encode() + b"\0"
            try:
                failed = self._library.espeak_Synth(raw, len(raw), 0, 0, 0, UTF8 | END_PAUSE, None, None)
            finally:
                self._sink = None
        if failed:
            raise FrameworkError(f"espeak-ng gave up with error {failed}")

    def _on_audio(self, samples: Any, count: int, events: Any) -> int:
        try:
            audio = c.string_at(samples, count * SAMPLE_BYTES) if samples and count > 0 else b""
            return GO_ON if self._sink is not None and self._sink(audio, list(_words(events))) else STOP
        except Exception:  # noqa: BLE001 - nothing may be raised through the library
            return STOP


def _declared(library: Any) -> Any:
    """The library with the types of what is called."""
    library.espeak_Initialize.argtypes = [c.c_int, c.c_int, c.c_char_p, c.c_int]
    library.espeak_SetVoiceByName.argtypes = [c.c_char_p]
    library.espeak_SetParameter.argtypes = [c.c_int, c.c_int, c.c_int]
    library.espeak_ListVoices.argtypes = [c.c_void_p]
    library.espeak_ListVoices.restype = c.POINTER(c.POINTER(_Voice))
    library.espeak_Synth.argtypes = [
        c.c_char_p, c.c_size_t, c.c_uint, c.c_int, c.c_uint, c.c_uint, c.c_void_p, c.c_void_p,
    ]  # fmt: skip
    return library


def _languages(raw: int) -> Iterator[tuple[int, str]]:
    """A voice's language tags: each a priority byte and a text that ends in zero; a zero byte ends the list."""
    at = raw
    while at and (priority := c.string_at(at, 1)[0]):
        tag = c.string_at(at + 1)
        yield priority, tag.decode()
        at += 1 + len(tag) + 1


def _words(events: Any) -> Iterator[Word]:
    place = 0
    while (event := events[place]).type != END_OF_EVENTS:
        if event.type == WORD_EVENT:
            yield Word(event.position - 1, event.length, event.audio_ms / 1000)
        place += 1


def _parameters(manner: Manner) -> Iterator[tuple[int, int]]:
    yield RATE, manner.rate
    yield VOLUME, manner.volume
    yield PITCH, manner.pitch
    yield PITCH_RANGE, manner.pitch_range
    yield WORD_GAP, manner.word_gap


_LOADING = threading.Lock()


def shared() -> Espeak:
    """The process's one binding; a second one would share the library's state without its lock."""
    with _LOADING:
        return _loaded()


@lru_cache(maxsize=1)
def _loaded() -> Espeak:
    return Espeak()
