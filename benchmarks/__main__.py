"""Measure what the project promises: `python -m benchmarks [NAME…] [--json FILE]`."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.measure import Ratio, Size, compiled, tell

NAMES = (
    "spoken",
    "heard",
    "check",
    "turn",
    "engine",
    "simulator",
    "voice",
    "start",
    "warm",
    "gateway",
    "stalled",
    "fleet",
    "durable",
    "memory",
)
GROUPS = {"control": ("warm", "gateway", "stalled", "fleet", "durable", "memory")}
"""Names for several."""
KNOWN = (*NAMES, *GROUPS)


def main(argv: list[str] | None = None) -> int:
    """Measure, print, and answer 1 when a bar was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of {', '.join(KNOWN)}; all without any")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there, too")
    parser.add_argument("--runs", type=int, help="how often each side is run (default 5; quick: 2)")
    parser.add_argument("--quick", action="store_true", help="a run or two, and shorter ones: rough figures")
    parser.add_argument("--tiny", action="store_true", help="only see whether it works: the figures mean nothing")
    asked = parser.parse_args(argv)
    if unknown := [name for name in asked.names if name not in KNOWN]:
        parser.error(f"there is no benchmark `{unknown[0]}`; there are {', '.join(KNOWN)}")
    compiled()
    ratios = [ratio for name in _parts(asked.names) for ratio in _measured(name, _size(asked))]
    if asked.json:
        found = {"machine": _machine(), "ratios": [ratio.as_json() for ratio in ratios]}
        asked.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    return int(any(not (ratio.ok or ratio.aim) for ratio in ratios))


def _parts(names: list[str]) -> list[str]:
    """What the names ask for, each once.

    >>> _parts(["start", "control"])[:2]
    ['start', 'warm']
    """
    return [*dict.fromkeys(part for name in names or NAMES for part in GROUPS.get(name, (name,)))]


def _size(asked: argparse.Namespace) -> Size:
    runs = asked.runs if asked.runs is not None else 2 if asked.quick else 5
    return Size(runs=1 if asked.tiny else max(1, runs), quick=asked.quick, tiny=asked.tiny)


def _measured(name: str, size: Size) -> list[Ratio]:
    tell(f"{name}:")
    ratios: list[Ratio] = importlib.import_module(f"benchmarks.{name}").measure(size)
    for ratio in ratios:
        _show(ratio)
    return ratios


def _show(ratio: Ratio) -> None:
    """One ratio for people, with what it was made of."""
    verdict = "ok" if ratio.ok else "aimed higher" if ratio.aim else "MISSED"
    relation = "at least" if ratio.at_least else "at most"
    bar = f"{'aim ' if ratio.aim else ''}{relation} {ratio.bar:g}"
    print(f"{ratio.name:<24} {ratio.value:8.3f}   {bar:<18} {verdict}")
    for name, figure in ratio.raw.items():
        print(f"    {name}: {_told(figure)}")


def _told(figure: Any) -> str:
    if isinstance(figure, dict) and "runs" in figure:
        return f"{figure['median']:g}  ({' '.join(f'{run:g}' for run in figure['runs'])})"
    if isinstance(figure, dict):
        return ", ".join(f"{name} {value:g}" for name, value in figure.items())
    return str(figure)


def _machine() -> dict[str, Any]:
    """What the figures depend on, as far as it may be told."""
    return {
        "cpus": os.cpu_count(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "pipecat": version("pipecat-ai"),
    }


if __name__ == "__main__":
    sys.exit(main())
