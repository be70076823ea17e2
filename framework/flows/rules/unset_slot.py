"""SLT005: a text needs a slot that may not have been set by then.

Bad:
    flow: x
    slots: {name: text}
    initial_node: a
    nodes:
      a: {say: "Hello, {{ slots.name }}.", next: b}
      b: {collect: name, next: c}
      c: {say: "Bye, {{ slots.name }}.", end: true}

Good:
    flow: x
    slots: {name: text}
    initial_node: a
    nodes:
      a: {say: "Hello, {{ default(slots.name, 'you there') }}.", next: b}
      b: {collect: name, next: c}
      c: {say: "Bye, {{ slots.name }}.", end: true}
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from framework.documents import Diagnostic, Severity
from framework.flows.dataflow import spread
from framework.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from framework.flows.graph import Edge
    from framework.flows.subject import Subject, Written


@dataclass(slots=True)
class Step:
    """What a node does with slots, as bits."""

    sets: int = 0
    """Set on entering."""
    clears: int = 0
    """Unset on entering."""
    reads: list[tuple[Written, int, int, int]] = field(default_factory=list)
    """Text, offset of the placeholder, the slot's bit, and the slots that are set before it is said."""
    fills: int = 0
    """Set by the verb, or looked at by a guard: nobody can say that it was forgotten."""


def check(subject: Subject) -> Iterator[Diagnostic]:
    """The first text on each way from the beginning that needs a slot which nothing on that way could set."""
    flow = subject.flow
    names = [n for n, slot in flow.slots.items() if slot.default is None and n not in flow.inputs]
    if not names or any(path[:1] in {(), ("slots",), ("inputs",)} for path in subject.damage):
        return
    bits = {name: 1 << number for number, name in enumerate(names)}
    given = set(_given(subject))
    meant = {name: nearest(name, bits) or name for name in given - flow.slots.keys()}
    given |= set(meant.values())
    bits |= {name: bits[close] for name, close in meant.items() if close in bits}
    never = [] if any(node.collect for node in flow.nodes.values()) else [n for n in names if n not in given]
    yield from _unset(subject, bits, sum(bits[name] for name in never))
    for name in never:  # where something is asked for, a person may set any slot in passing
        yield from _forgotten(subject, name)


def _given(subject: Subject) -> Iterator[str]:
    """The names of everything that is set somewhere."""
    for node in subject.flow.nodes.values():
        yield from (*(node.collect or ()), *node.set, *node.save)
    for way in subject.all_ways():
        yield from way.route.set
    for _, _, use in subject.tool_uses():
        yield from use.save


def _unset(subject: Subject, bits: dict[str, int], hidden: int) -> Iterator[Diagnostic]:
    nodes, begin = subject.flow.nodes, subject.flow.initial_node
    steps = {name: _step(subject, name, bits) for name in nodes}
    _gather(subject, bits, steps)
    if begin not in nodes or not any(step.reads for step in steps.values()):
        return
    ways = {name: [_way(e, steps[name], bits) for e in subject.after[name] if e.target in nodes] for name in nodes}
    found = spread({begin: _mask(bits, bits)}, ways)
    for name, step in steps.items():
        unset = (found[name] & ~step.sets) | step.clears if name in found else 0
        for written, offset, bit, before in step.reads:
            if unset & bit & ~before & ~hidden and not subject.hurt(written.path):
                slot = next(slot for slot, other in bits.items() if other == bit)
                message = f"`slots.{slot}` may be unset here: nothing sets it on one way to `{name}`."
                fix = f"Set it before, or write `default(slots.{slot}, …)`."
                yield subject.problem_inside("SLT005", written.path, offset, message, fix, Severity.WARNING)
                unset &= ~bit


def _way(edge: Edge, step: Step, bits: dict[str, int]) -> tuple[str, int, int]:
    """A way with the slots that stay unset on it, and those that it unsets."""
    read = 0
    for _, _, bit, _ in step.reads:
        read |= bit
    kept = ~(step.sets | step.fills | read)
    added = step.clears & kept
    if edge.route is not None:
        given = _mask(edge.route.set, bits)
        cleared = _mask(edge.route.clear, bits)
        kept, added = kept & ~given, (added & ~given) | cleared
    return edge.target, kept, added


def _step(subject: Subject, name: str, bits: dict[str, int]) -> Step:
    node = subject.flow.nodes[name]
    clears = _mask(node.clear, bits)
    step = Step(_mask(node.set, bits) & ~clears, clears)
    step.fills = _mask(node.collect or (), bits) | _mask(node.save, bits)
    for way in subject.ways(name):
        if (guard := subject.guard(way.route)) is not None:
            step.fills |= _mask((path[1] for path in guard.names() if _slot(path)), bits)
    if subject.verbs[name] == "instruct":
        for at in (name, ""):
            for _, _, use in subject.tool_uses(at):
                step.fills |= _mask(use.save, bits)
                for route in use.next:
                    step.fills |= _mask(route.set, bits)
    return step


def _gather(subject: Subject, bits: dict[str, int], steps: dict[str, Step]) -> None:
    """Put the reads of texts to the nodes at which they are said."""
    asked: dict[str, list[Written]] = {}
    for written in subject.texts():
        if not written.placeholders:
            continue
        if written.path[0] == "slots":
            asked.setdefault(str(written.path[1]), []).append(written)
        elif written.node in steps and written.path[0] == "nodes" and written.use not in {"confirm", "filler"}:
            step = steps[written.node]
            after = step.fills if "next" in written.path[2:3] else 0
            step.reads += _reads(written, bits, after)
    for name, node in subject.flow.nodes.items():
        before = 0
        for slot in node.collect or ():
            for written in asked.get(slot, ()):
                steps[name].reads += _reads(written, bits, before | bits.get(slot, 0))
            before |= bits.get(slot, 0)


def _reads(written: Written, bits: dict[str, int], before: int) -> Iterator[tuple[Written, int, int, int]]:
    for placeholder in written.placeholders:
        for path in sorted(placeholder.expression.needed()):
            if _slot(path) and path[1] in bits:
                lead = len(placeholder.expression.text) - len(placeholder.expression.text.lstrip())
                yield written, placeholder.offset + lead + 1, bits[path[1]], before


def _slot(path: tuple[str, ...]) -> bool:
    return path[0] == "slots" and len(path) > 1


def _mask(slots: Iterable[str], bits: dict[str, int]) -> int:
    found = 0
    for slot in slots:
        found |= bits.get(slot, 0)
    return found


def _forgotten(subject: Subject, slot: str) -> Iterator[Diagnostic]:
    """The first place that reads a slot which is never set."""
    for index, name in enumerate(subject.flow.outputs):
        if name == slot:
            yield _nothing(slot, subject.problem("SLT005", ("outputs", index), ""))
            return
    places = []
    for written in chain(subject.expressions(), subject.texts(), subject.values()):
        expressions = [(written.expression, 0)] if written.expression else []
        expressions += [(p.expression, p.offset) for p in written.placeholders]
        for expression, offset in expressions:
            if ("slots", slot) in expression.names() and not subject.hurt(written.path):
                at = offset + expression.text.find("slots") + 1
                places.append(subject.problem_inside("SLT005", written.path, at, ""))
    if places:
        yield _nothing(slot, min(places))


def _nothing(slot: str, place: Diagnostic) -> Diagnostic:
    message = f"nothing ever sets the slot `{slot}`, so it has no value here."
    fix = "Collect it, `save` or `set` it, or give it a `default`."
    return Diagnostic(place.span, "SLT005", message, fix, Severity.WARNING)
