"""EXP004: a placeholder stands where none is filled.

Bad:
    flow: x
    slots: {name: text}
    inputs: [name]
    initial_node: a
    nodes: {a: {instruct: Help., next: [{intent: "asks for {{ slots.name }}", end: true}]}}

Good:
    flow: x
    slots: {name: text}
    inputs: [name]
    initial_node: a
    nodes: {a: {instruct: Help., next: [{intent: asks for somebody, end: true}]}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
        yield from _texts(way.path, {"intent": route.intent, "name": route.name, "end": route.end})
        yield from _listed((*way.path, "examples"), route.examples)
    for _, path, interrupt in subject.interrupts():
        yield from _texts(path, {"intent": interrupt.intent, "end": interrupt.end})
        yield from _listed((*path, "examples"), interrupt.examples)
    for name, slot in subject.flow.slots.items():
        yield from _listed(("slots", name, "examples"), slot.examples)
    for name, node in subject.flow.nodes.items():
        yield from _texts(("nodes", name), {"end": node.end, "wait": node.wait})


def _texts(base: Path, values: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    for key, value in values.items():
        if isinstance(value, str):
            yield (*base, key), value


def _listed(base: Path, texts: list[str]) -> Iterator[tuple[Path, str]]:
    for index, text in enumerate(texts):
        yield (*base, index), text
