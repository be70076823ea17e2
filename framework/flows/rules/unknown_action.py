"""TLS004: a node uses an action that no plugin offers.

Bad:
    flow: x
    initial_node: a
    nodes: {a: {say: hi, actions: {enter: [notes.wriet]}, end: true}}

Good:
    flow: x
    initial_node: a
    nodes: {a: {say: hi, actions: {enter: [notes.write]}, end: true}}
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
    """Actions on entering and leaving, where all plugins are known."""
    for node_name, node in subject.flow.nodes.items():
        for when, uses in (("enter", node.actions.enter), ("leave", node.actions.leave)):
            for index, use in enumerate(uses):
                path: Path = ("nodes", node_name, "actions", when, index)
                name = use if isinstance(use, str) else use.name
                if subject.host is not None and name not in subject.host.actions and not subject.hurt(path):
                    place = path if isinstance(use, str) else (*path, "name")
                    fix = did_you_mean(name, subject.host.actions.names())
                    yield subject.problem("TLS004", place, f"no plugin offers an action `{name}`.", fix)
