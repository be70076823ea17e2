"""A person who talks, in a real browser: a WAV is its microphone, its loudspeaker is recorded."""

import importlib.util
from pathlib import Path

import pytest

from framework.slots.reading import error_rate

_spec = importlib.util.spec_from_file_location("calls", Path(__file__).with_name("calls.py"))
calls = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(calls)

LINES = [
    (12, "My name is Grace Hopper."),
    (22, "Yes, that is right."),
    (31, "The ninth of December nineteen seventy six."),
    (43, "No, that is all. Goodbye."),
]
"""Capture begins with the click on Talk; each line comes well after the bot has finished its own."""

FAKE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


@pytest.fixture
def call(serve, browse, tmp_path):
    async def call(*flags, bot="clinic", script=calls.RECORD, late_s=0):
        served = await serve("offline")
        microphone = calls.caller(tmp_path / "caller.wav", [(begin + late_s, line) for begin, line in LINES])
        capture = f"--use-file-for-fake-audio-capture={microphone}%noloop"
        sight = await browse(
            f"{served.url}?bot={bot}", *FAKE, capture, *flags, permissions=["microphone"], script=script
        )
        await sight.page.wait_for_function(
            "() => document.getElementById('state').textContent === 'Ready'", timeout=90_000
        )
        await sight.part("talk").click()
        await sight.state("connected", 30)
        return sight

    return call


async def complete(sight):
    """Follow the clinic flow to its end."""
    await sight.said("May I have your full name?")
    await sight.node("help", 60)
    slots = await sight.slots()
    assert slots["patient_name"] == "Grace Hopper"
    assert slots["born"] == "1976-12-09"
    assert slots["verified"] == "true"
    await sight.state("ended", 60)


async def transcript(sight):
    turns = sight.page.locator("[data-testid=turn][data-who=bot] .heard")
    return " ".join(await turns.all_inner_texts())


async def test_the_clinic_flow_is_completed_by_voice_and_the_bot_is_heard_saying_what_it_meant(call):
    await talk(call)


@pytest.mark.nightly
@pytest.mark.parametrize("run", range(10))
async def test_ten_calls_in_a_row_are_completed_by_voice(call, run):
    await talk(call)


async def talk(call):
    sight = await call()
    assert await sight.part("way").inner_text() == "voice · WebRTC"
    await complete(sight)
    heard = calls.transcribed(calls.decoded(await sight.page.evaluate("window.__recording()")))
    said = await transcript(sight)
    assert error_rate(said, heard) <= 0.15, (said, heard)
    assert sight.page.failures == []


async def test_another_bots_recording_does_not_pass_for_this_one(call):
    sight = await call(bot="pizza")
    await sight.page.wait_for_selector("[data-testid=turn][data-who=user]", timeout=60_000)
    heard = calls.transcribed(calls.decoded(await sight.page.evaluate("window.__recording()")))
    assert "pizza" in heard
    assert error_rate("Hello, this is Ava at Riverside clinic. May I have your full name?", heard) > 0.5


async def test_where_webrtc_is_impossible_the_page_talks_over_a_websocket(call):
    sight = await call(
        *("--force-webrtc-ip-handling-policy", "--webrtc-ip-handling-policy=disable_non_proxied_udp"),
        late_s=10,  # so long it takes until the page has given up on WebRTC
    )
    assert await sight.part("way").inner_text() == "voice · WebSocket"
    assert "WebSocket" in await sight.part("notice").inner_text()
    await sight.said("May I have your full name?")
    await complete(sight)
