"""What a benchmark says: ratios, each with the figures it was made of; and how both sides are run in turn."""

from __future__ import annotations

import compileall
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PROJECT = Path(__file__).resolve().parent / "project"
"""The project whose flows the benchmarks talk with."""
PATIENCE_S = 300.0
"""How long one program may take."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is measured."""

    runs: int = 5
    """How often each side is run; they take turns."""
    quick: bool = False
    """Enough to see where it stands: shorter runs, rougher figures."""
    tiny: bool = False
    """Only enough to see that a benchmark works: its figures mean nothing."""


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """A ratio that the project promises, and whether it holds."""

    name: str
    value: float
    bar: float
    at_least: bool = False
    """Whether the ratio must reach the bar; else it must not exceed it."""
    aim: bool = False
    """Whether the bar is an aim: reported, but missing it fails nothing."""
    raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the bar was kept."""
        return self.value >= self.bar if self.at_least else self.value <= self.bar

    def as_json(self) -> dict[str, Any]:
        """The ratio as one JSON object."""
        relation = "at least" if self.at_least else "at most"
        known = {"name": self.name, "value": round(self.value, 4), "bar": self.bar, "relation": relation}
        return {**known, "aim": self.aim, "ok": self.ok, "raw": dict(self.raw)}


def quotient(name: str, above: Sequence[float], below: Sequence[float], bar: float, **more: Any) -> Ratio:
    """The ratio of two medians."""
    return Ratio(name=name, value=statistics.median(above) / statistics.median(below), bar=bar, **more)


def figures(values: Sequence[float], *, times: float = 1.0, digits: int = 4) -> dict[str, Any]:
    """A side's raw figures: the median, and every run.

    >>> figures([0.2, 0.1, 0.4], times=1000, digits=0)
    {'median': 200.0, 'runs': [200.0, 100.0, 400.0]}
    """
    runs = [round(value * times, digits) for value in values]
    return {"median": round(statistics.median(values) * times, digits), "runs": runs}


def in_turn(size: Size, sides: Mapping[str, Callable[[], Any]]) -> dict[str, list[Any]]:
    """Run all sides once a round, every other round backwards; to warm up, a round that is not counted comes first."""
    found: dict[str, list[Any]] = {name: [] for name in sides}
    if not size.tiny:
        for side in sides.values():
            side()
    for number in range(size.runs):
        for name in list(sides)[:: -1 if number % 2 else 1]:
            found[name].append(sides[name]())
            tell(f"  run {number + 1} of {size.runs}: {name}")
    return found


def tell(text: str) -> None:
    """Say on standard error how far it is."""
    print(text, file=sys.stderr, flush=True)


# --- Programs -----------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What became of a program."""

    wall_s: float
    cpu_s: float
    output: str

    def said(self) -> dict[str, Any]:
        """The figures that a program of ours printed: its last line of JSON that holds any."""
        lines = [line for line in self.output.splitlines() if line.startswith('{"figures"')]
        if not lines:
            raise RuntimeError("a program printed no figures")
        figures: dict[str, Any] = json.loads(lines[-1])["figures"]
        return figures


def environment(**more: str) -> dict[str, str]:
    """The environment of a measured program: bytecode may be kept, and this checkout is what is imported."""
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**plain, "PYTHONPATH": str(ROOT), **more}


def run(*command: str, cwd: Path = ROOT) -> Ran:
    """Run a program to its end; nothing else of ours may run meanwhile."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        command, cwd=cwd, env=environment(), capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    wall_s, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Ran(wall_s=wall_s, cpu_s=cpu_s, output=done.stdout)


def compiled() -> None:
    """Make sure that our side's bytecode is there, as an installation leaves it for the other one's."""
    for folder in ("framework", "plugins", "benchmarks"):
        compileall.compile_dir(ROOT / folder, quiet=2, workers=1)


def program(name: str, *arguments: object) -> list[str]:
    """The command that runs one of `benchmarks.programs`."""
    return [sys.executable, "-m", f"benchmarks.programs.{name}", *map(str, arguments)]
