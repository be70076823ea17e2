"""The first page: what it shows on a terminal is what one sees."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer

from framework.cli.main import application
from framework.testing.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "README.md").read_text("utf-8")
START_S = 150
WAYS = {
    "[0-9a-f]{32}": "ID",
    r"convo_[0-9a-f]{16}_\S+": "KEY",
    r"\b[0-9a-f]{8}\b": "ID",
    r"\S+/\d+ ": "NAME ",
    r"\d+(\.\d+)?": "N",
    "█": "·",
    r"\s+": " ",
}
"""What differs from one run to the next."""


def shells(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def alike(text: str) -> str:
    """A text without what differs from one run to the next."""
    for pattern, word in WAYS.items():
        text = re.sub(pattern, word, text)
    return text.strip()


def steps() -> list[tuple[str, str]]:
    """Each command of the page's console blocks, and what stands under it."""
    parts = [part for body in shells("console") for part in re.split(r"^\$ (.*)\n", body, flags=re.MULTILINE)[1:]]
    return list(zip(parts[::2], parts[1::2], strict=True))


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """`make up` without its installation: answers a function that runs a command beside it."""
    # Copies: a project is where its `convo.yaml` really is, and the keys that the page makes are written there.
    for name in ("flows", "personalities"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "convo.yaml", tmp_path)
    port = str(free_port())
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    environment = {
        **kept,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests/framework/processes")]),
        "CONVO_PROFILE": "test",
        "CONVO_BACKEND": "backends:Echo",
        "CONVO_DEADLINES_CLIENT_S": "600",
        "CONVO_GATEWAY": f"http://127.0.0.1:{port}",
        "COLUMNS": "110",
    }
    process = subprocess.Popen(
        ["convo", "up", "--port", port], cwd=tmp_path, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip

    def run(command: str) -> str:
        command = command.replace("4444", port).replace(".venv/bin/", "")
        told = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, env=environment, text=True, timeout=START_S, check=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        return told.stdout

    try:
        assert process.stdout
        assert process.stdout.readline().strip() == environment["CONVO_GATEWAY"]
        yield run
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(START_S)
        finally:
            process.kill()


@pytest.mark.timeout(400)
def test_what_the_page_shows_on_a_terminal_is_what_one_sees(up):
    assert len(steps()) == 4
    for command, expected in steps():
        end = time.monotonic() + START_S
        while alike(shown := up(command)) != alike(expected) and command.startswith("curl") is False:
            assert time.monotonic() < end, f"$ {command}\n{shown}"
        assert alike(shown) == alike(expected), command


def test_the_page_starts_what_the_makefile_has():
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = [words[-1] for words in map(shlex.split, "\n".join(shells("sh")).splitlines()) if words and "make" in words]
    assert named
    assert {*named} <= targets
    assert "REDIS_URL=redis://localhost:6379/0 make up" in PAGE


def test_the_page_names_every_command():
    rows = re.findall(r"^\| (?:write|try|run|watch and lead) \| (.*) \|$", PAGE, re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`([\w-]+)`", row)]
    assert sorted(named) == sorted(typer.main.get_command(application()).commands)


def test_what_the_page_deploys_is_there():
    places = re.findall(r"(?<![\w(])deploy/[\w./-]+", "\n".join(shells("sh")))
    assert len(places) == 2
    assert all((ROOT / place).exists() for place in places)
