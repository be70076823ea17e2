"""TLS005: a tool's name for the model is one that models refuse.

Bad:
    flow: x
    initial_node: a
    nodes: {a: {instruct: Help., tools: [{name: weather.now, as: look up}], next: [{intent: is done, end: true}]}}

Good:
    flow: x
    initial_node: a
    nodes: {a: {instruct: Help., tools: [{name: weather.now, as: look_up}], next: [{intent: is done, end: true}]}}
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject


NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Names in `as`: letters, digits, `_` and `-`, at most 64."""
    for _, path, use in subject.tool_uses():
        if use.as_ is not None and not NAME.fullmatch(use.as_) and not subject.hurt((*path, "as")):
            message = f"models don't take the name `{use.as_[:80]}`."
            fix = "Use letters, digits, `_` and `-`, at most 64."
            yield subject.problem("TLS005", (*path, "as"), message, fix)
