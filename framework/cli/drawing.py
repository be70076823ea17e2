"""What the commands that draw share: the flows that a flow calls, and transcripts as events."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framework.errors import UserError

if TYPE_CHECKING:
    from framework.flows.load import Loaded
    from framework.project import Project

MOST_EVENTS = 200_000
MOST_FLOWS = 64


def family(loaded: Loaded, project: Project) -> dict[str, Loaded]:
    """A flow and all flows it can call, by name, as far as they can be read; the flow itself is the first."""
    from framework.flows.load import examine_file  # noqa: PLC0415 - only where it is used

    found = {loaded.flow.flow: loaded}
    todo = list(_called(loaded))
    while todo and len(found) < MOST_FLOWS:
        name = todo.pop(0)
        if name in found:
            continue
        try:
            reading = examine_file(project.flow_path(name), project.root)
        except UserError:
            continue
        if reading.loaded is not None:
            found[name] = reading.loaded
            todo += _called(reading.loaded)
    return found


def _called(loaded: Loaded) -> list[str]:
    nodes = [node.subflow for node in loaded.flow.nodes.values() if node.subflow]
    return [*nodes, *(i.subflow for i in loaded.flow.interrupts.values() if i is not False and i.subflow)]


def read_events(path: Path) -> list[dict[str, Any]]:
    """The events of one conversation from lines of JSON; `-` is standard input.

    Lines of the event stream may be CloudEvents. A last line that was cut off is left out.

    Raises:
        UserError: It can't be read, or is none.
    """
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise UserError(f"the transcript `{path}` can't be read: {wrong}") from None
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    events: list[dict[str, Any]] = []
    for number, line in lines[:MOST_EVENTS]:
        try:
            event = json.loads(line)
        except ValueError:
            if number == lines[-1][0] and events:
                break  # the process that wrote it was cut off
            raise _no_event(path, number) from None
        if not isinstance(event, dict) or not isinstance(event.get("type"), str):
            raise _no_event(path, number)
        events.append(event)
    if not events:
        raise UserError(f"the transcript `{path}` is empty")
    return events


def _no_event(path: Path, line: int) -> UserError:
    return UserError(
        "this is no event",
        where=f"{path}:{line}",
        fix="A transcript is what `convo chat --json` or `convo call --json` prints: one JSON object a line.",
    )
