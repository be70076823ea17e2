"""Conversations by voice in virtual time: a scripted engine, a tone for a voice, a recording for a caller."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from framework.engine import effects as do
from framework.engine import inputs as happened
from framework.runtime.virtual import run_virtually

LINE = "One two three four five six seven eight nine ten eleven twelve."


def says(*lines: str):
    def reacts(what):
        if isinstance(what, happened.Started):
            return [do.Say(say=str(i), text=line, language="en") for i, line in enumerate(lines)]

    return reacts


def call(scene, reacts, model, voice, play, wav):
    """Run one scene with a WAV transport in virtual time."""

    async def main():
        transport = wav()
        async with scene(reacts, model(), voice=voice(), transport=transport) as s:
            s.conversation.tell(happened.Started)
            await play(s, transport)
            return s.conversation.record, bytes(transport.bot.sound), s.context.get_messages()

    return run_virtually(main)


@pytest.fixture
def wav():
    from plugins.transports.wav.transport import WavTransport

    return WavTransport


def test_a_line_said_to_its_end_is_spoken_whole(scene, model, voice, wav, eventually):
    async def play(s, transport):
        await eventually(lambda: len(s.took(happened.Spoken)) == 2, 60)

    record, bot, messages = call(scene, says("Hello there.", "Bye."), model, voice, play, wav)
    spoken = [w for w in record if isinstance(w, happened.Spoken)]
    assert [(w.say, w.spoken, w.interrupted) for w in spoken] == [("0", "Hello there.", False), ("1", "Bye.", False)]
    assert [m["content"] for m in messages] == ["Hello there.", "Bye."]
    assert np.abs(np.frombuffer(bot, np.int16)).max() > 1000


def test_an_interrupted_line_is_a_proper_prefix_and_the_rest_is_not_heard(scene, model, voice, wav, eventually):
    async def play(s, transport):
        await asyncio.sleep(3.0)
        await s.assembly.interrupt()
        await eventually(lambda: len(s.took(happened.Spoken)) == 2, 60)

    record, bot, messages = call(scene, says(LINE, "Never heard."), model, voice, play, wav)
    spoken = [w for w in record if isinstance(w, happened.Spoken)]
    first, second = spoken
    assert first.interrupted
    assert first.spoken
    assert LINE.startswith(first.spoken)
    assert first.spoken != LINE
    assert (second.spoken, second.interrupted) == ("", True)
    assert 2.9 < len(bot) / 32000 < 3.1
    assert [m["content"] for m in messages] == [first.spoken]


def test_a_voice_that_fails_does_not_hang_anything(scene, model, wav, voice, eventually):
    async def play(s, transport):
        await eventually(lambda: s.took(happened.Spoken), 60)

    record, _, _ = call(scene, says("Hello."), model, lambda: voice(broken=True), play, wav)
    spoken = next(w for w in record if isinstance(w, happened.Spoken))
    assert (spoken.spoken, spoken.interrupted) == ("", False)


def test_virtual_time_gives_the_same_call_twice(scene, model, voice, wav, eventually):
    async def play(s, transport):
        await transport.play(np.full(16000, 3000, np.int16))
        await eventually(lambda: len(s.took(happened.Spoken)) == 1, 60)

    def once():
        record, bot, _ = call(scene, says(LINE), model, voice, play, wav)
        start = record[0].at
        return [(type(w).__name__, round(w.at - start, 3)) for w in record], bot

    assert once() == once()
