"""Play the conversations that stand in the documents under their flows, and write down what the bot said.

A `yaml` block that begins with `flow:` is a flow. A `text` block of lines `You: …` and `Bot: …` is a conversation with
the flow above it, or with the one that a comment before the block names: `<!-- play: order {inputs: {…}} -->`, where
further keys are those of a scenario. What people do is written by people (`You: words`, `You: [12#]`,
`(8 seconds of silence)`, `(event: type {field: value})`); all other lines are written by `make docs`.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from framework.plugins.host import PluginHost
from framework.project import Project
from framework.simulator.facts import Fact
from framework.simulator.load import Case
from framework.simulator.play import Player, answering
from framework.simulator.scenario import Scenario, Turn
from framework.simulator.stage import Stage

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(
    r"(?:^<!-- (?P<key>\w+): (?P<mark>.*?) -->\n)?"
    r"^```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
PROJECT = 'transfers: {frontdesk: "+15550100", billing: "+15550101", nurses: queue:nurses}\n'
SILENCE = re.compile(r"\((\d+) (second|minute)s? of silence\)")
EVENT = re.compile(r"\(event: (\S+)(?: (\{.*\}))?\)")


@dataclass(frozen=True)
class Block:
    """A block of a page, and what the comment before it says of it."""

    language: str
    body: str
    title: str | None
    key: str | None
    mark: str
    begin: int
    """Where its body begins in the page."""

    @property
    def is_conversation(self) -> bool:
        """Whether somebody speaks in it."""
        return self.language == "text" and (self.key == "play" or re.match(r"You: |Bot: |\(", self.body) is not None)

    @property
    def flow(self) -> str | None:
        """The name of the flow that it is."""
        named = re.search(r"^flow: (\S+)$", self.body, re.MULTILINE)
        return named[1] if self.language == "yaml" and self.key is None and named else None

    @property
    def path(self) -> str | None:
        """Where it would lie in a project."""
        if self.language != "yaml" or self.key is not None:
            return None
        named = re.search(r"^(flow|personality|stack): (\S+)$", self.body, re.MULTILINE)
        return self.title or (f"{FOLDERS[named[1]]}/{named[2]}.yaml" if named else None)


FOLDERS = {"flow": "flows", "personality": "personalities", "stack": "stacks"}


def blocks(page: str) -> list[Block]:
    """All fenced blocks of a page."""
    return [
        Block(found["language"], found["body"], found["title"], found["key"], found["mark"] or "", found.start("body"))
        for found in BLOCK.finditer(page)
    ]


@contextmanager
def project(page: str) -> Iterator[Path]:
    """A folder with the files that a page shows."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        files = {"convo.yaml": PROJECT, **{each.path: each.body for each in blocks(page) if each.path}}
        for name, body in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(body, "utf-8")
        (root / "flows").mkdir(exist_ok=True)
        (root / "flows/compat").symlink_to(ROOT / "flows/compat")
        yield root


@cache
def _plugins() -> PluginHost:
    return PluginHost.load(Project.find(ROOT))


def played(page: str) -> str:
    """A page with all of its conversations as they go today."""
    if not any(each.is_conversation for each in blocks(page)):
        return page
    with project(page) as root:
        os.environ.setdefault("CONVO_STATE", str(root / "state"))
        stage = Stage(Project.find(root), _plugins())
        flow, parts, after = None, [], 0
        for each in blocks(page):
            flow = each.flow or flow
            if each.is_conversation:
                name, _, more = each.mark.partition(" ") if each.key == "play" else (flow or "", "", "")
                parts += [page[after : each.begin], "\n".join(conversation(name, each.body, more, stage)), "\n"]
                after = each.begin + len(each.body)
    return "".join([*parts, page[after:]])


def conversation(flow: str, body: str, more: str, stage: Stage) -> list[str]:
    """The lines of one conversation."""
    said = [line for line in body.splitlines() if (turn_of(line)) is not None]
    case = Case(
        Scenario.model_validate(
            {
                "name": flow,
                "turns": [turn_of(line) for line in said],
                "tools": dict.fromkeys(_plugins().tools.names(), "real"),
                **(yaml.safe_load(more) or {}),
            }
        ),
        str(stage.project.root / "flows/tests/page.yaml"),
        stage.project.flow_path(flow),
    )
    piece = stage.piece(case.flow)
    with ExitStack() as opened:
        reader = _Reader(case, piece, answering(case, piece, stage, opened, None))
        reader.run()
        if reader.failures:
            raise ValueError(f"`{flow}`: {reader.failures[0].expected}; {reader.failures[0].happened}")
        return list(_written(said, reader))


def turn_of(line: str) -> dict[str, Any] | None:
    """What somebody does in a line, as a turn of a scenario; None where the line is the bot's."""
    if line.startswith("You: "):
        words = line.removeprefix("You: ")
        return {"press": words[1:-1]} if re.fullmatch(r"\[[0-9*#]+\]", words) else {"user": words}
    if found := SILENCE.fullmatch(line):
        return {"wait": f"{found[1]}{found[2][0]}"}
    if found := EVENT.fullmatch(line):
        return {"arrive": {found[1]: yaml.safe_load(found[2] or "{}")}}
    return None


class _Reader(Player):
    """Notes where each turn began."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.marks: list[int] = []

    def _act(self, turn: Turn) -> None:
        self.marks.append(len(self.call.facts))
        super()._act(turn)


def _written(said: list[str], reader: _Reader) -> Iterator[str]:
    places = dict(zip(reader.marks, said, strict=True))
    for number, fact in enumerate([*reader.call.facts, Fact(0.0, "")]):
        if number in places:
            yield places[number]
        if line := _told(fact):
            yield line


def _told(fact: Fact) -> str:
    match fact.event:
        case "bot.said":
            return f"Bot: {fact.data['spoken']} —" if fact.data["interrupted"] else f"Bot: {fact.data['generated']}"
        case "transfer.ended":
            return f"(handed over to {fact.data['target']}: {fact.data['outcome']})"
        case "session.ended":
            return f"(the call ends: {fact.data['reason']})"
    return ""
