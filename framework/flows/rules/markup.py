"""VOX001: a text to be spoken holds signs that nobody can say.

Bad:
    flow: x
    initial_node: a
    nodes: {a: {say: "**Hello** and welcome.", end: true}}

Good:
    flow: x
    initial_node: a
    nodes: {a: {say: "Hello and welcome.", end: true}}
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

MARKUP = re.compile(r"\*\*|__|https?://|^#+ |^[-*] |```|</?[a-z]+>", re.MULTILINE)


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Markdown, markup and web addresses in what the bot says."""
    for written in subject.texts():
        if written.use in SPOKEN and isinstance(written.text, str) and (sign := MARKUP.search(blanked(written.text))):
            message = f"`{sign[0].strip()}` can't be spoken."
            span = subject.source.locate_inside(written.path, sign.start())
            yield Diagnostic(span, "VOX001", message, "Write it as one would say it.", Severity.WARNING)
