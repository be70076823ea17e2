"""EXP004: a placeholder stands where none is filled.

Bad:
    flow: x
    slots: {name: text}
    initial_node: a
    nodes: {a: {instruct: Help., next: [{intent: "asks for {{ slots.name }}", end: true}]}}

Good:
    flow: x
    slots: {name: text}
    initial_node: a
    nodes: {a: {instruct: Help., next: [{intent: asks for somebody, end: true}]}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.graph import Path
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Placeholders in intents, examples, names of functions and reasons."""
    for path, text in _plain(subject):
        if "{{" in text:
            message = "placeholders are not filled here."
            yield subject.problem("EXP004", path, message, "Write the words themselves.")


def _plain(subject: Subject) -> Iterator[tuple[Path, str]]:
    for way in subject.all_ways():
        route = way.route
        for key, value in (("intent", route.intent), ("name", route.name), ("end", route.end)):
            if isinstance(value, str):
                yield (*way.path, key), value
        for index, example in enumerate(route.examples):
            yield (*way.path, "examples", index), example
    for name, slot in subject.flow.slots.items():
        for index, example in enumerate(slot.examples):
            yield ("slots", name, "examples", index), example
    for name, node in subject.flow.nodes.items():
        if isinstance(node.end, str):
            yield ("nodes", name, "end"), node.end
