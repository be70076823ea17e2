"""VOX003: a long number in a text will be read as one huge figure.

Bad:
    flow: x
    initial_node: a
    nodes: {a: {say: Call 08001234567 any time., end: true}}

Good:
    flow: x
    initial_node: a
    nodes: {a: {say: "Call 0 800, 123, 45 67 any time.", end: true}}
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from framework.documents import Diagnostic, Severity
from framework.flows.subject import SPOKEN
from framework.flows.texts import blanked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.flows.subject import Subject


LONG = re.compile(r"(?<![\w{.])\+?[0-9]{5,}(?![\w}])")


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Five digits and more in a row, placeholders aside: those are spoken by the slot's type."""
    for written in subject.texts():
        text = written.text
        if written.use not in SPOKEN or not isinstance(text, str):
            continue
        for found in LONG.finditer(blanked(text)):
            span = subject.source.locate_inside(written.path, found.start())
            message = f"`{found[0]}` will be read as one large number."
            fix = "Write it in groups as one would say it, or as words."
            yield Diagnostic(span, "VOX003", message, fix, Severity.WARNING)
