"""Piper: one voice for all sessions, the same text the same audio, speech in a pipeline."""

import asyncio

import pytest
from pipecat.frames.frames import TTSAudioRawFrame, TTSSpeakFrame, TTSStartedFrame, TTSStoppedFrame
from pipecat.tests.utils import run_test

from framework.errors import UnknownNameError
from framework.plugins.services import ServiceContext
from framework.services.providers.piper.service import build
from framework.services.providers.piper.voices import voice

LINE = "Good morning. The library opens at nine."


def spoken(**how):
    return b"".join(voice().speak(LINE, **how))


def test_a_voice_that_nobody_ships_offers_the_nearest():
    with pytest.raises(UnknownNameError, match="en_US-joe-medium"):
        voice("en_US-jo-medium")


def test_without_noise_the_same_text_is_the_same_audio():
    assert spoken(noise=0.0, noise_width=0.0) == spoken(noise=0.0, noise_width=0.0)


def test_speed_shortens_what_is_said():
    slow, fast = (len(spoken(noise=0.0, noise_width=0.0, speed=speed)) for speed in (1.0, 1.5))
    assert 0.5 < fast / slow < 0.8


def test_each_sentence_comes_by_itself():
    assert len(list(voice().speak(LINE))) == 2


async def test_all_sessions_share_one_voice():
    assert build(ServiceContext())._speaks is build(ServiceContext(pace=1.2))._speaks


async def test_a_line_is_spoken_at_the_rate_of_the_transport_while_the_loop_goes_on():
    ticks = 0

    async def tick():
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    service = build(ServiceContext(sample_rate=16_000, settings={"noise": 0.0, "noise_width": 0.0}))
    down, _ = await run_test(service, frames_to_send=[TTSSpeakFrame(LINE)])
    ticking.cancel()
    audio = [frame for frame in down if isinstance(frame, TTSAudioRawFrame)]
    kinds = [type(frame) for frame in down]
    assert kinds.index(TTSStartedFrame) < kinds.index(TTSAudioRawFrame) < kinds.index(TTSStoppedFrame)
    assert {frame.sample_rate for frame in audio} == {16_000}
    seconds = sum(len(frame.audio) for frame in audio) / 2 / 16_000
    assert 1.5 < seconds < 6
    assert ticks > 100
