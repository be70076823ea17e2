"""espeak-ng: voices by name and language, words with their times, and stopping at once."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from pipecat.frames.frames import TTSAudioRawFrame, TTSSpeakFrame, TTSTextFrame
from pipecat.tests.utils import run_test

from framework.errors import UnknownNameError
from framework.plugins.services import ServiceContext
from framework.services.providers.espeak.library import Manner, shared
from framework.services.providers.espeak.service import build

LINE = "The library opens at nine in the morning."


def spoken(text=LINE, **how):
    """Audio, words, and how many pieces they came in."""
    pieces, words = [], []

    def sink(audio, begun):
        pieces.append(audio)
        words.extend(begun)
        return True

    shared().speak(text, Manner(**how), sink)
    return b"".join(pieces), words, len(pieces)


@pytest.mark.parametrize("voice", ["en", "en-us", "en-gb", "gmw/en", "English (America)", "de", "es", "fr", "en-us+f3"])
def test_a_voice_is_named_by_its_file_its_name_or_its_language(voice):
    audio, _, _ = spoken(voice=voice)
    assert np.abs(np.frombuffer(audio, np.int16)).max() > 1000


@pytest.mark.parametrize(("wrong", "near"), [("en-uss", "en-us"), ("en-us+klat3", "klatt3")])
def test_a_wrong_voice_or_variant_offers_the_nearest(wrong, near):
    with pytest.raises(UnknownNameError, match=near):
        shared().check(wrong)


def test_words_come_with_the_time_they_are_said():
    _, words, _ = spoken()
    heard = [LINE[word.start : word.start + word.length] for word in words]
    assert heard[:3] == ["The", "library", "opens"]
    assert heard[-1] == "morning"
    assert [word.at_s for word in words] == sorted(word.at_s for word in words)


def test_a_listener_that_has_enough_stops_the_synthesis():
    _, _, whole = spoken()
    taken = []
    shared().speak(LINE, Manner(), lambda audio, _: taken.append(audio) or len(taken) < 3)
    assert len(taken) == 3 < whole


def test_a_faster_rate_is_shorter():
    assert len(spoken(rate=260)[0]) < 0.8 * len(spoken(rate=160)[0])


def test_voices_that_speak_at_the_same_time_do_not_mix():
    with ThreadPoolExecutor(4) as pool:
        lines = list(pool.map(lambda _: spoken()[1], range(8)))
    assert all([word.start for word in words] == [word.start for word in lines[0]] for words in lines)


async def test_a_session_in_another_language_gets_a_voice_of_that_language():
    assert build(ServiceContext(language="es-MX"))._manner.voice == "es-mx"
    assert build(ServiceContext(language="de-CH"))._manner.voice == "de"
    assert build(ServiceContext(language="de", voice="de+f2", pace=2.0))._manner == Manner(voice="de+f2", rate=350)


async def test_a_session_with_a_wrong_voice_is_refused():
    with pytest.raises(UnknownNameError):
        build(ServiceContext(voice="nobody"))


async def test_a_line_is_spoken_word_by_word():
    down, _ = await run_test(build(ServiceContext()), frames_to_send=[TTSSpeakFrame(LINE)])
    assert " ".join(frame.text for frame in down if isinstance(frame, TTSTextFrame)) == LINE
    assert any(isinstance(frame, TTSAudioRawFrame) for frame in down)
