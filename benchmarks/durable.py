"""`durable`: what it costs that no join is lost when the power goes, and how soon a runner hears of its session."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from redis.asyncio import Redis

from benchmarks.gateway import raw, script
from benchmarks.measure import Ratio, Size, figures, in_turn, quotient
from framework.control.connection import Connection
from framework.control.store import Store
from framework.testing.redis import RedisServer

SHARE_AIM, WAKE_AIM = 0.6, 1.3
WAKES = 500
PAUSE_S = 0.002
"""Between two messages, so that whoever waits for the next one waits."""
RUNNER, CHANNEL = "bench", "bench"


def measure(size: Size) -> list[Ratio]:
    """The join script on either kind of server; commands in a stream and messages of a channel."""
    calls, wakes = (2_000, 20) if size.tiny else (20_000, WAKES) if size.quick else (60_000, WAKES)
    with RedisServer() as always, RedisServer(options={"appendfsync": "everysec"}) as everysec:
        found = in_turn(
            size,
            {
                "always": lambda: _joins(always, calls),
                "everysec": lambda: _joins(everysec, calls),
                "stream": lambda: asyncio.run(stream_wake(everysec, wakes)),
                "channel": lambda: asyncio.run(channel_wake(everysec, wakes)),
            },
        )
    share = {
        "joins a second, appendfsync always": figures(found["always"], digits=0),
        "appendfsync everysec": figures(found["everysec"], digits=0),
    }
    wake = {
        "until a runner has its command, ms": figures(found["stream"], times=1000, digits=2),
        "until a subscriber has a message, ms": figures(found["channel"], times=1000, digits=2),
    }
    return [
        quotient(
            "always / everysec", found["always"], found["everysec"], SHARE_AIM, at_least=True, aim=True, raw=share
        ),
        quotient("wake of a runner", found["stream"], found["channel"], WAKE_AIM, aim=True, raw=wake),
    ]


def _joins(server: RedisServer, calls: int) -> float:
    server.command("FLUSHALL", "ASYNC")
    return raw(server, script(server), calls)


async def stream_wake(server: RedisServer, wakes: int) -> float:
    """Seconds from the sending of a command until the runner that waits for it has it; the median."""
    server.command("FLUSHALL")  # commands of the run before would be heard first
    sender, store = Connection.to(server.url), Store(Connection.to(server.url), environment="bench")
    heard: asyncio.Queue[float] = asyncio.Queue()

    async def listen() -> None:
        after = "0-0"
        while True:
            for command in await store.commands(RUNNER, after, 2000):
                after = command.id
                heard.put_nowait(time.perf_counter())

    async def send() -> None:
        words = ("op", "start", "session", "s", "epoch", "1", "reason", "")
        await sender.do("XADD", f"{{convo:bench}}:cmd:{RUNNER}", "MAXLEN", "~", 1000, "*", *words)

    try:
        return await _median(listen(), send, heard, wakes)
    finally:
        await sender.close()
        await store.close()


async def channel_wake(server: RedisServer, wakes: int) -> float:
    """The same of a message that is published and that nobody keeps."""
    sender, client = Connection.to(server.url), Redis.from_url(server.url)
    heard: asyncio.Queue[float] = asyncio.Queue()
    channel = client.pubsub(ignore_subscribe_messages=True)
    await channel.subscribe(CHANNEL)

    async def listen() -> None:
        async for _ in channel.listen():
            heard.put_nowait(time.perf_counter())

    async def send() -> None:
        await sender.do("PUBLISH", CHANNEL, "start s 1")

    try:
        return await _median(listen(), send, heard, wakes)
    finally:
        await channel.aclose()
        await client.aclose()
        await sender.close()


async def _median(listen: Any, send: Any, heard: asyncio.Queue[float], wakes: int) -> float:
    listening = asyncio.create_task(listen)
    took = []
    try:
        async with asyncio.timeout(60):
            for _ in range(wakes):
                await asyncio.sleep(PAUSE_S)
                began = time.perf_counter()
                await send()
                took.append(await heard.get() - began)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    return sorted(took)[len(took) // 2]
