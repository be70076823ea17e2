"""A caller in a process of its own, which speaks without end: `python vanishing.py URL`. To be killed."""

import asyncio
import json
import sys

import aiohttp
import numpy as np
import pipecat.frames.protobufs.frames_pb2 as wire

RATE = 16_000
READY = {"label": "rtvi-ai", "type": "client-ready", "id": "1", "data": {"version": "1.0.0", "about": {"library": "x"}}}


async def speak(socket):
    """Half a second of a loud voice-like buzz, half a second of none, and so on, a piece each 20 ms."""
    time = np.arange(RATE) / RATE
    buzz = (9000 * np.sign(np.sin(2 * np.pi * 140 * time)) * (time < 0.5)).astype(np.int16)
    while True:
        for begin in range(0, RATE, 320):
            sound = wire.AudioRawFrame(audio=buzz[begin : begin + 320].tobytes(), sample_rate=RATE, num_channels=1)
            await socket.send_bytes(wire.Frame(audio=sound).SerializeToString())
            await asyncio.sleep(0.02)


async def main(url):
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{url}/start", json={"transport": "websocket", "body": {"bot": "clinic"}}) as answer:
            told = await answer.json()
        async with http.ws_connect(told["wsUrl"], max_msg_size=0) as socket:
            ready = wire.MessageFrame(data=json.dumps(READY))
            await socket.send_bytes(wire.Frame(message=ready).SerializeToString())
            async for message in socket:
                frame = wire.Frame.FromString(message.data)
                if frame.WhichOneof("frame") == "audio":
                    speaking = asyncio.create_task(speak(socket))
                    sys.stdout.write(f"{told['sessionId']}\n")
                    sys.stdout.flush()
                    await speaking


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
