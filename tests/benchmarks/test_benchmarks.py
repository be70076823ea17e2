"""Every benchmark runs and says what it should; how fast anything is, no test judges."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import GROUPS, NAMES
from benchmarks.measure import Ratio, Size, figures, in_turn, quotient

ROOT = Path(__file__).parents[2]
RATIOS = {
    "check": ["check", "check of a large flow", "check, ten times as large", "memory, ten times as large"],
    "spoken": ["spoken forms, en", "spoken forms, es", "spoken forms, de", "spoken forms, unseen"],
    "heard": ["heard, clean", "heard, 10 dB"],
    "turn": ["turn", "turn, events read", "turn, RTVI client"],
    "engine": ["engine"],
    "simulator": ["simulator", "convo test"],
    "voice": ["voice"],
    "start": ["start"],
    "warm": ["warm voice", "warm voice, p99 / p50", "warm text", "warm text, p99 / p50"],
    "gateway": ["gateway join", "gateway p99 / p50", "gateway append", "event streams"],
    "stalled": ["one client stalls"],
    "fleet": ["whole sessions", "join among many"],
    "durable": ["always / everysec", "wake of a runner"],
    "memory": ["memory of voice", "memory of text"],
}


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_runs_and_gives_its_ratios_with_their_figures(name, tmp_path):
    written = tmp_path / "found.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", name, "--tiny", "--json", str(written)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=380,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr[-2000:]
    found = json.loads(written.read_text())["ratios"]
    assert [ratio["name"] for ratio in found] == RATIOS[name]
    for ratio in found:
        assert set(ratio) == {"name", "value", "bar", "relation", "aim", "ok", "raw"}
        assert ratio["value"] > 0
        assert ratio["raw"]
        assert ratio["name"] in done.stdout
    assert f"{name}:" in done.stderr


def test_an_unknown_benchmark_is_refused_with_those_that_are_known():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "nonsense"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "there is no benchmark `nonsense`" in done.stderr
    assert all(name in done.stderr for name in NAMES)


def test_a_name_for_several_stands_for_benchmarks_that_there_are():
    assert all(part in NAMES for parts in GROUPS.values() for part in parts)


def test_both_sides_take_turns_and_the_first_round_is_not_counted():
    order: list[str] = []
    sides = {name: lambda name=name: order.append(name) or len(order) for name in ("a", "b")}
    found = in_turn(Size(runs=3), sides)
    assert "".join(order) == "ab" + "ab" + "ba" + "ab"
    assert found == {"a": [3, 6, 7], "b": [4, 5, 8]}


def test_a_ratio_is_that_of_the_medians():
    assert quotient("x", [9.0, 3.0, 4.0], [2.0, 1.0, 8.0], 2.0).value == 2.0


@pytest.mark.parametrize(
    ("value", "at_least", "ok"),
    [(1.0, False, True), (1.2, False, False), (1.2, True, True), (1.0, True, False)],
)
def test_a_bar_is_kept_from_the_right_side(value, at_least, ok):
    assert Ratio(name="x", value=value, bar=1.1, at_least=at_least).ok is ok


def test_raw_figures_hold_every_run():
    assert figures([0.2, 0.1, 0.4], times=1000, digits=0) == {"median": 200.0, "runs": [200.0, 100.0, 400.0]}


def test_the_bare_bot_and_our_flow_have_the_same_conversation():
    import yaml

    from benchmarks.programs import chatter
    from benchmarks.programs.bare_text import GUIDE
    from benchmarks.programs.bare_voice import EXPECTS

    chat, guide = (
        yaml.safe_load((ROOT / "benchmarks/project/flows" / name).read_text())["nodes"]["guide"]
        for name in ("chatter.yaml", "guide.yaml")
    )
    for node in (chat, guide):
        assert node["role_message"] == GUIDE["role_message"] == chatter.ROLE
        assert node["instruct"] == GUIDE["task_messages"][0]["content"] == chatter.TASK
    assert guide["sample"] == EXPECTS.sample
    assert tuple(guide["next"]["examples"]) == EXPECTS.words
    assert len(chatter.CHUNKS) == 20
