"""FLW044: these are not keys of a telephone, or another route has them already.

Bad:
    flow: x
    initial_node: a
    nodes:
      a: {say: Press one for sales., next: [{intent: wants sales, examples: [sales], keys: one, goto: b}]}
      b: {say: b, end: true}

Good:
    flow: x
    initial_node: a
    nodes:
      a: {say: Press one for sales., next: [{intent: wants sales, examples: [sales], keys: 1, goto: b}]}
      b: {say: b, end: true}
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.graph import Path
    from framework.flows.subject import Subject


KEYS = re.compile(r"[0-9*#A-D]+")


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Keys in routes and interrupts: digits, `*`, `#` and `A` to `D`; each for one intent at a node."""
    for name in subject.flow.nodes:
        taken: dict[str, int] = {}
        for way in subject.ways(name):
            for index, keys in enumerate(way.route.keys or ()):
                path: Path = (*way.path, "keys", index)
                yield from _form(subject, path, keys)
                if keys in taken and way.route.if_ is None and not subject.hurt(path):
                    message = f"`{keys}` already means the intent on line {taken[keys]}."
                    yield subject.problem("FLW044", path, message, "Take another key.")
                taken.setdefault(keys, subject.source.locate(path).line)
    for _, path, interrupt in subject.interrupts():
        for index, keys in enumerate(interrupt.keys or ()):
            yield from _form(subject, (*path, "keys", index), keys)


def _form(subject: Subject, path: Path, keys: str) -> Iterator[Diagnostic]:
    if not KEYS.fullmatch(keys) and not subject.hurt(path):
        message = f"`{keys}` can't be pressed on a telephone."
        yield subject.problem("FLW044", path, message, 'Write for example `keys: 1`, `keys: "12#"`.')
