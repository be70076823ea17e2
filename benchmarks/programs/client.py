"""Clients that speak Pipecat's RTVI over a WebSocket, as the page does: one types, one talks."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.measure import ROOT, environment, program

READY = {"version": "1.0.0", "about": {"library": "benchmarks"}}
PATIENCE_S = 60.0
WHERE = ("url ", "runner: ", "gateway: ")
"""What the line begins with in which a server says where it listens."""


class Client:
    """One connection to a bot; whoever made it reads it by `heard`."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        from pipecat.frames.protobufs import frames_pb2  # noqa: PLC0415 - Pipecat weighs

        self._socket = socket
        self._frames = frames_pb2
        self._count = 0

    async def tell(self, kind: str, data: dict[str, Any]) -> None:
        """Send an RTVI message."""
        self._count += 1
        message = {"label": "rtvi-ai", "type": kind, "id": str(self._count), "data": data}
        frame = self._frames.Frame(message=self._frames.MessageFrame(data=json.dumps(message)))
        await self._socket.send_bytes(frame.SerializeToString())

    async def speak(self, samples: bytes, rate: int) -> None:
        """Send a piece of audio."""
        audio = self._frames.AudioRawFrame(audio=samples, sample_rate=rate, num_channels=1)
        await self._socket.send_bytes(self._frames.Frame(audio=audio).SerializeToString())

    async def heard(self) -> AsyncIterator[tuple[float, str, Any]]:
        """What comes: the moment, `audio` or the type of an RTVI message, and the samples or its data."""
        async for message in self._socket:
            if message.type is not aiohttp.WSMsgType.BINARY:
                continue
            at, frame = time.perf_counter(), self._frames.Frame.FromString(message.data)
            if frame.WhichOneof("frame") == "audio":
                yield at, "audio", frame.audio
            elif frame.WhichOneof("frame") == "message":
                known = json.loads(frame.message.data)
                yield at, known.get("type", ""), known.get("data")


@contextlib.asynccontextmanager
async def connected(url: str) -> AsyncIterator[Client]:
    """A client that has said that it is ready."""
    async with aiohttp.ClientSession() as http, http.ws_connect(url, max_msg_size=0) as socket:
        client = Client(socket)
        await client.tell("client-ready", READY)
        yield client


@contextlib.asynccontextmanager
async def serving(*command: str, cwd: Path = ROOT, **more: str) -> AsyncIterator[tuple[str, asyncio.StreamReader]]:
    """A server of ours in a process of its own: where it listens, and the rest of what it prints."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, env=environment(**more), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not (line := (await process.stdout.readline()).decode()).startswith(WHERE):
                if not line:
                    raise RuntimeError(f"{' '.join(command)} did not start")
        yield line.split()[1], process.stdout
    finally:
        await _ended(process)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Ctrl-C, and what comes after it."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), 15)
    if process.returncode is None:
        process.kill()
        await process.wait()


@contextlib.asynccontextmanager
async def runner(project: Path) -> AsyncIterator[str]:
    """A runner of ours that serves a project; where it listens."""
    command = (sys.executable, str(ROOT / "runner.py"), "--port", "0")
    async with serving(*command, cwd=project, CONVO_PROFILE="test") as (url, _):
        yield url


async def typed(turns: int) -> dict[str, Any]:
    """Type to a session of ours as a client that is told everything; the session's own figures."""
    from benchmarks.programs.chatter import LINE, WARM  # noqa: PLC0415 - only this one types

    async with serving(*program("served_text", "--turns", turns)) as (url, output), connected(url) as client:
        left = turns + min(WARM, turns) + 1
        async with asyncio.timeout(PATIENCE_S + left):
            async for _, kind, data in client.heard():
                if not (kind == "server-message" and data["event"]["type"] == "bot.said"):
                    continue
                left -= 1
                if not left:
                    break
                await client.tell("send-text", {"content": LINE})
            figures: dict[str, Any] = json.loads(await output.readline())["figures"]
    return figures
