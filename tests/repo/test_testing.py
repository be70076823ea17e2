"""The page "Test a flow": its files and its commands do what it says."""

import re
import shlex
from pathlib import Path

import pytest

from framework.cli.main import main

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "testing.md").read_text("utf-8")
FILES = {found[1]: found[2] for found in re.finditer(r"```yaml\n# (\S+)\n(.*?)```", PAGE, re.DOTALL)}
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "convo.yaml").write_text("bots: {tea: {flow: tea}}\n")
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)


def test_every_block_is_a_file_or_commands():
    assert len(FILES) == 3
    assert PAGE.count("```") == 2 * (len(FILES) + len(re.findall(r"```sh", PAGE)))


def test_every_command_of_the_page_works(project, capsys):
    assert main(["check"]) == 0
    for line in COMMANDS:
        assert main(shlex.split(line)[1:]) == 0, (line, capsys.readouterr())
