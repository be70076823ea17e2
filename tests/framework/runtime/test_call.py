"""Calls through the whole offline stack: heard, understood, spoken; in virtual time."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest

from framework.cli.main import main
from framework.runtime.caller import second_voice


@pytest.fixture(scope="module")
def speak():
    return second_voice()


def events(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def of(found: list[dict], kind: str) -> list[dict]:
    return [event["data"] for event in found if event["type"] == kind]


def recording(path: Path, speak, *parts: float | str) -> Path:
    """Silence for so many seconds, or a sentence, one after another."""
    pieces = []
    for part in parts:
        if isinstance(part, str):
            samples, rate = speak(part)
            positions = np.arange(0, len(samples), rate / 16000)
            pieces.append(np.interp(positions, np.arange(len(samples)), samples).astype(np.int16))
        else:
            pieces.append(np.zeros(int(16000 * part), np.int16))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(np.concatenate(pieces).tobytes())
    return path


def test_the_clinic_flow_is_completed_by_voice_and_recorded(tmp_path, capsys):
    lines = tmp_path / "caller.txt"
    lines.write_text("Ada Lovelace\nYes\nThe tenth of December nineteen eighty five\nThat is all\n")
    record = tmp_path / "call.wav"
    code = main(["call", "clinic", "--say", str(lines), "--record", str(record), "--fast", "--json"])
    found = events(capsys.readouterr().out)
    assert code == 0
    assert of(found, "session.ended") == [{"reason": "done", "outputs": {}}]
    assert {data["slot"]: data["value"] for data in of(found, "slot.set")}["patient_name"] == "Ada Lovelace"
    assert [data["node"] for data in of(found, "node.entered")] == ["greet", "identify", "verify", "help", "goodbye"]
    with wave.open(str(record)) as file:
        sides = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)
    assert np.abs(sides).max(axis=0).min() > 3000


def test_a_recording_that_speaks_over_the_bot_silences_it_and_is_heard(tmp_path, capsys, speak):
    audio = recording(tmp_path / "in.wav", speak, 1.0, "Goodbye, I have to go.", 3.0)
    code = main(["call", "hello", "--audio", str(audio), "--fast", "--json"])
    found = events(capsys.readouterr().out)
    first = of(found, "bot.said")[0]
    assert first["interrupted"]
    assert first["spoken"] != first["generated"]
    assert first["generated"].startswith(first["spoken"])
    assert code == 0
    assert of(found, "intent.heard")


def test_a_caller_who_says_nothing_hangs_up_in_the_end(tmp_path, capsys, speak):
    audio = recording(tmp_path / "in.wav", speak, 4.0)
    assert main(["call", "hello", "--audio", str(audio), "--fast"]) == 3
    assert capsys.readouterr().out == "Bot: Hello! Say goodbye when you want to go.\n"


@pytest.mark.parametrize(
    "arguments", [["call", "hello"], ["call", "hello", "--audio", "none.wav"], ["call", "hello", "--say", "none.txt"]]
)
def test_a_call_without_a_proper_caller_is_refused_in_a_sentence(arguments, capsys):
    assert main(arguments) == 2
    assert "\n" in capsys.readouterr().err


def test_a_line_in_brackets_is_pressed_and_any_other_is_spoken():
    from framework.cli.talking import pressed

    assert pressed("[12*#]") == "12*#"
    assert [pressed(line) for line in ("12", "[twelve]", "[]", "press [1]")] == ["", "", "", ""]
