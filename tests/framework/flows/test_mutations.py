"""Good flows with something changed in them, as text and as data: checking always ends, soon, in diagnostics."""

from __future__ import annotations

import copy
import json
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.documents import Span
from framework.flows.check import check

ROOT = Path(__file__).resolve().parents[3]
GOOD = [
    *(path.read_text("utf-8") for path in sorted((ROOT / "flows").glob("*.yaml"))),
    (Path(__file__).parent / "good" / "reference.yaml").read_text("utf-8"),
    (Path(__file__).parent / "good" / "everything.yaml").read_text("utf-8"),
]
VALUES = [yaml.safe_load(text) for text in GOOD]
PIECES = [
    *("{{", "}}", "{{ slots.x }}", "&a ", "*a", "<<: *a", "!include x", "- ", ": ", "[", "]", "{", "}", '"', "'", "|", ">", "#"),
    *("\t", "\n", "  ", "\x00", "é", "\U0001f600", "null", "~", "goto: ", "end: true", "if: slots.a >", "9" * 40, "\\", "%", "---\n", "..."),
]  # fmt: skip
LEAVES = [
    None,
    True,
    False,
    0,
    -1,
    3.5,
    10**12,
    "",
    "a",
    "greet",
    "slots.name",
    "{{ slots.name }}",
    "{{ 1 +",
    "5s",
    [],
    {},
    [[]],
]

NORMAL = settings(
    max_examples=250,
    deadline=timedelta(seconds=4),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def sound(path: Path) -> None:
    """The checker comes to an end, and every diagnostic has a place in a file and a sentence."""
    for diagnostic in check(path):
        assert isinstance(diagnostic.span, Span)
        assert diagnostic.span.line >= 1
        assert diagnostic.span.column >= 1
        assert diagnostic.message


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("mutated") / "x.yaml"


@given(st.sampled_from(GOOD), st.integers(0, 2**32), st.integers(1, 4))
@NORMAL
def test_any_change_of_the_text_is_survived(file, text, seed, changes):
    dice = random.Random(seed)
    for _ in range(changes):
        begin = dice.randrange(len(text))
        end = min(len(text), begin + dice.choice([0, 0, 1, 2, 8, 40]))
        other = dice.choice(GOOD)
        start = dice.randrange(len(other))
        piece = dice.choice([dice.choice(PIECES), "", other[start : start + dice.choice([5, 30, 200])]])
        text = text[:begin] + piece + text[end:]
    file.write_text(text, encoding="utf-8")
    sound(file)


def spots(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The places of all values."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(spot for key, child in inner for spot in spots(child, (*path, key)))]


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        value = value[part]
    return value


def changed(value: Any, dice: random.Random) -> Any:
    """The data with one value moved, doubled, renamed, removed or replaced."""
    places = [spot for spot in spots(value) if spot]
    if not places:
        return value
    *way, last = dice.choice(places)
    owner = at(value, tuple(way))
    donor = copy.deepcopy(at(dice.choice(VALUES), ()))
    match dice.randrange(5):
        case 0:
            owner.pop(last)
        case 1:
            owner[last] = dice.choice(LEAVES)
        case 2:
            owner[last] = at(donor, dice.choice(spots(donor)))
        case 3 if isinstance(owner, dict):
            owner[dice.choice(["goto", "end", "next", "collect", "x", "nodes", str(last) + "s"])] = owner.pop(last)
        case _:
            owner[last] = copy.deepcopy(at(value, dice.choice(places)))
    return value


@given(st.sampled_from(VALUES), st.integers(0, 2**32), st.integers(1, 6))
@NORMAL
def test_any_change_of_the_structure_is_survived(file, value, seed, changes):
    dice = random.Random(seed)
    value = copy.deepcopy(value)
    for _ in range(changes):
        value = changed(value, dice)
    if len(spots(value)) < 5_000:
        file.write_text(json.dumps(value, default=str), encoding="utf-8")
        sound(file)
