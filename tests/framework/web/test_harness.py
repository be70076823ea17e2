"""What Pipecat's eval harness sends while its session is still starting is read, kept and passed on in order."""

import asyncio

import aiohttp
from fastapi import FastAPI, WebSocket

from framework.web.harness import Harness

BEFORE_THE_START = 500
"""Messages; audio comes in pieces of 40 ms, so these are twenty seconds."""
HELLO = '{"type": "client-message", "data": {"t": "eval-connect", "d": {"skip_tts": true}}}'


async def test_a_harness_that_sends_audio_while_its_session_starts_slowly_is_not_given_up(serve, http):
    app, started, over, heard = FastAPI(), asyncio.Event(), asyncio.Event(), []

    @app.websocket("/ws")
    async def door(client: WebSocket):
        async with Harness(client) as harness:
            heard.append(await harness.channel())
            await started.wait()
            while (message := await harness.receive())["type"] != "websocket.disconnect":
                heard.append(message.get("text") or message["bytes"])
        over.set()

    url = await serve(app, ws_ping_interval=0.05, ws_ping_timeout=0.5)
    async with http.ws_connect(f"{url}/ws", autoping=False) as client:
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
