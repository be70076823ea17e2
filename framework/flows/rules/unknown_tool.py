"""TLS001: a node uses a tool that no plugin offers.

Bad:
    flow: x
    initial_node: a
    nodes: {a: {run: weather.nwo, with: {city: Ulm}, next: b}, b: {say: b, end: true}}

Good:
    flow: x
    initial_node: a
    nodes: {a: {run: weather.now, with: {city: Ulm}, next: b}, b: {say: b, end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.graph import Path
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Tools in `run`, `tools` and `grant`, where all plugins are known."""
    for path, name in _uses(subject):
        if subject.host is not None and subject.tool(name) is None and not subject.hurt(path):
            fix = did_you_mean(name, subject.host.tools.names())
            yield subject.problem("TLS001", path, f"no plugin offers a tool `{name}`.", fix)


def _uses(subject: Subject) -> Iterator[tuple[Path, str]]:
    for name, node in subject.flow.nodes.items():
        if node.run is not None:
            yield ("nodes", name, "run"), node.run
    for _, path, use in subject.tool_uses():
        yield ((*path, "name") if subject.source.has((*path, "name")) else path), use.name
    for slot, declared in subject.flow.slots.items():
        for index, tool in enumerate(declared.grant):
            yield ("slots", slot, "grant", index), tool
