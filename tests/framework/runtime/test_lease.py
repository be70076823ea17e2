"""Past its lease a session is heard no more, whatever was queued; with a new one it goes on where it was cut off."""

from __future__ import annotations

import asyncio
import math
import time
from typing import Any

import numpy as np
import pytest
from pipecat.audio.vad.vad_analyzer import VADParams
from pipecat.frames.frames import (
    Frame,
    InputTransportMessageFrame,
    LLMTextFrame,
    OutputTransportMessageFrame,
    OutputTransportMessageUrgentFrame,
    StartFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.transports.base_input import BaseInputTransport
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.transports.base_transport import BaseTransport, TransportParams
from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies

from framework.engine import effects as do
from framework.engine import inputs as happened
from framework.runtime.lease import Lease
from framework.runtime.rtvi import Door
from framework.runtime.virtual import run_virtually
from framework.services.providers.scripted import ScriptedEar
from framework.testing.scripted import Script

LINE = "One two three four five six seven eight nine ten eleven twelve."
RATE = 16000


def says(*lines: str) -> Any:
    def reacts(what: happened.Input) -> list[do.Effect] | None:
        if isinstance(what, happened.Started):
            return [do.Say(say=str(i), text=line, language="en") for i, line in enumerate(lines)]
        return None

    return reacts


def loud(sound: bytes | bytearray, start: float, end: float) -> bool:
    """Whether anything was to be heard in these seconds."""
    samples = np.frombuffer(bytes(sound), np.int16)[int(start * RATE) : int(end * RATE)]
    return bool(len(samples) and np.abs(samples).max() > 1000)


@pytest.fixture
def called(scene, model, voice, wav, vad):
    """One call in virtual time: `play` gets the scene and its transport; answers both."""

    def call(reacts: Any, play: Any, *responses: Any, lines: list[str] | None = None) -> Any:
        async def main() -> Any:
            transport = wav()
            ears = {
                "stt": ScriptedEar(Script(lines=lines or [""])),
                "vad": vad(params=VADParams(start_secs=0.2, stop_secs=0.2, min_volume=0.0)),
                "turns": UserTurnStrategies(stop=[SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=0.2)]),
            }
            async with scene(reacts, model(*responses), voice=voice(), transport=transport, **ears) as s:

                @s.assembly.user.event_handler("on_user_turn_stopped")
                async def stopped(_aggregator: Any, _strategy: Any, message: Any) -> None:
                    await s.stage.heard(message.content or "")

                s.conversation.tell(happened.Started)
                await play(s, transport)
                return s, transport

        return run_virtually(main)

    return call


def test_a_lease_holds_until_its_moment_and_again_from_the_next():
    renewals = []
    lease = Lease(lambda: renewals.append(1))
    assert lease.holds
    lease.renew(time.monotonic() - 1)
    assert not lease.holds
    lease.renew(time.monotonic() + 60)
    assert lease.holds
    lease.renew(time.monotonic() + 90)
    assert renewals == [1]


@pytest.mark.parametrize("end", [Lease.end, lambda lease: lease.renew(-math.inf)])
def test_a_lease_that_was_taken_away_never_comes_back(end):
    lease = Lease()
    end(lease)
    lease.renew(math.inf)
    assert not lease.holds


def test_past_the_lease_no_sound_leaves_and_the_rest_is_said_with_the_next(called, eventually):
    async def play(s, transport):
        s.stage.lease.renew(time.monotonic() + 2.0)
        await asyncio.sleep(30.0)
        assert not loud(transport.bot.sound, 2.05, 60)
        assert not s.took(happened.Spoken)
        s.stage.lease.renew(time.monotonic() + 60)
        await eventually(lambda: s.took(happened.Spoken), 60)

    s, transport = called(says(LINE), play)
    (spoken,) = s.took(happened.Spoken)
    assert (spoken.generated, spoken.spoken, spoken.interrupted) == (LINE, LINE, False)
    assert loud(transport.bot.sound, 0, 2)
    assert not loud(transport.bot.sound, 2.1, 29.9)
    assert loud(transport.bot.sound, 30, 40)
    assert " ".join(m["content"] for m in s.context.get_messages()) == LINE


def test_what_is_to_be_said_without_a_lease_waits_for_the_next(called, eventually):
    async def play(s, transport):
        await asyncio.sleep(5.0)
        s.stage.lease.renew(time.monotonic())
        await s.stage.say(do.Say(say="late", text="A late word.", language="en"))
        await asyncio.sleep(30.0)
        assert not transport.bot.sound
        assert s.stage.speaking
        s.stage.lease.renew(math.inf)
        await eventually(lambda: s.took(happened.Spoken), 60)

    s, transport = called(lambda _: None, play)
    assert [(w.say, w.spoken) for w in s.took(happened.Spoken)] == [("late", "A late word.")]
    assert loud(transport.bot.sound, 34, 40)


def test_what_the_model_says_without_a_lease_is_said_with_the_next(called, eventually):
    def reacts(what):
        return [do.RunModel(turn=1)] if isinstance(what, happened.Started) else None

    async def play(s, transport):
        s.stage.lease.renew(time.monotonic())
        await eventually(lambda: s.took(happened.ModelFinished), 60)
        await asyncio.sleep(20.0)
        assert not loud(transport.bot.sound, 0, 60)
        s.stage.lease.renew(math.inf)
        await eventually(lambda: s.took(happened.Spoken), 60)

    s, _ = called(reacts, play, ["Here I am."])
    assert [(w.spoken, w.interrupted) for w in s.took(happened.Spoken)] == [("Here I am.", False)]


