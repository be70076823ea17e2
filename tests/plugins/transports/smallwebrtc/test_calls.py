"""A program that calls over WebRTC, without a browser."""

import asyncio
import contextlib
import fractions
import json
import os
import signal
import sys
import textwrap
from pathlib import Path

import aiohttp
import aioice.ice
import numpy as np
import pytest
import soxr
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from av import AudioFrame

ROOT = Path(__file__).parents[4]
RATE = 16_000
STEP = RATE // 50
BOTS = """\
bots:
  clinic: {flow: clinic, personality: ava, stack: offline}
"""


_addresses = aioice.ice.get_host_addresses


def _or_loopback(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    """A caller on a machine without any network has only loopback to offer, like the bot it calls."""
    return _addresses(use_ipv4=use_ipv4, use_ipv6=use_ipv6) or ["127.0.0.1"]


aioice.ice.get_host_addresses = _or_loopback


class Microphone(MediaStreamTrack):
    """Quiet noise, and between it what the caller says, paced by the clock."""

    kind = "audio"

    def __init__(self):
        super().__init__()
        self._noise = np.random.default_rng(3)
        self._waiting = np.zeros(0, np.int16)
        self._sent = 0
        self._begun = None

    def say(self, samples):
        self._waiting = np.concatenate([self._waiting, samples])

    async def recv(self):
        loop = asyncio.get_running_loop()
        self._begun = self._begun or loop.time()
        await asyncio.sleep(max(0.0, self._begun + self._sent / RATE - loop.time()))
        samples = self._noise.normal(0, 5, STEP)
        speech, self._waiting = self._waiting[:STEP], self._waiting[STEP:]
        samples[: len(speech)] += speech
        frame = AudioFrame.from_ndarray(samples.astype(np.int16)[np.newaxis], layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._sent, fractions.Fraction(1, RATE)
        self._sent += STEP
        return frame


class Caller:
    """One call: what the bot's events say, and a microphone."""

    def __init__(self, http, url):
        self.http, self.url = http, url
        self.pc = RTCPeerConnection()
        self.microphone = Microphone()
        self.events = []
        self.moved = asyncio.Condition()
        self.silent = 0

    async def call(self, bot):
        async with self.http.post(f"{self.url}/start", json={"transport": "webrtc", "body": {"bot": bot}}) as answer:
            self.session = (await answer.json())["sessionId"]
        self.pc.addTrack(self.microphone)
        channel = self.pc.createDataChannel("chat")
        ready = {"label": "rtvi-ai", "type": "client-ready", "id": "1"}
        about = {"version": "1.0.0", "about": {"library": "test"}}
        channel.on("open", lambda: channel.send(json.dumps({**ready, "data": about})))
        channel.on("message", lambda text: asyncio.ensure_future(self._heard(text)))
        await self.pc.setLocalDescription(await self.pc.createOffer())
        offer = {"sdp": self.pc.localDescription.sdp, "type": "offer"}
        async with self.http.post(f"{self.url}/sessions/{self.session}/api/offer", json=offer) as answer:
            assert answer.status == 200, await answer.text()
            told = await answer.json()
        await self.pc.setRemoteDescription(RTCSessionDescription(told["sdp"], told["type"]))

    async def _heard(self, text):
        message = json.loads(text)
        async with self.moved:
            self.silent += message.get("type") == "bot-stopped-speaking"
            if message.get("type") == "server-message":
                self.events.append(message["data"]["event"])
            self.moved.notify_all()

    async def until(self, holds, within_s=60):
        async with asyncio.timeout(within_s), self.moved:
            await self.moved.wait_for(holds)

    def of(self, kind):
        return [event["data"] for event in self.events if event["type"] == kind]

    async def asked(self, words):
        """The bot has said this, and is silent again."""
        await self.until(lambda: any(words in said["generated"] for said in self.of("bot.said")))

    async def state(self):
        async with self.http.get(f"{self.url}/sessions/{self.session}") as answer:
            return await answer.json()


@pytest.fixture
async def runner(tmp_path):
    (tmp_path / "convo.yaml").write_text(BOTS)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(ROOT / "runner.py"), "--port", "0"),
        cwd=tmp_path,
        env={**os.environ, "CONVO_STATE": str(tmp_path / "state"), "CONVO_DRAIN_SECS": "0"},
        stdout=asyncio.subprocess.PIPE,
    )
    line = await asyncio.wait_for(process.stdout.readline(), 60)
    yield line.decode().removeprefix("runner: ").strip()
    process.send_signal(signal.SIGTERM)
    await asyncio.wait_for(process.wait(), 30)


