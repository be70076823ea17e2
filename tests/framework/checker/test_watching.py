"""`convo check --watch` as a person runs it: in a process, with files that change under it."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time

import pytest

WAIT_S = 40
GOOD = "flow: x\ninitial_node: a\nnodes:\n  a: {say: hi, end: true}\n"


class Watch:
    """The running command; `until` waits for a line of what it prints."""

    def __init__(self, *arguments):
        place = {**os.environ, "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "framework", "check", "--watch", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=place,
        )  # fmt: skip
        self.lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))

    def until(self, part):
        """What was printed up to the line that holds `part`."""
        seen, deadline = [], time.monotonic() + WAIT_S
        while not seen or part not in seen[-1]:
            seen.append(self.lines.get(timeout=max(deadline - time.monotonic(), 0)))
        return "\n".join(seen)

    def end(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(WAIT_S)


@pytest.fixture
def watch():
    running = []

    def start(*arguments):
        running.append(Watch(*arguments))
        return running[-1]

    yield start
    for one in running:
        one.process.kill()
        one.process.wait()


def test_every_change_is_checked_until_it_is_interrupted(project, watch):
    path = project / "flows/x.yaml"
    path.write_text(GOOD)
    run = watch("--structure")
    assert "no problems" in run.until("Waiting")
    path.write_text(GOOD.replace("end: true", "next: b"))
    assert "FLW010" in run.until("Waiting")
    path.write_text(GOOD)
    assert "no problems" in run.until("Waiting")
    (project / "flows/new.yaml").write_text(GOOD.replace("hi", "'**hi**'"))
    assert "VOX001" in run.until("Waiting")
    (project / "flows/new.yaml").unlink()
    assert "no problems" in run.until("Waiting")
    assert run.end() == 130


def test_a_plugin_that_changes_is_read_again(project, watch):
    path = project / "flows/x.yaml"
    path.write_text(
        "flow: x\ninitial_node: a\nnodes:\n  a: {run: weather.now, with: {city: Ulm}, next: b}\n  b: {say: hi, end: true}\n"
    )
    run = watch("flows/x.yaml")
    assert "TLS001" not in run.until("Waiting")
    plugin = project / "plugins/weather/__init__.py"
    plugin.write_text(plugin.read_text().replace("async def now", "async def later").replace("add(now)", "add(later)"))
    assert "TLS001" in run.until("Waiting")
    assert run.end() == 130


def test_a_part_that_is_included_is_watched_too(project, watch):
    (project / "parts").mkdir()
    (project / "parts/words.yaml").write_text("Hello.\n")
    (project / "flows/x.yaml").write_text(GOOD.replace("hi", "!include ../parts/words.yaml"))
    run = watch("--structure", "flows/x.yaml")
    assert "no problems" in run.until("Waiting")
    (project / "parts/words.yaml").write_text("'**Hello.**'\n")
    assert "VOX001" in run.until("Waiting")
    assert run.end() == 130