def test_a_person_who_speaks_meanwhile_is_heard_and_what_was_held_back_stays_unsaid(called, eventually):
    async def play(s, transport):
        s.stage.lease.renew(time.monotonic() + 2.0)
        await asyncio.sleep(10.0)
        await transport.play(np.full(RATE, 4000, np.int16))
        await eventually(lambda: s.took(happened.Heard), 60)
        s.stage.lease.renew(math.inf)
        await asyncio.sleep(20.0)

    s, transport = called(says(LINE), play, lines=["are you there"])
    (spoken,) = s.took(happened.Spoken)
    assert spoken.interrupted
    assert LINE.startswith(spoken.spoken)
    assert not loud(transport.bot.sound, 2.1, 60)


# --- Words and messages -----------------------------------------------------


class Chat(BaseTransport):
    """A client that is typed to, built as Pipecat builds transports."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[dict[str, Any]] = []
        self._in, self._out = BaseInputTransport(TransportParams()), ChatOut(self.sent)

    def input(self) -> FrameProcessor:
        return self._in

    def output(self) -> FrameProcessor:
        return self._out

    async def client_sends(self, sent: Any) -> None:
        await self._in.broadcast_frame(InputTransportMessageFrame, message=sent)


class ChatOut(BaseOutputTransport):
    def __init__(self, sent: list[dict[str, Any]]) -> None:
        super().__init__(TransportParams())
        self._sent = sent

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def send_message(self, frame: OutputTransportMessageFrame | OutputTransportMessageUrgentFrame) -> None:
        self._sent.append(frame.message)


class Odd(BaseTransport):
    """A client at the end of a way out that has a shape of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Any] = []
        self._in, self._out = OddEnd([]), OddEnd(self.sent)

    def input(self) -> FrameProcessor:
        return self._in

    def output(self) -> FrameProcessor:
        return self._out

    async def client_sends(self, sent: Any) -> None:
        await self._in.broadcast_frame(InputTransportMessageFrame, message=sent)


class OddEnd(FrameProcessor):
    def __init__(self, sent: list[Any]) -> None:
        super().__init__()
        self._sent = sent

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, OutputTransportMessageUrgentFrame | OutputTransportMessageFrame):
            self._sent.append(frame.message)
        elif isinstance(frame, LLMTextFrame):
            self._sent.append(frame.text)
        await self.push_frame(frame, direction)


@pytest.mark.parametrize("kind", [Chat, Odd])
async def test_past_the_lease_no_word_and_no_message_leaves_a_chat(scene, model, eventually, kind):
    wire, door = kind(), Door()

    def reacts(what):
        if isinstance(what, happened.Heard):
            return [do.Say(say=what.text, text=f"You said {what.text}.", language="en")]
        return None

    async with scene(reacts, model(), transport=wire, rtvi=door) as s:
        door.way_out = s.assembly.way_out
        ready = {"label": "rtvi-ai", "type": "client-ready", "id": "1", "data": {"version": "2.0.0", "about": {}}}
        await wire.client_sends(ready)
        await eventually(lambda: any("bot-ready" in str(sent) for sent in wire.sent))
        await s.stage.typed("one")
        await eventually(lambda: any("You said one." in str(sent) for sent in wire.sent))
        await eventually(lambda: len(s.took(happened.Spoken)) == 1)

        s.stage.lease.renew(time.monotonic())
        await asyncio.sleep(0.1)
        before = len(wire.sent)
        await s.stage.typed("two")
        await eventually(lambda: len(s.took(happened.Heard)) == 2)
        await door.send_server_message({"type": "convo.event"})
        await s.worker.flush_pipeline(timeout=5.0)
        assert wire.sent[before:] == []
        assert len(s.took(happened.Spoken)) == 1

        s.stage.lease.renew(math.inf)
        await eventually(lambda: any("You said two." in str(sent) for sent in wire.sent))
        await eventually(lambda: len(s.took(happened.Spoken)) == 2)
        assert not any("convo.event" in str(sent) for sent in wire.sent)
        words = [m["content"] for m in s.context.get_messages() if m["role"] == "assistant"]
        assert words == ["You said one.", "You said two."]


@pytest.mark.parametrize("kind", [Chat, Odd])
async def test_words_that_come_to_a_chat_as_its_lease_ends_are_shown_with_the_next(scene, model, eventually, kind):
    wire = kind()

    def reacts(what):
        return [do.RunModel(turn=1)] if isinstance(what, happened.Started) else None

    async with scene(reacts, model([0.2, "Here I am."]), transport=wire) as s:
        s.conversation.tell(happened.Started)
        await eventually(lambda: s.model.contexts)
        s.stage.lease.renew(time.monotonic())
        await eventually(lambda: s.took(happened.ModelFinished))
        await s.worker.flush_pipeline(timeout=5.0)
        assert not s.took(happened.Spoken)
        s.stage.lease.renew(math.inf)
        await eventually(lambda: s.took(happened.Spoken))
        await eventually(lambda: len(s.context.get_messages()) == 1)
        assert [m["content"] for m in s.context.get_messages()] == ["Here I am."]
