"""Commands and runners as people start them, in projects with something wrong."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pipecat.frames.protobufs.frames_pb2 as wire
import pytest

ROOT = Path(__file__).parents[2]
CONVO = [sys.executable, "-m", "framework"]
TYPED = "stack: typed\nllm: {provider: rules}\nrouter: {provider: semantic}\n"
MEASURED = """\
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, file=sys.stderr)
raise SystemExit(code)
"""


@dataclass(frozen=True)
class Ran:
    """A command that has come to its end."""

    code: int
    out: str
    err: str
    peak_mb: int

    @property
    def said(self):
        return self.out + self.err


@pytest.fixture
def convo(tmp_path):
    """Run one command in the project, with an end to its time; its peak of memory is measured."""

    def convo(*arguments, stdin="", within_s=60, **environment):
        ran = subprocess.run(
            [sys.executable, "-c", MEASURED, *CONVO, *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "CONVO_STATE": str(tmp_path / "state"), **environment},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=within_s,
            check=False,
        )
        err, _, peak = ran.stderr.rstrip().rpartition("\n")
        return Ran(ran.returncode, ran.stdout, err, int(peak))

    return convo


class Runner:
    """A running runner, and what it has logged so far."""

    def __init__(self, process, url, log):
        self.process, self.url, self._log = process, url, log

    @property
    def log(self):
        return self._log.read_text()

    @property
    def processes(self):
        """It and all that descend from it, as numbers."""
        return [self.process.pid, *descendants(self.process.pid)]

    def end(self):
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def descendants(pid):
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, children.read_text().split()):
            found += [child, *descendants(child)]
    return found


def alive(pid):
    """Whether a process runs; one that nobody has waited for yet is dead all the same."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture(scope="module")
def serve(tmp_path_factory):
    """Start `python runner.py` in a project of its own; all of them end with the module."""
    runners = []

    def serve(stack="typed", **environment):
        folder = tmp_path_factory.mktemp("project")
        (folder / "stacks").mkdir()
        (folder / "stacks" / "typed.yaml").write_text(TYPED)
        (folder / "convo.yaml").write_text(f"bots: {{clinic: {{flow: clinic, personality: ava, stack: {stack}}}}}\n")
        log = folder / "log.txt"
        with log.open("w") as err:
            process = subprocess.Popen(
                [sys.executable, str(ROOT / "runner.py"), "--port", "0"],
                cwd=folder,
                env={**os.environ, "CONVO_STATE": str(folder / "state"), "CONVO_DRAIN_SECS": "0", **environment},
                stdout=subprocess.PIPE,
                stderr=err,
                text=True,
            )
        line = process.stdout.readline()
        runners.append(Runner(process, line.removeprefix("runner: ").strip(), log))
        return runners[-1]

    yield serve
    for runner in runners:
        runner.end()


def packed(message):
    """A message as Pipecat's WebSocket clients send it."""
    return wire.Frame(message=wire.MessageFrame(data=json.dumps(message))).SerializeToString()


def rtvi(kind, data=None, number="1"):
    return {"label": "rtvi-ai", "type": kind, "id": number, "data": data}


READY = rtvi("client-ready", {"version": "1.0.0", "about": {"library": "test"}})


class Client:
    """One client of a runner, over a WebSocket."""

    def __init__(self, http, runner, headers):
        self.http, self.runner, self.headers = http, runner, headers
        self.events, self.messages = [], []
        self.session, self.socket = "", None
        self.closed = False
        self.moved = asyncio.Condition()
        self.reading = None

    async def start(self, channel="text"):
        body = {"transport": "websocket", "body": {"bot": "clinic", "channel": channel}}
        async with self.http.post(f"{self.runner.url}/start", json=body, headers=self.headers) as answer:
            assert answer.status == 200, await answer.text()
            told = await answer.json()
        self.session = told["sessionId"]
        self.socket = await self.http.ws_connect(told["wsUrl"], headers=self.headers, max_msg_size=0)
        self.reading = asyncio.create_task(self._read())
        await self.send(READY)
        return self

    async def send(self, message):
        await self.socket.send_bytes(packed(message))

    async def types(self, text):
        await self.send(rtvi("send-text", {"content": text}))

    async def until(self, holds, within_s=60):
        async with asyncio.timeout(within_s), self.moved:
            await self.moved.wait_for(lambda: holds() or self.closed)
        assert holds(), self.messages[-5:]

    async def shut(self, within_s=20):
        """The runner has closed the connection."""
        async with asyncio.timeout(within_s), self.moved:
            await self.moved.wait_for(lambda: self.closed)

    async def said(self, words):
        await self.until(lambda: any(words in event["data"]["generated"] for event in self.of("bot.said")))

    def of(self, kind):
        return [event for event in self.events if event["type"] == kind]

    async def view(self):
        async with self.http.get(f"{self.runner.url}/sessions/{self.session}", headers=self.headers) as answer:
            return await answer.json()

    async def _read(self):
        """All that comes; a client that doesn't read doesn't answer pings either, and is given up."""
        async for message in self.socket:
            async with self.moved:
                self._take(wire.Frame.FromString(message.data))
                self.moved.notify_all()
        async with self.moved:
            self.closed = True
            self.moved.notify_all()

    def _take(self, frame):
        if frame.WhichOneof("frame") != "message":
            return
        message = json.loads(frame.message.data)
        self.messages.append(message)
        if message.get("type") == "server-message" and "event" in message["data"]:
            self.events.append(message["data"]["event"])


@pytest.fixture
async def connect():
    """A client that has started a session and said that it is ready."""
    readings = []
    async with aiohttp.ClientSession() as http:

        async def connect(runner, channel="text", headers=None):
            client = await Client(http, runner, headers or {}).start(channel)
            readings.append(client.reading)
            return client

        yield connect
        for reading in readings:
            reading.cancel()
        await asyncio.gather(*readings, return_exceptions=True)


@pytest.fixture
def gone():
    """Wait until processes are gone; those that stay are the failure."""

    async def gone(pids, within_s=10):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while any(alive(pid) for pid in pids):
                    await asyncio.sleep(0.05)
        assert [pid for pid in pids if alive(pid)] == []

    return gone
