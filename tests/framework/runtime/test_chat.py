"""Conversations by typing, from the command line."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys

import pytest

from framework.cli.main import main


@pytest.fixture
def piped(monkeypatch):
    def pipe(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    return pipe


def test_piped_lines_are_given_when_the_flow_waits_and_the_rest_is_ignored(piped, capsys):
    piped("goodbye\nleft over\n")
    assert main(["chat", "hello"]) == 0
    assert capsys.readouterr().out.splitlines()[:2] == [
        "Bot: Hello! Say goodbye when you want to go.",
        "You: goodbye",
    ]


def test_when_the_lines_are_used_up_the_session_goes_on_and_hangs_up_where_it_would_wait(piped, capsys):
    piped("Ada Lovelace\n")
    assert main(["chat", "clinic", "--json"]) == 3
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert events[0]["type"] == "session.started"
    assert events[-1]["type"] == "session.ended"
    assert events[-1]["data"]["reason"] == "hangup"
    assert {"id", "type", "time", "session", "flow", "data"} == set(events[0])
    assert [e["data"]["text"] for e in events if e["type"] == "user.said"] == ["Ada Lovelace"]
    assert events[-3]["type"] in {"bot.said", "slot.set"}


def test_a_script_file_is_read_like_piped_lines(tmp_path, capsys):
    script = tmp_path / "script.txt"
    script.write_text("\n  goodbye  \n\n")
    assert main(["chat", "hello", "--script", str(script)]) == 0
    assert "You: goodbye" in capsys.readouterr().out


def test_nothing_at_all_hangs_up_after_the_greeting(piped, capsys):
    piped("")
    assert main(["chat", "hello"]) == 3
    assert capsys.readouterr().out == "Bot: Hello! Say goodbye when you want to go.\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["nowhere"], "nowhere", id="no such flow"),
        pytest.param(["hello", "--personality", "nobody"], "nobody", id="no such personality"),
        pytest.param(["hello", "--stack", "nothing"], "nothing", id="no such stack"),
        pytest.param(["hello", "--handlers", "none.py"], "none.py", id="no such handlers"),
        pytest.param(["hello", "--script", "none.txt"], "none.txt", id="no such script"),
        pytest.param(["hello", "--stack", "cloud"], "API_KEY", id="no key"),
    ],
)
def test_what_can_be_corrected_is_said_in_a_sentence(piped, capsys, monkeypatch, arguments, words):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    piped("hi\n")
    assert main(["chat", *arguments]) == 2
    shown = capsys.readouterr()
    assert words in shown.err
    assert "Traceback" not in shown.err
    assert not shown.out


def test_a_person_types_at_a_terminal_and_sees_the_bots_words():
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "framework", "chat", "hello"], stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL
    )
    os.close(theirs)
    shown = read_until(ours, "You: ")
    assert "Hello! Say goodbye" in shown
    os.write(ours, b"goodbye\n")
    assert process.wait(20) == 0
    os.close(ours)


def read_until(terminal: int, words: str) -> str:
    shown = ""
    while words not in shown:
        shown += os.read(terminal, 1024).decode()
    return shown


def test_a_line_in_brackets_is_pressed_in_a_chat_too(piped, capsys):
    piped("[2]\nel nueve de marzo de 2027\ndos\n")
    assert main(["chat", "greeting"]) == 0
    assert "2 noches desde el 9 de marzo de 2027" in capsys.readouterr().out
