"""`check`: how long `convo check` takes from a cold start, against importing the libraries that it stands on."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.measure import Ratio, Size, figures, in_turn, quotient, run

BAR = 2.3
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
    return [quotient("check", [ran.wall_s for ran in ours], [ran.wall_s for ran in theirs], BAR, raw=raw)]


def check_imports() -> None:
    """Make sure that nothing heavy was imported: the ratio would hide it on a fast machine."""
    said = run(sys.executable, "-c", LOOK).output.splitlines()[-1]
    if "True" in said or not said.endswith(" 0"):
        raise RuntimeError(f"`convo check` imported what it must not, or failed: {said}")
