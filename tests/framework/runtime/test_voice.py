"""Conversations by voice in virtual time: a scripted engine, a tone for a voice, a recording for a caller."""

from __future__ import annotations

import asyncio

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pipecat.audio.vad.vad_analyzer import VADParams
from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies

from framework.engine import effects as do
from framework.engine import inputs as happened
from framework.runtime.speech import TAIL_S, Piece, Utterance, letters, prefix
from framework.runtime.virtual import run_virtually
from framework.services.providers.scripted import ScriptedEar
from framework.testing.scripted import Script

LINE = "One two three four five six seven eight nine ten eleven twelve."


def says(*lines: str):
    def reacts(what):
        if isinstance(what, happened.Started):
            return [do.Say(say=str(i), text=line, language="en") for i, line in enumerate(lines)]
        return None

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


def test_a_line_said_to_its_end_is_spoken_whole(scene, model, voice, wav, vad, eventually):
    async def play(s, transport):
        await eventually(lambda: len(s.took(happened.Spoken)) == 2, 60)

    record, bot, messages = call(scene, says("Hello there.", "Bye."), model, voice, play, wav)
    spoken = [w for w in record if isinstance(w, happened.Spoken)]
    assert [(w.say, w.spoken, w.interrupted) for w in spoken] == [("0", "Hello there.", False), ("1", "Bye.", False)]
    assert [m["content"] for m in messages] == ["Hello there.", "Bye."]
    assert np.abs(np.frombuffer(bot, np.int16)).max() > 1000


def test_an_interrupted_line_is_a_proper_prefix_and_the_rest_is_not_heard(scene, model, voice, wav, vad, eventually):
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


def test_virtual_time_gives_the_same_call_twice(scene, model, voice, wav, vad, eventually):
    async def play(s, transport):
        await transport.play(np.full(16000, 3000, np.int16))
        await eventually(lambda: len(s.took(happened.Spoken)) == 1, 60)

    def once():
        record, bot, _ = call(scene, says(LINE), model, voice, play, wav)
        start = record[0].at
        return [(type(w).__name__, round(w.at - start, 3)) for w in record], bot

    assert once() == once()


# --- Turns of the person ------------------------------------------------------


def person(loudness, *lines: str):
    """Ears that hear these lines, one for each stretch of sound; an empty one is a noise."""
    vad = loudness(params=VADParams(start_secs=0.2, stop_secs=0.2, min_volume=0.0))
    turns = UserTurnStrategies(stop=[SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=0.2)])
    return {"stt": ScriptedEar(Script(lines=lines)), "vad": vad, "turns": turns}


def sound(seconds: float):
    return np.full(int(16000 * seconds), 4000, np.int16)


def talk(scene, reacts, model, voice, wav, vad, lines, play):
    """A scene with a person who is heard."""

    async def main():
        transport = wav()
        async with scene(reacts, model, voice=voice(), transport=transport, **person(vad, *lines)) as s:

            @s.assembly.user.event_handler("on_user_turn_stopped")
            async def stopped(_aggregator, _strategy, message):
                await s.stage.heard(message.content or "")

            s.conversation.tell(happened.Started)
            await play(s, transport)
            return s

    return run_virtually(main)


def test_a_person_who_speaks_over_the_bot_is_heard_and_the_bot_falls_silent(scene, model, voice, wav, vad, eventually):
    def reacts(what):
        match what:
            case happened.Started():
                return [do.Say(say="a", text=LINE, language="en")]
            case happened.Heard():
                return [do.Say(say="b", text="I see.", language="en")]

    async def play(s, transport):
        await asyncio.sleep(2.0)
        await transport.play(sound(1.0))
        await eventually(lambda: len(s.took(happened.Spoken)) == 2, 60)

    s = talk(scene, reacts, model(), voice, wav, vad, ["stop it"], play)
    first, second = s.took(happened.Spoken)
    assert first.interrupted
    assert 0 < len(first.spoken) < len(LINE)
    assert LINE.startswith(first.spoken)
    assert second.spoken == "I see."
    kinds = [type(what).__name__ for what in s.conversation.record]
    assert kinds == ["Started", "Began", "Spoken", "Heard", "Spoken"]
    voices = [(event.type, event.data["participant"]) for event in s.events if event.type.startswith("speech.")]
    assert sorted(voices[:2]) == [("speech.started", "bot"), ("speech.started", "user")]
    assert sorted(voices[2:4]) == [("speech.stopped", "bot"), ("speech.stopped", "user")]
    assert voices[4] == ("speech.started", "bot")
    assert [m["content"] for m in s.context.get_messages()] == [first.spoken, "stop it", "I see."]


