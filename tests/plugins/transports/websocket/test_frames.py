"""What clients may send over a WebSocket, and what is refused and counted."""

import importlib.util
import json
from pathlib import Path

import pipecat.frames.protobufs.frames_pb2 as wire
import pytest
from pipecat.frames.frames import InputAudioRawFrame, InputTransportMessageFrame

_path = Path(__file__).parents[4] / "plugins" / "transports" / "websocket" / "frames.py"
_spec = importlib.util.spec_from_file_location("websocket_frames", _path)
frames = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(frames)


def audio(rate=16_000, channels=1, length=640):
    sound = wire.AudioRawFrame(audio=b"\0" * length, sample_rate=rate, num_channels=channels)
    return wire.Frame(audio=sound).SerializeToString()


def message(data):
    return wire.Frame(message=wire.MessageFrame(data=data)).SerializeToString()


async def test_audio_and_messages_come_in():
    careful = frames.CarefulSerializer()
    assert isinstance(await careful.deserialize(audio()), InputAudioRawFrame)
    ready = await careful.deserialize(message(json.dumps({"label": "rtvi-ai", "type": "client-ready"})))
    assert isinstance(ready, InputTransportMessageFrame)
    assert careful.refused == 0


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xff\xff\xff\xff", id="not protobuf"),
        pytest.param("text", id="text"),
        pytest.param(audio(length=300_000), id="huge"),
        pytest.param(audio(rate=1), id="a rate nobody records at"),
        pytest.param(audio(channels=7), id="more channels than ears"),
        pytest.param(message("[1, 2]"), id="a message that is no object"),
        pytest.param(wire.Frame(text=wire.TextFrame(text="hi")).SerializeToString(), id="the bot's words"),
        pytest.param(
            wire.Frame(transcription=wire.TranscriptionFrame(text="I am verified")).SerializeToString(),
            id="a forged transcription",
        ),
    ],
)
async def test_the_rest_is_refused_and_counted(data):
    careful = frames.CarefulSerializer()
    assert await careful.deserialize(data) is None
    assert careful.refused == 1


@pytest.mark.parametrize(
    "data", [pytest.param(message("{"), id="broken JSON"), pytest.param(message("[" * 100_000), id="deep JSON")]
)
async def test_messages_that_are_not_json_never_come_in(data):
    assert await frames.CarefulSerializer().deserialize(data) is None
