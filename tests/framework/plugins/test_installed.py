"""A plugin from a package: installed with pip into a copy of the environment, found, used by a flow, removed."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

PROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "convo-tides"
version = "2.5.0"

[project.entry-points."convo.plugins"]
tides = "convo_tides"

[tool.setuptools]
py-modules = ["convo_tides"]
"""

PLUGIN = '''
"""Tides: when the sea comes."""

from typing import Literal

from pydantic import BaseModel

from framework import Registry, Tool, hookimpl, tool


class Tide(BaseModel):
    hour: int


@tool(examples=["when is high water"])
async def high(harbour: Literal["north", "south"]) -> Tide:
    """Say at what hour the sea is highest in a harbour."""
    return Tide(hour=7 if harbour == "north" else 8)


@hookimpl
def register_tools(tools: Registry[Tool]) -> None:
    tools.add(high)
'''

FLOW = """
flow: harbour
slots: {hour: integer}
initial_node: ask
nodes:
  ask:
    run: tides.high
    with: {harbour: south}
    save: {hour: result.hour}
    next: [{outcome: [error, timeout], end: failed}, {else: tell}]
  tell: {say: "High water is at {{ slots.hour }}.", end: true}
"""


@pytest.fixture
def copy(tmp_path):
    """Run a program in a copy of the environment; what is installed in it stays out of ours."""
    home = tmp_path / "copy"
    venv.create(home, with_pip=False, symlinks=True)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(home)}))
    (site / "ours.pth").write_text(
        f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n", encoding="utf-8"
    )
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
    environment |= {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "HOME": str(tmp_path)}

    def run(*arguments, ok=True):
        done = subprocess.run(
            [python, *arguments],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert not ok or done.returncode == 0, done.stdout + done.stderr
        return done

    return run


def test_a_package_with_a_tool_is_installed_found_used_and_removed(copy, tmp_path):
    source = tmp_path / "package"
    source.mkdir()
    (source / "pyproject.toml").write_text(PROJECT)
    (source / "convo_tides.py").write_text(PLUGIN)
    (tmp_path / "harbour.yaml").write_text(FLOW)

    before = copy("-m", "framework", "check", "harbour.yaml", ok=False)
    assert before.returncode == 1
    assert "tides.high" in before.stdout

    copy("-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", str(source))
    shown = copy("-m", "framework", "plugins", "show", "tides").stdout
    assert "tides 2.5.0" in shown
    assert "installed: convo-tides" in shown
    assert "tides.high(harbour: north | south)" in shown
    copy("-m", "framework", "check", "harbour.yaml", "--strict")
    assert "High water is at 8." in copy("-m", "framework", "chat", "harbour.yaml", "--script", "-").stdout

    copy("-m", "pip", "uninstall", "--quiet", "--yes", "convo-tides")
    after = copy("-m", "framework", "check", "harbour.yaml", ok=False)
    assert (after.returncode, after.stdout) == (1, before.stdout)