def test_what_a_noise_cut_off_is_said_to_its_end(scene, model, voice, wav, vad, eventually):
    async def play(s, transport):
        await asyncio.sleep(2.0)
        await transport.play(sound(0.5))
        await eventually(lambda: s.took(happened.Spoken), 60)

    s = talk(scene, says(LINE), model(), voice, wav, vad, [""], play)
    (spoken,) = s.took(happened.Spoken)
    assert (spoken.generated, spoken.spoken, spoken.interrupted) == (LINE, LINE, False)
    assert not s.took(happened.Heard)


def test_a_noise_while_the_model_thinks_does_not_silence_the_bot(scene, model, voice, wav, vad, eventually):
    def reacts(what):
        return [do.RunModel(turn=1)] if isinstance(what, happened.Started) else None

    async def play(s, transport):
        await transport.play(sound(0.5))
        await eventually(lambda: s.took(happened.Spoken), 60)

    s = talk(scene, reacts, model([5.0, "Never."], ["Here I am."]), voice, wav, vad, [""], play)
    assert [w.text for w in s.took(happened.ModelFinished)] == ["Here I am."]
    assert s.took(happened.Spoken)[0].spoken == "Here I am."


def test_a_model_that_is_spoken_over_is_remembered_as_far_as_it_was_heard(scene, model, voice, wav, vad, eventually):
    def reacts(what):
        match what:
            case happened.Started():
                return [do.RunModel(turn=1)]
            case happened.Heard():
                return [do.RunModel(turn=2)]

    async def play(s, transport):
        await asyncio.sleep(2.0)
        await transport.play(sound(1.0))
        await eventually(lambda: len(s.took(happened.Spoken)) == 2, 60)

    llm = model([LINE], ["Fine."])
    s = talk(scene, reacts, llm, voice, wav, vad, ["stop it"], play)
    first = s.took(happened.Spoken)[0]
    assert first.interrupted
    assert LINE.startswith(first.spoken)
    assert [m["content"] for m in llm.contexts[1]] == [first.spoken, "stop it"]


def test_what_is_to_be_said_waits_until_the_person_has_finished(scene, model, voice, wav, vad, eventually):
    async def play(s, transport):
        playing = asyncio.create_task(transport.play(sound(3.0)))
        await eventually(lambda: s.stage.person_speaks, 10)
        await s.stage.say(do.Say(say="order", text="A word from the operator.", language="en"))
        await playing
        await eventually(lambda: s.took(happened.Spoken), 60)

    s = talk(scene, lambda _: None, model(), voice, wav, vad, ["hello"], play)
    kinds = [type(what).__name__ for what in s.conversation.record]
    assert kinds == ["Started", "Began", "Heard", "Spoken"]
    assert s.took(happened.Spoken)[0].spoken == "A word from the operator."


@given(text=st.text(alphabet="ab c\n\t.", max_size=60), heard=st.integers(0, 70))
def test_what_was_heard_is_always_a_run_of_whole_words_from_the_start(text, heard):
    part = prefix(text, heard)
    assert text.startswith(part)
    assert letters(part) <= heard
    assert part.split() == text.split()[: len(part.split())]


@given(
    pieces=st.lists(st.tuples(st.text(alphabet="abc .", min_size=1, max_size=20), st.floats(0, 5)), max_size=4),
    played=st.floats(0, 30),
)
def test_an_interruption_never_claims_words_that_did_not_leave(pieces, played):
    utterance = Utterance("1", say="a", generated=" ".join(text for text, _ in pieces), played=played)
    utterance.pieces = [Piece(text, seconds, complete=True) for text, seconds in pieces]
    spoken = utterance.spoken(interrupted=True)
    assert utterance.generated.startswith(spoken)
    made = sum(seconds for _, seconds in pieces)
    if letters(utterance.generated) and played < made - TAIL_S and all(seconds > TAIL_S for _, seconds in pieces):
        assert letters(spoken) < letters(utterance.generated) or not letters(pieces[-1][0])


def test_a_voice_that_times_its_words_gives_the_exact_ones(scene, model, timed, wav, eventually):
    async def play(s, transport):
        await asyncio.sleep(2.7)
        await s.assembly.interrupt()
        await eventually(lambda: s.took(happened.Spoken), 60)
        return s

    record, _, messages = call(scene, says(LINE), model, timed, play, wav)
    spoken = next(w for w in record if isinstance(w, happened.Spoken))
    assert len(spoken.spoken.split()) in (5, 6)
    assert LINE.startswith(spoken.spoken)
    assert [m["content"] for m in messages] == [spoken.spoken]


def test_a_voice_that_times_its_words_says_a_line_to_its_end(scene, model, timed, wav, eventually):
    async def play(s, transport):
        await eventually(lambda: len(s.took(happened.Spoken)) == 2, 60)

    record, _, messages = call(scene, says(LINE, "Bye now."), model, timed, play, wav)
    spoken = [w for w in record if isinstance(w, happened.Spoken)]
    assert [(w.spoken, w.interrupted) for w in spoken] == [(LINE, False), ("Bye now.", False)]
    assert " ".join(m["content"] for m in messages) == f"{LINE} Bye now."
