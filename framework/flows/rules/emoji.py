"""VOX002: a text to be spoken holds pictures that nobody can say.

Bad:
    flow: x
    initial_node: a
    nodes: {a: {say: "Welcome 😀", end: true}}

Good:
    flow: x
    initial_node: a
    nodes: {a: {say: "Welcome!", end: true}}
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from framework.documents import Diagnostic, Severity
from framework.flows.subject import SPOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.flows.subject import Subject


PICTURE = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u2190-\u21ff\ufe0f\u200d]")


def check(subject: Subject) -> Iterator[Diagnostic]:
    """The first emoji, arrow or other picture in what the bot says."""
    for written in subject.texts():
        text = written.text
        if written.use in SPOKEN and isinstance(text, str) and not text.isascii() and (sign := PICTURE.search(text)):
            span = subject.source.locate_inside(written.path, sign.start())
            message = f"`{sign[0]}` can't be spoken."
            yield Diagnostic(span, "VOX002", message, "Leave it out.", Severity.WARNING)
