"""Moonshine: preparing once, leaning without inventing, refusing noise, and hearing in a pipeline."""

import subprocess
import sys
import threading

import numpy as np
import pytest
import soxr
from pipecat.frames.frames import (
    InputAudioRawFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.tests.utils import run_test

from framework.engine.effects import Expectation
from framework.errors import MissingExtraError, UserError
from framework.plugins.services import ServiceContext
from framework.services.providers.moonshine import store
from framework.services.providers.moonshine.bias import Bias, Tokens
from framework.services.providers.moonshine.decode import RATE, Decoded, shared
from framework.services.providers.moonshine.hearing import hear, tidied
from framework.services.providers.piper.voices import voice

QUIET = np.zeros(RATE // 4, np.float32)
MARK = "\N{LOWER ONE EIGHTH BLOCK}"


@pytest.fixture(scope="module", autouse=True)
def _prepared():
    store.preparation().make(lambda _: None)


def said(text):
    """A sentence in Piper's voice, with quiet around it."""
    raw = b"".join(voice().speak(text, noise=0.0, noise_width=0.0))
    samples = soxr.resample(np.frombuffer(raw, np.int16).astype(np.float32) / 32768, voice().sample_rate, RATE)
    return np.concatenate([QUIET, samples.astype(np.float32), QUIET])


# --- Preparing -----------------------------------------------------------------


def test_preparing_twice_gives_the_same_bytes(tmp_path, monkeypatch):
    made = []
    for name in ("a", "b"):
        monkeypatch.setenv("CONVO_CACHE", str(tmp_path / name))
        steps = []
        store.make(steps.append)
        assert steps == sorted(steps)
        assert steps[-1] == 1.0
        made.append({path.name: path.read_bytes() for path in store.prepared().iterdir()})
    assert made[0] == made[1]
    assert len(made[0]) == 3


def test_makers_at_the_same_time_leave_one_model_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVO_CACHE", str(tmp_path))
    makers = [threading.Thread(target=store.make, args=(lambda _: None,)) for _ in range(2)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join(60)
    assert list(tmp_path.iterdir()) == [store.prepared()]


def test_a_model_that_is_not_prepared_says_what_to_run(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVO_CACHE", str(tmp_path))
    with pytest.raises(MissingExtraError, match="convo prepare"):
        store.ready()


def test_a_cache_that_cannot_be_written_is_a_sentence(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CONVO_CACHE", str(tmp_path / "file"))
    with pytest.raises(UserError, match="CONVO_CACHE"):
        store.make(lambda _: None)


def test_a_release_without_weights_says_which_one_has_them(tmp_path, monkeypatch):
    (tmp_path / "moonshine_cpp").mkdir()
    (tmp_path / "moonshine_cpp/__init__.py").write_text("raise RuntimeError('never imported')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingExtraError, match=r"moonshine_cpp==0\.1\.4"):
        store.source()


def test_looking_whether_it_is_prepared_costs_nothing():
    heavy = "{'numpy', 'onnx', 'onnxruntime', 'pipecat', 'moonshine_cpp'} & set(sys.modules)"
    code = (
        f"import sys; from framework.services.providers.moonshine.store import *; preparation().ready(); print({heavy})"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


# --- Leaning -------------------------------------------------------------------

TEXTS = [
    b"<unk>",
    b"<s>",
    b"</s>",
    *(text.encode() for text in (MARK, f"{MARK}a", "d", "a", f"{MARK}ad", f"{MARK}no", ".")),
]
TOKENS = Tokens(TEXTS)


def test_words_are_cut_like_the_vocabulary_was_made():
    assert TOKENS.encode("ada") == [7, 6]
    assert TOKENS.decode([7, 6, 2]) == "ada"
    assert TOKENS.encode("xyz") == []


def test_an_expected_word_may_take_the_place_of_a_word_but_never_stand_between():
    bias = Bias(TOKENS, ["ada"], lean=3.0)
    word_first, sign_first = np.zeros(10), np.zeros(10)
    word_first[8], sign_first[9] = 1.0, 1.0
    assert bias.lifted(word_first, bias.start()).argmax() == 7
    assert bias.lifted(sign_first, bias.start()).argmax() == 9


def test_a_word_that_has_begun_is_leaned_to_its_end():
    bias = Bias(TOKENS, ["ada"], lean=3.0)
    begun = bias.after(bias.start(), 7)
    scores = np.zeros(10)
    scores[9] = 1.0
    assert bias.lifted(scores, begun).argmax() == 6
    assert bias.after(begun, 6) == []


# --- Refusing -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("decoded", "kind", "text"),
    [
        (Decoded("Yes.", -0.1, 2), "boolean", "Yes."),
        (Decoded("You", -1.8, 1), "boolean", ""),
        (Decoded("You", -0.8, 1), "", ""),
        (Decoded("You", float("nan"), 1), "", ""),
        (Decoded("♪ ♪", -0.1, 2), "boolean", ""),
        (Decoded("Stop stop stop.", -0.1, 4), "", "Stop."),
        (Decoded("five five one", -0.1, 3), "integer", "five five one"),
        (Decoded("to-morrow", -0.1, 3), "date", "tomorrow"),
    ],
)
def test_noise_is_refused_and_repeats_are_said_once(decoded, kind, text):
    assert tidied(decoded, kind) == text


def test_a_sentence_is_heard_and_silence_is_not():
    anything = Expectation(node="n", language="en")
    assert hear(shared(), said("The library closes at eight."), anything) == "The library closes at eight."
    assert hear(shared(), np.zeros(RATE, np.float32), anything) == ""


def test_the_same_audio_is_heard_the_same_and_one_model_serves_all():
    audio = said("Nine of them, please.")
    assert shared() is shared()
    assert shared().decode(audio) == shared().decode(audio)


# --- In a pipeline ---------------------------------------------------------------


async def heard(samples, *expected):
    """The transcripts of one stretch of speech, and how often the node was asked."""
    asked = []

    def expects():
        asked.append(len(asked))
        return Expectation(node="n", language="en", words=expected)

    pcm = (samples * 32767).astype(np.int16).tobytes()
    audio = [InputAudioRawFrame(pcm[at : at + 640], RATE, 1) for at in range(0, len(pcm), 640)]
    from framework.services.providers.moonshine.service import build

    service = build(ServiceContext(expects=expects))
    down, _ = await run_test(
        service, frames_to_send=[VADUserStartedSpeakingFrame(), *audio, VADUserStoppedSpeakingFrame()]
    )
    return [frame.text for frame in down if isinstance(frame, TranscriptionFrame)], len(asked)


async def test_a_segment_becomes_one_transcript_and_the_node_is_asked_when_it_is_decoded():
    assert await heard(said("Grace Hopper.")) == (["Grace Hopper."], 1)


async def test_a_segment_of_silence_becomes_none():
    texts, _ = await heard(np.zeros(RATE, np.float32))
    assert texts == []
