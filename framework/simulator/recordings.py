"""What real tools answered once, kept beside the scenarios, so that they can answer the same without being called."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from framework.errors import UserError
from framework.simulator.hands import Called, Reply, Scripted

ENDING = ".recorded.jsonl"


@dataclass
class Recordings:
    """The recorded answers of one scenario file, one JSON object a line."""

    path: Path
    rows: list[dict[str, Any]] = field(default_factory=list)

    def keep(self, scenario: str, called: Called, reply: Reply, tools: set[str]) -> None:
        """Note an answer, where its tool is one that is recorded."""
        if called.tool in tools:
            answered = {name: value for name, value in asdict(reply).items() if name != "respond" or not value}
            row = {"scenario": scenario, "tool": called.tool, "arguments": dict(called.arguments), **answered}
            self.rows.append(row)

    def answers(self, scenario: str, tool: str) -> list[Scripted]:
        """What a tool answered in a scenario, call by call."""
        rows = [row for row in self.rows if row["scenario"] == scenario and row["tool"] == tool]
        known = {"outcome", "result", "code", "message", "delay_s", "respond"}
        return [
            Scripted(reply=Reply(**{k: v for k, v in row.items() if k in known}), when=row["arguments"]) for row in rows
        ]

    def save(self, played: set[str]) -> None:
        """Write the file; what was recorded for scenarios that were not played now is kept."""
        old = [row for row in _read(str(self.path)).rows if row["scenario"] not in played]
        rows = sorted([*old, *self.rows], key=lambda row: row["scenario"])
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        if text or self.path.exists():
            self.path.write_text(text, "utf-8")
        _read.cache_clear()


def beside(file: str) -> Path:
    """Where the recordings of a scenario file are."""
    return Path(file).with_name(Path(file).stem + ENDING)


def ready(file: str) -> Recordings:
    """The recordings of a scenario file; none where there are none."""
    return _read(str(beside(file)))


@lru_cache(maxsize=256)
def _read(path: str) -> Recordings:
    where = Path(path)
    if not where.is_file():
        return Recordings(where)
    try:
        return Recordings(where, [json.loads(line) for line in where.read_text("utf-8").splitlines() if line])
    except ValueError as wrong:
        raise UserError(
            f"the recordings `{path}` can't be read: {wrong}", fix="Record them anew: `--record`."
        ) from None
