"""FLW028: a flow names a personality that is not there.

Bad:
    flow: x
    personality: eva
    initial_node: a
    nodes: {a: {say: hi, end: true}}

Good:
    flow: x
    personality: ava
    initial_node: a
    nodes: {a: {say: hi, end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """The flow's personality, where the project is known."""
    name = subject.flow.personality
    if name is None or subject.project is None:
        return
    known = subject.project.names("personalities")
    if name not in known:
        fix = did_you_mean(name, known)
        yield subject.problem("FLW028", ("personality",), f"there is no personality `{name}`.", fix)
