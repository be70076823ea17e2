"""EXP003: a text looks like an expression but would be taken word for word.

Bad:
    flow: x
    slots: {name: text}
    inputs: [name]
    initial_node: a
    nodes: {a: {say: slots.name, end: true}}

Good:
    flow: x
    slots: {name: text}
    inputs: [name]
    initial_node: a
    nodes: {a: {say: "{{ slots.name }}", end: true}}
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject

FORM = re.compile(r"\s*(slots|result|event|session|identity|personality|state)(\.[A-Za-z_]\w*)+\s*")


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Texts and values that are nothing but a name such as `slots.x`."""
    told = set()
    for written in chain(subject.texts(), subject.values()):
        text = written.text
        if isinstance(text, str) and "." in text and FORM.fullmatch(text) and written.path not in told:
            told.add(written.path)
            text = written.text.strip()
            message = f"this is the text `{text}`, not the value of `{text}`."
            yield subject.problem("EXP003", written.path, message, f'Write `"{{{{ {text} }}}}"`.')
