"""Promises about the repository itself: locks, modules, words."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
MODULES = sorted(path for folder in ("framework", "plugins") for path in (ROOT / folder).rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def pins(lock: Path) -> dict[str, list[str]]:
    """What a lock pins: versions by name; several where platforms differ."""
    found: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", lock.read_text("utf-8"), re.MULTILINE):
        found.setdefault(canonicalize_name(name), []).append(version)
    return found


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_locks_name_no_index_and_no_place(lock: Path):
    text = lock.read_text("utf-8")
    assert not re.search(r"://|--index|--find-links|^/|-e ", text, re.MULTILINE)
    packages = re.split(r"\n(?=\S)", text.strip())
    assert all("--hash=sha256:" in package for package in packages)


def test_the_lock_of_contributors_has_all_that_the_project_asks_for():
    locked = pins(ROOT / "requirements/dev.txt")
    asked = [
        *PROJECT["project"]["dependencies"],
        *(each for extra in PROJECT["project"]["optional-dependencies"].values() for each in extra),
        *(each for group in PROJECT["dependency-groups"].values() for each in group if isinstance(each, str)),
    ]
    for requirement in map(Requirement, asked):
        name = canonicalize_name(requirement.name)
        if name != "convo-framework":
            assert name in locked, f"{name} is not locked: run `make lock`"
            assert all(requirement.specifier.contains(version) for version in locked[name]), requirement


def test_the_locks_agree():
    known = pins(ROOT / "requirements/dev.txt")
    for lock in LOCKS:
        assert all(versions == known[name] for name, versions in pins(lock).items()), lock.name


def test_pipecat_is_no_hard_dependency():
    assert "pipecat-ai" not in pins(ROOT / "requirements/base.txt")
    assert not {"piper-tts", "espeakng-loader"} & set(pins(ROOT / "requirements/base.txt"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_in_its_first_line_what_it_owns(path: Path):
    first = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n")[0]
    assert first.endswith((".", ":", "`")), "the first line is a sentence"


def test_what_is_left_to_do_stands_in_issues_and_not_in_the_code():
    listed = subprocess.run(["git", "ls-files", "*.py", "*.js"], cwd=ROOT, capture_output=True, text=True, check=True)
    pattern = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")
    sources = [ROOT / name for name in listed.stdout.split() if "/dist/" not in name]
    assert [path for path in sources if path.is_file() and pattern.search(path.read_text("utf-8"))] == []


def test_the_script_of_continuous_integration_runs_what_a_contributor_runs():
    script = ROOT / ".ci/run"
    assert script.stat().st_mode & 0o111
    assert "make test" in script.read_text("utf-8")
