"""TLS003: two things that the model is offered have one name.

Bad:
    flow: x
    initial_node: a
    nodes:
      a:
        instruct: Help.
        tools: [weather.now]
        next: [{intent: asks for the weather, name: weather_now, end: true}]

Good:
    flow: x
    initial_node: a
    nodes:
      a:
        instruct: Help.
        tools: [weather.now]
        next: [{intent: asks for the weather, name: asks_weather, end: true}]
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from framework.flows.graph import Path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """The second of two names that meet at one node, as the model sees them."""
    everywhere = [(path, use.as_ or use.name) for _, path, use in subject.tool_uses("")]
    everywhere += [(("global_functions", i, "name"), f.name) for i, f in enumerate(subject.flow.global_functions)]
    told: set[Path] = set()
    for name, kind in subject.verbs.items():
        if kind != "instruct":
            continue
        for path, written, line in _meeting(subject, [*everywhere, *_offered(subject, name)]):
            if path not in told and not subject.hurt(path):
                told.add(path)
                message = f"the model would see `{written}` twice; the other one is on line {line}."
                yield subject.problem("TLS003", path, message, "Give one of them another name (`as`, `name`).")


def _offered(subject: Subject, name: str) -> list[tuple[Path, str]]:
    node = subject.flow.nodes[name]
    found: list[tuple[Path, str]] = [(path, use.as_ or use.name) for _, path, use in subject.tool_uses(name)]
    found += [(("nodes", name, "functions", i, "name"), f.name) for i, f in enumerate(node.functions)]
    found += [((*way.path, "name"), way.route.name) for way in subject.ways(name) if way.route.name]
    return found


def _meeting(subject: Subject, offered: list[tuple[Path, str]]) -> Iterator[tuple[Path, str, int]]:
    seen: dict[str, Path] = {}
    for path, name in offered:
        seen_name = REFUSED.sub("_", name)[:LONGEST]
        other = seen.setdefault(seen_name, path)
        if other != path and not (_function(path) and _function(other)):
            yield path, seen_name, subject.source.locate(other).line


def _function(path: Path) -> bool:
    return path[0] == "global_functions" or "functions" in path[2:3]


REFUSED = re.compile(r"[^A-Za-z0-9_-]")
LONGEST = 64
