"""FLW049: a bot that people talk to asks for something, and the flow does not say what silence means.

Bad:
    flow: spoken
    slots: {size: text}
    initial_node: a
    nodes: {a: {collect: size, next: b}, b: {say: b, end: true}}

Good:
    flow: spoken
    defaults: {no_input: [{after: 8s, say: Are you still there?}]}
    slots: {size: text}
    initial_node: a
    nodes: {a: {collect: size, next: b}, b: {say: b, end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.documents import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """The first `collect` without a ladder, in flows of bots in `convo.yaml`: there the built-in words are repeated."""
    flow = subject.flow
    bots = subject.project.bots.values() if subject.project else ()
    if flow.defaults.no_input is not None or all(bot.flow != flow.flow for bot in bots):
        return
    asking = [n for n, node in flow.nodes.items() if node.collect and not node.no_input and not _waits(subject, n)]
    if asking and not any(subject.hurt(("nodes", name)) for name in asking):
        more = f" (and {len(asking) - 1} more)" if len(asking) > 1 else ""
        message = f"`{asking[0]}`{more} must be answered, and no `no_input` says what to do about silence."
        fix = "Add `no_input` under `defaults`: `[{after: 8s, say: …}]`."
        yield subject.problem_at_key("FLW049", ("nodes", asking[0]), message, fix, Severity.INFO)


def _waits(subject: Subject, name: str) -> bool:
    """True when a route takes care of time itself."""
    return any(way.route.after is not None for way in subject.ways(name))
