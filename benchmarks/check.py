"""`check`: how long `convo check` takes, from a cold start against importing the libraries that it stands on, and for
a large flow against PyYAML's C loader composing the same file."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.measure import Ratio, Size, figures, in_turn, program, quotient, run

BAR = 2.3
LARGE_BAR, LINEAR_BAR = 6.0, 1.5
LARGE, LARGEST = 1_000, 10_000
"""Nodes, each with three routes."""
LIBRARIES = "from pydantic import BaseModel; import yaml, pluggy, typer"
FLOW = "flows/hello.yaml"
HEAVY = ("pipecat", "numpy", "onnxruntime")
LOOK = f"""
import sys
from framework.cli.main import main
code = main(["check", {FLOW!r}])
print({{name: name in sys.modules for name in {HEAVY!r}}}, code)
"""


def measure(size: Size) -> list[Ratio]:
    """Cold processes of both sides, in turn."""
    convo = Path(sys.executable).with_name("convo")
    found = in_turn(
        size,
        {
            "convo check": lambda: run(str(convo), "check", FLOW),
            "libraries": lambda: run(sys.executable, "-c", LIBRARIES),
        },
    )
    ours, theirs = found["convo check"], found["libraries"]
    raw = {
        "convo_check_wall_ms": figures([ran.wall_s for ran in ours], times=1000, digits=1),
        "libraries_wall_ms": figures([ran.wall_s for ran in theirs], times=1000, digits=1),
        "convo_check_cpu_ms": figures([ran.cpu_s for ran in ours], times=1000, digits=1),
        "libraries_cpu_ms": figures([ran.cpu_s for ran in theirs], times=1000, digits=1),
    }
    check_imports()
    return [quotient("check", [ran.wall_s for ran in ours], [ran.wall_s for ran in theirs], BAR, raw=raw), *large(size)]


def large(size: Size) -> list[Ratio]:
    """One process for each size of flow, in turn; each takes its own best."""
    nodes = {"large": LARGE // 10, "largest": LARGEST // 10} if size.tiny else {"large": LARGE, "largest": LARGEST}
    found = in_turn(
        Size(runs=min(size.runs, 3), quick=size.quick, tiny=True),
        {name: lambda count=count: run(*program("checked", count)).said() for name, count in nodes.items()},
    )
    some, many = found["large"], found["largest"]
    times = nodes["largest"] / nodes["large"]
    raw = {
        "check_ms": figures([one["check_s"] for one in some], times=1000, digits=1),
        "compose_ms": figures([one["compose_s"] for one in some], times=1000, digits=1),
        "largest_check_ms": figures([one["check_s"] for one in many], times=1000, digits=1),
        "grown_mb": figures([one["grown_mb"] for one in some], digits=1),
        "largest_grown_mb": figures([one["grown_mb"] for one in many], digits=1),
    }
    return [
        quotient("check of a large flow", _of(some, "check_s"), _of(some, "compose_s"), LARGE_BAR, raw=raw),
        quotient("check, ten times as large", _of(many, "check_s", times), _of(some, "check_s"), LINEAR_BAR, raw=raw),
        quotient(
            "memory, ten times as large", _of(many, "grown_mb", times), _of(some, "grown_mb"), LINEAR_BAR, raw=raw
        ),
    ]


def _of(found: list[dict[str, float]], name: str, times: float = 1.0) -> list[float]:
    """A figure of every run, for as much as one of the smaller flows."""
    return [one[name] / times for one in found]


def check_imports() -> None:
    """Make sure that nothing heavy was imported: the ratio would hide it on a fast machine."""
    said = run(sys.executable, "-c", LOOK).output.splitlines()[-1]
    if "True" in said or not said.endswith(" 0"):
        raise RuntimeError(f"`convo check` imported what it must not, or failed: {said}")
