"""FLW039: an interrupt never counts, or does nothing.

Bad:
    flow: x
    interrupts: {hours: {say: We are open at eight.}}
    initial_node: a
    nodes: {a: {instruct: Help., next: [{intent: is done, end: true}]}}

Good:
    flow: x
    interrupts: {hours: {intent: asks for opening hours, examples: [when are you open], say: We are open at eight.}}
    initial_node: a
    nodes: {a: {instruct: Help., next: [{intent: is done, end: true}]}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.flows.graph import ends
from framework.flows.outcomes import INTERRUPTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.graph import Path
    from framework.flows.model import Interrupt
    from framework.flows.subject import Subject


EFFECTS = ("say", "instruct", "goto", "end", "subflow")


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Interrupts without a trigger or with two, without an effect, and a `return` from where nothing comes back."""
    for name, path, interrupt in subject.interrupts():
        if not subject.hurt(path):
            yield from _triggers(subject, name, path, interrupt)
            yield from _effects(subject, name, path, interrupt)


def _triggers(subject: Subject, name: str, path: Path, interrupt: Interrupt) -> Iterator[Diagnostic]:
    spoken, event = interrupt.intent is not None or interrupt.keys is not None, interrupt.event is not None
    if spoken and event:
        second = max(("intent", "keys", "event"), key=lambda key: _line(subject, path, key))
        message = "an interrupt has one trigger: an `intent` with its `keys`, or an `event`."
        yield subject.problem_at_key("FLW039", (*path, second), message, "Make two interrupts of it.")
    elif not spoken and not event and interrupt.if_ is None and name not in INTERRUPTS:
        message = f"the interrupt `{name}` waits for nothing, so it never counts."
        yield subject.problem_at_key("FLW039", path, message, "Add `intent`, `keys`, `event` or `if`.")


def _line(subject: Subject, path: Path, key: str) -> tuple[int, int]:
    span = subject.source.locate_key((*path, key))
    return (span.line, span.column) if subject.source.has((*path, key)) else (0, 0)


def _effects(subject: Subject, name: str, path: Path, interrupt: Interrupt) -> Iterator[Diagnostic]:
    if name not in INTERRUPTS and all(getattr(interrupt, key) is None for key in EFFECTS):
        message = f"the interrupt `{name}` does nothing."
        yield subject.problem_at_key("FLW039", path, message, "Add `say`, `instruct`, `goto`, `end` or `subflow`.")
    if interrupt.return_ in {"resume", "restart"} and ends(interrupt.end):
        message = "nothing comes back from an `end`."
        yield subject.problem_at_key("FLW039", (*path, "return"), message, "Remove `return`.")
