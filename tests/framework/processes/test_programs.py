"""Programs that manifests and launchers start as modules."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("program", ["gateway", "runner"])
def test_a_program_of_the_manifests_begins_when_its_module_is_run(program):
    command = [sys.executable, "-m", f"framework.processes.{program}", "--help"]
    assert "usage:" in subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
