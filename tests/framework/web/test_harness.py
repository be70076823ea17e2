"""What Pipecat's eval harness sends while its session is still starting is read, kept and passed on in order."""

import asyncio
import contextlib

import aiohttp
from fastapi import FastAPI, WebSocket

from framework.processes.serving import config_of, server_of
from framework.web.harness import Harness

BEFORE_THE_START = 500
"""Messages; audio comes in pieces of 40 ms, so these are twenty seconds."""
HELLO = '{"type": "client-message", "data": {"t": "eval-connect", "d": {"skip_tts": true}}}'


@contextlib.asynccontextmanager
async def serving(app, **options):
    server = server_of(config_of(app, host="127.0.0.1", port=0, timeout_graceful_shutdown=1, **options))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.wait({task}, timeout=0.01)
    yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await asyncio.wait_for(task, 10)


async def test_a_harness_that_sends_audio_while_its_session_starts_slowly_is_not_given_up():
    app, started, over, heard = FastAPI(), asyncio.Event(), asyncio.Event(), []

    @app.websocket("/ws")
    async def door(client: WebSocket):
        async with Harness(client) as harness:
            heard.append(await harness.channel())
            await started.wait()
            while (message := await harness.receive())["type"] != "websocket.disconnect":
                heard.append(message.get("text") or message["bytes"])
        over.set()

    async with (
        serving(app, ws_ping_interval=0.05, ws_ping_timeout=0.5) as address,
        aiohttp.ClientSession() as http,
        http.ws_connect(f"ws://{address}/ws", autoping=False) as client,
    ):
        await client.send_str(HELLO)
        for number in range(BEFORE_THE_START):
            await client.send_bytes(number.to_bytes(2, "big"))
        for _ in range(3):  # only a server that reads hears the answer to its ping, and sends another
            ping = await client.receive(timeout=10)
            assert ping.type is aiohttp.WSMsgType.PING, ping
            await client.pong(ping.data)
        started.set()
        await client.close()
        await asyncio.wait_for(over.wait(), 10)
    assert heard == ["text", HELLO, *(number.to_bytes(2, "big") for number in range(BEFORE_THE_START))]
