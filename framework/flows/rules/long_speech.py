"""VOX004: a text is too long to be listened to.

Bad:
    flow: x
    initial_node: a
    nodes:
      a:
        say: >
          This goes on and on, and whoever listens has forgotten by now how it began,
          This goes on and on, and whoever listens has forgotten by now how it began,
          This goes on and on, and whoever listens has forgotten by now how it began,
          This goes on and on, and whoever listens has forgotten by now how it began,
          This goes on and on, and whoever listens has forgotten by now how it began,
          This goes on and on, and whoever listens has forgotten by now how it began,
          This goes on and on, and whoever listens has forgotten by now how it began,
          This goes on and on, and whoever listens has forgotten by now how it began,
          This goes on and on, and whoever listens has forgotten by now how it began,
        end: true

Good:
    flow: x
    initial_node: a
    nodes: {a: {say: This does not go on., end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.documents import Severity
from framework.flows.subject import SPOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject


LONGEST = 600
"""Characters of one spoken text: about forty seconds."""


def check(subject: Subject) -> Iterator[Diagnostic]:
    """What is spoken without a pause and takes more than about forty seconds."""
    for written in subject.texts():
        if written.use in SPOKEN and isinstance(written.text, str) and len(written.text) > LONGEST:
            message = f"this text has {len(written.text):,} characters: people hear about {LONGEST} of them at most."
            yield subject.problem("VOX004", written.path, message, "Shorten it, or ask in between.", Severity.WARNING)
