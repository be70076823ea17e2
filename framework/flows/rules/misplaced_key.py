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
from framework.flows.graph import hears, verb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.flows.subject import Subject

NEEDS = {
    "with": {"run"},
    "save": {"run"},
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
    for name, node in subject.flow.nodes.items():
        kind = verb(node)
        for key in subject.source.node(("nodes", name)).children:
            if key in NEEDS and kind not in NEEDS[key] and not subject.unclear(name):
                yield _idle(subject, name, str(key), kind)
        if node.no_match is not None and not hears(node):
            message = "`no_match` has no meaning where nobody is heard."
            yield subject.problem_at_key("FLW024", ("nodes", name, "no_match"), message, "", Severity.WARNING)
    for way in subject.all_ways():
        written = subject.source.node(way.path).children
        for key in ("examples", "name"):
            if key in written and way.route.intent is None and not subject.hurt(way.path):
                message = f"`{key}` belongs to an `intent`, and this route has none."
                yield subject.problem_at_key("FLW024", (*way.path, key), message, "", Severity.WARNING)


def _idle(subject: Subject, name: str, key: str, kind: str) -> Diagnostic:
    wanted = " or ".join(f"`{verb_}`" for verb_ in sorted(NEEDS[key]))
    here = "which only decides" if kind == "decide" else f"which has `{kind}`"
    severity = Severity.WARNING if key in HARMLESS else Severity.ERROR
    message = f"`{key}` belongs to {wanted}; this is the node `{name}`, {here}."
    return subject.problem_at_key("FLW024", ("nodes", name, key), message, "Remove it.", severity)
