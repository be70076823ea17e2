"""FLW027: a slot is used that the flow does not declare.

Bad:
    flow: x
    slots: {size: text}
    initial_node: a
    nodes: {a: {collect: sice, next: b}, b: {say: "{{ slots.size }}", end: true}}

Good:
    flow: x
    slots: {size: text}
    initial_node: a
    nodes: {a: {collect: size, next: b}, b: {say: "{{ slots.size }}", end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from framework.documents import Diagnostic
    from framework.flows.graph import Path
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Names in `inputs`, `outputs`, `collect`, `set`, `clear` and `save`."""
    for path, slot, is_key in _uses(subject):
        if slot in subject.flow.slots or subject.hurt(path) or subject.hurt(("slots", slot)):
            continue
        fix = (
            did_you_mean(slot, subject.flow.slots) if subject.flow.slots else f"Declare it: `slots: {{{slot}: text}}`."
        )
        place = subject.problem_at_key if is_key else subject.problem
        yield place("FLW027", path, f"there is no slot `{slot}`.", fix)


def _uses(subject: Subject) -> Iterator[tuple[Path, str, bool]]:
    yield from _listed(("inputs",), subject.flow.inputs)
    yield from _listed(("outputs",), subject.flow.outputs)
    for name, node in subject.flow.nodes.items():
        base: Path = ("nodes", name)
        yield from _listed((*base, "collect"), node.collect or ())
        yield from _listed((*base, "clear"), node.clear)
        yield from _keys((*base, "set"), node.set)
        yield from _keys((*base, "save"), node.save)
    for way in subject.all_ways():
        yield from _listed((*way.path, "clear"), way.route.clear)
        yield from _keys((*way.path, "set"), way.route.set)
    for _, path, use in subject.tool_uses():
        yield from _keys((*path, "save"), use.save)


def _listed(path: Path, slots: Iterable[str]) -> Iterator[tuple[Path, str, bool]]:
    for index, slot in enumerate(slots):
        yield (*path, index), slot, False


def _keys(path: Path, slots: Iterable[str]) -> Iterator[tuple[Path, str, bool]]:
    for slot in slots:
        yield (*path, slot), slot, True
