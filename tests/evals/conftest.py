"""A runner in the test profile, as people start it, and Pipecat's harness at its door."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BOTS = "bots: {clinic: {flow: clinic, personality: ava, stack: offline}}\n"


@pytest.fixture(scope="module")
def serve(tmp_path_factory):
    """Start `python runner.py`; all of them end with the module."""
    started = []

    def serve(**environment):
        folder = tmp_path_factory.mktemp("runner")
        (folder / "convo.yaml").write_text(BOTS)
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "runner.py"), "--port", "0"],
            cwd=folder,
            env={**os.environ, "CONVO_STATE": str(folder / "state"), "CONVO_DRAIN_SECS": "0", **environment},
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        late = threading.Timer(60, process.kill)
        late.start()
        line = process.stdout.readline()
        late.cancel()
        return line.removeprefix("runner: http://").strip()

    yield serve
    for process in started:
        process.send_signal(signal.SIGTERM)
    for process in started:
        process.wait(30)


@pytest.fixture
def factories(monkeypatch):
    """Scenarios name `evalkit.…`; the harness imports it as any project's own module."""
    monkeypatch.syspath_prepend(str(HERE))
