"""The smallest flow, too, tells what the schema of events says; the other examples are checked beside the docs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema

ROOT = Path(__file__).resolve().parents[2]


def test_every_line_of_the_smallest_flow_fits_the_schema_of_events():
    told = subprocess.run(
        [sys.executable, "-m", "framework", "chat", "hello", "--json"],
        cwd=ROOT, input="Ada\nAda\n", capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    known = jsonschema.Draft202012Validator(json.loads((ROOT / "docs/reference/events.schema.json").read_text("utf-8")))
    events = [json.loads(line) for line in told.stdout.splitlines()]
    for event in events:
        known.validate(event)
    assert (events[0]["type"], events[-1]["type"]) == ("session.started", "session.ended")
    assert told.returncode in (0, 3), told.stderr
