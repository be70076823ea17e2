"""What stands in the way before a conversation begins: one sentence, and what to do."""

import socket
import wave

import pytest


@pytest.fixture
def taken():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def test_a_port_in_use_is_said_with_another_one_to_take(convo, tmp_path, taken):
    (tmp_path / "convo.yaml").write_text("bots: {clinic: {flow: clinic, stack: offline}}\n")
    ran = convo("up", "--port", taken)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.strip() == f"port {taken} is in use\n  Choose another one with --port {taken + 1}."


def wav(path, *, width=2, frames=1600):
    with wave.open(str(path), "wb") as file:
        file.setparams((1, width, 16_000, 0, "NONE", ""))
        file.writeframes(b"\0" * width * frames)


@pytest.mark.parametrize(
    ("write", "words"),
    [
        pytest.param(lambda path: wav(path, width=3), "16-bit samples is needed", id="24-bit samples"),
        pytest.param(lambda path: path.write_bytes(b"ID3\x03" + bytes(4000)), "not a WAV file", id="an MP3"),
        pytest.param(lambda path: path.write_bytes(b""), "not a WAV file", id="empty"),
        pytest.param(lambda path: None, "", id="not there"),
    ],
)
def test_a_wav_of_the_wrong_kind_is_a_sentence(convo, tmp_path, write, words):
    (tmp_path / "convo.yaml").write_text("bots: {hello: {flow: hello, stack: offline}}\n")
    write(tmp_path / "caller.wav")
    ran = convo("call", "hello", "--audio", "caller.wav", "--fast")
    assert (ran.code, ran.out) == (2, "")
    assert "caller.wav" in ran.err
    assert words in ran.err
    assert "Traceback" not in ran.err
    assert len(ran.err.splitlines()) <= 3
