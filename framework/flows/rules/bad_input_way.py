"""SLT009: a slot can't be answered in the way that it asks for.

Bad:
    flow: x
    slots: {name: {type: person_name, input: dtmf}}
    initial_node: a
    nodes: {a: {collect: name, next: b}, b: {say: "{{ slots.name }}", end: true}}

Good:
    flow: x
    slots: {name: {type: person_name, input: speech}}
    initial_node: a
    nodes: {a: {collect: name, next: b}, b: {say: "{{ slots.name }}", end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.graph import Path
    from framework.flows.subject import Subject


WORDY = {"text", "person_name", "email"}
"""Types whose values no keys of a telephone can give."""


def check(subject: Subject) -> Iterator[Diagnostic]:
    """`input: dtmf` at types that are words."""
    for name, slot in subject.flow.slots.items():
        path: Path = ("slots", name, "input")
        if slot.input == "dtmf" and slot.type in WORDY and not subject.hurt(("slots", name)):
            message = f"nobody can press a `{slot.type}` on a telephone."
            yield subject.problem("SLT009", path, message, "Write `speech`, or leave it out.")
