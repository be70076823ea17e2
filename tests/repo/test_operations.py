"""The page about operations: every command in it runs, in its order, against one fleet of real processes."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from framework.testing.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/operations.md"
BLOCK = re.compile(r"(?:^<!-- test: (?P<how>\w+) -->\n)?^```sh\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
PORTS = ("4444", "4445", "6379", "6380", "8080", "8081")
"""Each stands for one that is free."""
PROJECT = ("convo.yaml", "flows", "personalities", "gateway.py", "runner.py", "deploy")
BLOCK_S = 150
INSTEAD = {
    "CONVO_PROFILE": "test",
    "CONVO_BACKEND": "backends:Echo",
    "CONVO_DEADLINES_CLIENT_S": "600",
    "CONVO_LIMITS_LEASE_MS": "2000",
}
"""Sessions without models, so that runners are there at once, and without a client; a shorter wait for dead runners."""


def blocks(*kinds: str) -> list[tuple[str, str]]:
    """How each block is tested, and its commands; of these kinds, or all."""
    found = [(block["how"] or "run", block["body"]) for block in BLOCK.finditer(PAGE.read_text("utf-8"))]
    return [(how, body) for how, body in found if not kinds or how in kinds]


class Shell:
    """Somebody who types what the page says, block after block, and cleans up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._groups: list[int] = []
        self._places = {"/var/lib/": f"{folder}/lib/", **{port: str(free_port()) for port in PORTS}}
        for name in PROJECT:  # copies: a project is where its `convo.yaml` really is
            (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, folder / name)
        kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        sources = os.pathsep.join([str(ROOT), str(ROOT / "tests/framework/processes")])
        self._environment = {**kept, **INSTEAD, "PATH": path, "PYTHONPATH": sources, "COLUMNS": "110"}

    def translated(self, body: str) -> str:
        """The commands with free ports and a folder of their own."""
        for stated, here in self._places.items():
            body = re.sub(rf"(?<!\d){re.escape(stated)}", here, body)
        return body

    def run(self, body: str) -> str:
        """Run a block to its end; what it exports holds for those that follow."""
        after = self.folder / "exported"
        script = f"set -euo pipefail\n{self.translated(body)}\nenv -0 > {shlex.quote(str(after))}"
        process, told = self._start(script)
        try:
            code = process.wait(BLOCK_S)
        except subprocess.TimeoutExpired:
            code = "no end"
        output = told.read_text("utf-8", "replace")
        assert code == 0, f"{body}\n→ {code}: {output}\n{self.logs()}"
        pairs = (entry.partition("=") for entry in after.read_text("utf-8").split("\0") if entry)
        self._environment = {name: value for name, _, value in pairs if name not in ("_", "SHLVL", "PWD")}
        return output

    def watch(self, body: str) -> str:
        """Run a command that goes on until Ctrl-C, and press that when it has shown something."""
        process, told = self._start(f"exec {self.translated(body)}")
        end = time.monotonic() + BLOCK_S
        while time.monotonic() < end and process.poll() is None and not told.read_text("utf-8").strip():
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        process.wait(BLOCK_S)
        output = told.read_text("utf-8", "replace")
        assert output.strip(), body
        assert "Traceback" not in output
        return output

    def _start(self, script: str) -> tuple[subprocess.Popen[bytes], Path]:
        told = self.folder / f"told-{len(self._groups)}"
        with told.open("wb") as out:
            process = subprocess.Popen(
                ["bash", "-c", script], cwd=self.folder, env=self._environment, stdin=subprocess.DEVNULL,
                stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self._groups.append(process.pid)
        return process, told

    def logs(self) -> str:
        """The ends of all logs."""
        return "\n".join(f"{path.name}: {path.read_text()[-1500:]}" for path in self.folder.glob("*.log"))

    def close(self) -> None:
        """End all that the page has started: servers, and whatever is in the groups of its shells."""
        for path in self.folder.glob("lib/*/redis.pid"):
            with contextlib.suppress(ProcessLookupError, ValueError):
                os.kill(int(path.read_text()), signal.SIGKILL)
        for group in self._groups:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell in a project's folder."""
    made = Shell(tmp_path)
    yield made
    made.close()


@pytest.mark.timeout(600)
def test_every_command_of_the_page_does_what_it_says(shell: Shell):
    seen = []
    for how, body in blocks("run", "watch"):
        seen.append(shell.run(body) if how == "run" else shell.watch(body))
    everything = "\n".join(seen)
    assert '"status":"assigned"' in everything
    assert "accepted → spoken" in everything
    assert "runner.dead" in seen[-1] or "runner.dead" in everything
    assert "✗" not in everything


def test_each_block_is_of_a_kind_that_is_tested():
    assert {how for how, _ in blocks()} == {"run", "watch", "form"}
    languages = re.findall(r"^```(\w+)$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert {*languages} == {"sh", "mermaid", "text"}


def lines(body: str) -> list[list[str]]:
    """The commands of a block as words."""
    return [words for line in body.replace("\\\n", " ").splitlines() if (words := shlex.split(line, comments=True))]


@pytest.mark.parametrize("words", [words for _, body in blocks("form") for words in lines(body)], ids=" ".join)
def test_a_command_for_a_cluster_names_what_is_there(words: list[str]):
    objects = {
        f"{thing['kind'].lower()}/{thing['metadata']['name']}"
        for path in (ROOT / "deploy/kubernetes").glob("*.yaml")
        for thing in yaml.safe_load_all(path.read_text("utf-8"))
        if "metadata" in thing
    }
    names = {each.partition("/")[2] for each in objects}
    for word in words:
        if word.startswith("deploy/"):
            assert (ROOT / word).exists(), word
        if word.startswith("deployment/"):
            assert word in objects
        if word.startswith("convo-"):
            assert word in names
    if words[0] == "kubectl":
        assert {"create", "apply", "rollout", "logs", "get"} & {*words}
        assert words[1] == "create" or "--namespace" in words or "-k" in words
    elif words[0] == "helm":
        values = yaml.safe_load((ROOT / "deploy/helm/convo/values.yaml").read_text("utf-8"))
        assert words[1] in ("install", "upgrade")
        for setting in (words[place + 1] for place, word in enumerate(words) if word == "--set"):
            first, second = setting.partition("=")[0].split(".")
            assert second in values[first]
    else:
        assert words[0] in ("convo", "cp")


def test_every_figure_that_the_page_names_is_one():
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "framework").rglob("*.py"))
    for name in {*re.findall(r"\bconvo_[a-z_]+[a-z]", PAGE.read_text("utf-8"))}:
        plain = re.sub(r"_(total|count|seconds_count)$", "", name)
        short = plain.removeprefix("convo_operator_").removeprefix("pool_")
        assert (
            f'"{plain}"' in sources
            or f'"{name}"' in sources
            or f'"{short}"' in sources
            or plain + '_seconds"' in sources
        ), name