@pytest.fixture
async def caller(runner):
    async with aiohttp.ClientSession() as http:
        caller = Caller(http, runner)
        yield caller
        await caller.pc.close()


@pytest.fixture(scope="module")
def spoken():
    from framework.services.providers.piper.voices import voice

    def spoken(line):
        """The voice in the box, an eighth higher and faster: another throat than the bot's."""
        audio = b"".join(voice().speak(line, noise=0.0, noise_width=0.0))
        samples = np.frombuffer(audio, np.int16).astype(np.float32)
        return soxr.resample(samples, voice().sample_rate, RATE * 8 / 9).astype(np.int16)

    return spoken


async def test_a_program_completes_the_clinic_flow_by_voice(caller, spoken):
    await caller.call("clinic")
    for asked, line in [
        ("full name", "My name is Grace Hopper."),
        ("Is that right?", "Yes, that is right."),
        ("date of birth", "The ninth of December nineteen seventy six."),
        ("How can I help you?", "No, that is all. Goodbye."),
    ]:
        await caller.asked(asked)
        caller.microphone.say(spoken(line))
    async with asyncio.timeout(60):
        while (ended := await caller.state())["state"] != "ended":
            await asyncio.sleep(0.1)
    slots = {slot["slot"]: slot["value"] for slot in caller.of("slot.set")}
    assert slots["patient_name"] == "Grace Hopper"
    assert slots["born"] == "1976-12-09"
    assert ended["reason"] == "done"


async def test_a_caller_that_vanishes_mid_word_leaves_no_process(runner, tmp_path):
    """The caller is a process of its own, killed without a word to anybody."""
    here = Path(__file__)
    program = f"""
        import asyncio, importlib.util, aiohttp, numpy
        spec = importlib.util.spec_from_file_location("calls", {str(here)!r})
        calls = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(calls)

        async def main():
            async with aiohttp.ClientSession() as http:
                caller = calls.Caller(http, {runner!r})
                await caller.call("clinic")
                await caller.until(lambda: caller.of("bot.said"))
                caller.microphone.say(numpy.random.default_rng(1).integers(-9000, 9000, 160000).astype("int16"))
                await asyncio.sleep(1)
                print(caller.session, flush=True)
                await asyncio.Event().wait()

        asyncio.run(main())
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(program), stdout=asyncio.subprocess.PIPE
    )
    try:
        session = (await asyncio.wait_for(process.stdout.readline(), 90)).decode().strip()
        async with aiohttp.ClientSession() as http:

            async def view():
                async with http.get(f"{runner}/sessions/{session}") as answer:
                    return await answer.json()

            pid = (await view())["pid"]
            process.kill()
            async with asyncio.timeout(10):
                while _alive(pid):
                    await asyncio.sleep(0.05)
            assert (await view())["state"] in ("ended", "failed")
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{", id="malformed"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b'{"sdp": "v=0", "type": "answer"}', id="no offer"),
        pytest.param(b'{"sdp": "nonsense", "type": "offer"}', id="no sdp"),
        pytest.param(b'{"sdp": 3, "type": "offer"}', id="wrong type"),
    ],
)
async def test_a_bad_offer_is_refused_and_the_session_still_waits(caller, body):
    async with caller.http.post(f"{caller.url}/start", json={"body": {"bot": "clinic"}}) as answer:
        caller.session = (await answer.json())["sessionId"]
    async with caller.http.post(f"{caller.url}/sessions/{caller.session}/api/offer", data=body) as answer:
        assert answer.status == 422
    assert (await caller.state())["state"] == "waiting"


def _alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
