"""What is imported, as it really happens: weight is carried where it is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("pipecat", "numpy", "onnxruntime", "aiortc", "av", "openai")


def loaded_after(code: str, cwd: Path) -> set[str]:
    """Heavy packages that are loaded when the code has run in a new process."""
    tail = f"\nimport sys\nprint('LOADED', *[name for name in {HEAVY!r} if name in sys.modules])"
    told = subprocess.run(
        [sys.executable, "-c", code + tail], cwd=cwd, capture_output=True, text=True, check=True, timeout=60
    )
    return set(told.stdout.rpartition("LOADED")[2].split())


@pytest.mark.parametrize(
    "module", ["framework", "framework.engine.step", "framework.processes.runner", "framework.cli.main"]
)
def test_these_load_nothing_heavy(module: str, root: Path):
    assert loaded_after(f"import {module}", root) == set()


def test_checking_a_flow_loads_nothing_heavy(root: Path):
    code = """
from framework.cli.main import main
try:
    main(["check", "flows/hello.yaml"])
except SystemExit:
    pass
"""
    assert loaded_after(code, root) == set()
