"""The page of environment names has every name that the programs read, and none that they don't."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from docs import environment
from framework.cli.environment import NAMES
from framework.settings import Group

ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(
    r"""["'](?P<name>(?:CONVO|REDIS|DAILY|LIVEKIT|BOT|RUNNER|PREWARM|LEGACY)_[A-Z0-9]+(?:_[A-Z0-9]+)*)["']"""
)
READ = re.compile(r"""(?:environ(?:ment)?|told|given)(?:\.get\(|\[)["'](?P<name>[A-Z][A-Z0-9_]*)["']""")
OF_OTHERS = {"CONVO_LIMITS", "CONVO_OPERATOR", "KUBECONFIG", "LOCALAPPDATA", "XDG_CACHE_HOME", "XDG_STATE_HOME"}
"""Prefixes, and names that are the system's."""


def sources() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "framework/*.py", "plugins/*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = [name for name in listed.stdout.split() if "/testing/" not in name]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def prefixes() -> set[str]:
    """What the names of groups begin with; a prefix alone is no name."""
    todo, found = [Group], set()
    while todo:
        group = todo.pop()
        found.add(group.prefix)
        todo += group.__subclasses__()
    return found


def test_every_name_that_is_read_is_on_the_page():
    read: set[str] = set()
    for path in sources():
        text = path.read_text("utf-8")
        read |= {found["name"] for pattern in (NAME, READ) for found in pattern.finditer(text)}
    missing = read - {*environment.names()} - prefixes() - OF_OTHERS
    assert sorted(missing) == []


def test_every_group_of_settings_is_on_the_page():
    known = {*environment.names()}
    for group in Group.__subclasses__():
        if group.__module__.startswith(("framework.", "plugins.")):
            assert any(name.startswith(f"{group.prefix}_") for name in known), group


def test_every_name_of_older_systems_is_on_the_page():
    assert {name.name for name in NAMES} <= {*environment.names()}


def test_no_name_stands_there_twice_but_where_two_parts_read_it():
    names = environment.names()
    twice = {name for name in names if names.count(name) > 1}
    assert twice <= {"CONVO_DRAIN_SECS", "CONVO_GRACE_SECS", "CONVO_IDLE_SECS"}


def test_each_name_on_the_page_says_what_it_means():
    for line in environment.page().splitlines():
        if line.startswith("| `"):
            name, _, default, meaning = (cell.strip() for cell in line.strip("| ").split(" | "))
            assert default, line
            assert len(meaning) > 3, line
            assert name.isprintable()
