"""Recordings in and out."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile

from framework.plugins.host import PluginHost
from framework.plugins.transports import TransportContext


@pytest.fixture(scope="module")
def transport():
    return PluginHost.load(installed=False).transports.get("wav")


def written(path: Path, *, width: int = 2, rate: int = 16000, channels: int = 1, samples: int = 1600) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(bytes(width * channels * samples))
    return path


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (16000, 2), (44100, 2), (48000, 1)])
def test_any_rate_and_number_of_channels_is_read(transport, tmp_path, rate, channels):
    sound = transport.read(written(tmp_path / "a.wav", rate=rate, channels=channels, samples=rate))
    assert abs(len(sound) - 16000) <= 2
    assert sound.dtype == np.int16


BAD = {
    "24-bit": lambda path: written(path, width=3),
    "8-bit": lambda path: written(path, width=1),
    "floating-point": lambda path: soundfile.write(path, np.zeros(100, "float32"), 16000, "FLOAT", format="WAV"),
    "µ-law": lambda path: soundfile.write(path, np.zeros(100), 8000, "ULAW", format="WAV"),
    "A-law": lambda path: soundfile.write(path, np.zeros(100), 8000, "ALAW", format="WAV"),
    "no sound": lambda path: written(path, samples=0),
    "not a WAV file": lambda path: path.write_text("hello"),
    "not a WAV": lambda path: path.write_bytes(b""),
    "no such file": lambda path: None,
    "a folder": lambda path: path.mkdir(),
}


@pytest.mark.parametrize("why", BAD)
def test_a_file_of_the_wrong_kind_is_one_sentence(transport, tmp_path, why):
    path = tmp_path / "a.wav"
    BAD[why](path)
    with pytest.raises(ValueError, match=why) as wrong:
        transport.read(path)
    assert str(wrong.value).count("\n") == 0
    assert "a.wav" in str(wrong.value)


def test_both_sides_are_recorded_on_one_time_line(transport, tmp_path):
    call = transport.build(TransportContext())
    call.caller.put(0, b"\x01\x00" * 100)
    call.bot.put(50, b"\x02\x00" * 100)
    call.bot.cut(120)
    call.record(tmp_path / "deep" / "call.wav")
    with wave.open(str(tmp_path / "deep" / "call.wav")) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, 16000, 120)
        sides = np.frombuffer(file.readframes(120), np.int16).reshape(-1, 2)
    assert sides[:100, 0].tolist() == [1] * 100
    assert sides[:50, 1].tolist() == [0] * 50
    assert sides[50:, 1].tolist() == [2] * 70
