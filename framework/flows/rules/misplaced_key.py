"""FLW024: a key has no meaning at this node or route.

Bad:
    flow: x
    initial_node: a
    nodes: {a: {say: hi, timeout: 4s, end: true}}

Good:
    flow: x
    initial_node: a
    nodes: {a: {say: hi, end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.documents import Diagnostic, Severity
from framework.flows.model import Interrupt, Route
from framework.flows.outcomes import INTERRUPTS as BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.flows.graph import Path
    from framework.flows.subject import Subject

NEEDS = {
    "with": {"run", "subflow"},
    "save": {"run", "subflow"},
    "brief": {"transfer"},
    "warm": {"transfer"},
    "timeout": {"run"},
    "tools": {"instruct"},
    "functions": {"instruct"},
    "sample": {"instruct"},
    "respond_immediately": {"instruct"},
    "attempts": {"collect"},
}
"""Key → verbs at which it means something."""

HARMLESS = {"sample", "attempts", "respond_immediately"}
"""Keys that do no harm where they mean nothing."""


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Keys of other verbs, and what belongs to an intent where there is none."""
    yield from _of_nodes(subject)
    for way in subject.all_ways():
        yield from _without_trigger(subject, way.path, way.route, "route")
    for name, path, interrupt in subject.interrupts():
        yield from _without_trigger(subject, path, interrupt, "interrupt", known=name in BUILT_IN)
    yield from _elsewhere(subject)


def _of_nodes(subject: Subject) -> Iterator[Diagnostic]:
    for name, node in subject.flow.nodes.items():
        kind = subject.verbs[name]
        for key in subject.source.node(("nodes", name)).children:
            if key in NEEDS and kind not in NEEDS[key] and not subject.unclear(name):
                yield _idle(subject, name, str(key), kind)
        for key in ("no_input", "no_match"):
            if getattr(node, key) is not None and name not in subject.heard:
                message = f"`{key}` has no meaning where nobody is heard."
                yield subject.problem_at_key("FLW024", ("nodes", name, key), message, "", Severity.WARNING)


def _elsewhere(subject: Subject) -> Iterator[Diagnostic]:
    """Keys of rungs and slots."""
    for key, _, path, rungs in subject.ladders:
        for index, rung in enumerate(rungs):
            if key == "no_match" and rung.after is not None:
                message = "`after` belongs to `no_input`: a rung of `no_match` comes with a turn, not with time."
                yield subject.problem_at_key("FLW024", (*path, index, "after"), message, "", Severity.WARNING)
    for name, slot in subject.flow.slots.items():
        if slot.grant and not slot.sensitive and not subject.hurt(("slots", name)):
            message = "`grant` belongs to a `sensitive` slot; any tool may have this one."
            yield subject.problem_at_key("FLW024", ("slots", name, "grant"), message, "", Severity.WARNING)


def _without_trigger(
    subject: Subject, path: Path, found: Route | Interrupt, noun: str, *, known: bool = False
) -> Iterator[Diagnostic]:
    """What belongs to an intent or an event where there is none."""
    if found.where is not None and found.event is None and not subject.hurt(path):
        message = f"`where` belongs to an `event`, and this {noun} has none."
        yield subject.problem_at_key("FLW024", (*path, "where"), message, "Write `if`.")
    if known or found.intent is not None or subject.hurt(path):
        return
    name = found.name if isinstance(found, Route) and found.keys is None else None
    for key, value in (("examples", found.examples), ("name", name)):
        if value:
            message = f"`{key}` belongs to an `intent`, and this {noun} has none."
            yield subject.problem_at_key("FLW024", (*path, key), message, "", Severity.WARNING)


def _idle(subject: Subject, name: str, key: str, kind: str) -> Diagnostic:
    wanted = " or ".join(f"`{verb_}`" for verb_ in sorted(NEEDS[key]))
    here = "which only decides" if kind == "decide" else f"which has `{kind}`"
    severity = Severity.WARNING if key in HARMLESS else Severity.ERROR
    message = f"`{key}` belongs to {wanted}; this is the node `{name}`, {here}."
    return subject.problem_at_key("FLW024", ("nodes", name, key), message, "Remove it.", severity)
