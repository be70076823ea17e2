"""Broken files say below their lines what is wrong with them; the checker finds exactly that."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from framework.documents import Diagnostic
from framework.flows.check import check
from framework.plugins.host import PluginHost
from framework.project import Project

HERE = Path(__file__).parent / "broken"
BROKEN = sorted(p for p in HERE.iterdir() if p.suffix in {".yaml", ".json"} and p.name != "convo.yaml")

BELOW = re.compile(r"# *\^ (?P<codes>[A-Z]{3}\d{3}(?:, [A-Z]{3}\d{3})*)")
"""A caret in the next line, below what is wrong."""
FIRST = re.compile(r"#< (?P<codes>[A-Z]{3}\d{3}(?:, [A-Z]{3}\d{3})*)")
"""The first column, which the `#` itself takes."""
LISTED = re.compile(r"#! (?P<line>\d+):(?P<column>\d+) (?P<codes>[A-Z]{3}\d{3}(?:, [A-Z]{3}\d{3})*)")
"""A place in a text over several lines, which a comment would become part of."""


def expected(path: Path) -> list[str]:
    """What the file says about itself, as `CODE line:column`; for JSON, which has no comments, the file beside it."""
    if path.suffix == ".json":
        return path.with_suffix(".txt").read_text().splitlines()
    found: list[tuple[int, int, str]] = []
    above = 0
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if below := BELOW.fullmatch(line) or FIRST.fullmatch(line):
            column = line.index("^") + 1 if "^" in line else 1
            found += [(above, column, code) for code in below["codes"].split(", ")]
        elif listed := LISTED.fullmatch(line):
            place = (int(listed["line"]), int(listed["column"]))
            found += [(*place, code) for code in listed["codes"].split(", ")]
        else:
            above = number
    return [f"{code} {line}:{column}" for line, column, code in sorted(found)]


@cache
def project() -> Project:
    return Project.find(HERE)


@cache
def host() -> PluginHost:
    return PluginHost.load(project())


def told(path: Path) -> list[Diagnostic]:
    return check(path, project=project(), host=host())


@pytest.mark.parametrize("path", BROKEN, ids=lambda p: p.stem)
def test_every_mistake_is_found_at_its_place_and_nothing_else_is(path):
    found = sorted((d.span.line, d.span.column, d.code) for d in told(path))
    assert [f"{code} {line}:{column}" for line, column, code in found] == expected(path)


@pytest.mark.parametrize("path", BROKEN, ids=lambda p: p.stem)
def test_a_message_is_a_sentence_for_people(path):
    for diagnostic in told(path):
        assert diagnostic.message.endswith((".", "?")), diagnostic.message
        technical = ("pydantic", "validation", "input should", "dict", "traceback")
        assert not any(word in diagnostic.message.lower() for word in technical)


def test_there_are_enough_of_them_and_many_have_several_mistakes():
    assert len(BROKEN) >= 150
    assert sum(len(expected(path)) >= 3 for path in BROKEN) >= 30


def test_every_rule_is_broken_somewhere():
    from framework.checker.codes import rules

    codes = {line.split()[0] for path in BROKEN for line in expected(path)}
    assert set(rules()) <= codes
