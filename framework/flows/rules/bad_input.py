"""FLW036: what a flow is given does not fit its inputs.

Bad:
    flow: x
    initial_node: a
    nodes: {a: {subflow: identify, with: {reson: billing}, next: b}, b: {say: b, end: true}}

Good:
    flow: x
    initial_node: a
    nodes: {a: {subflow: identify, with: {reason: billing}, next: b}, b: {say: b, end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from framework.flows.expressions import ANY
from framework.flows.fitting import unfit
from framework.suggest import did_you_mean, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.graph import Path
    from framework.flows.model import Flow
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Inputs that are missing, that there are not, and values of the wrong kind."""
    for name, node in subject.flow.nodes.items():
        if node.subflow is not None and (other := subject.called(node.subflow)) is not None:
            yield from _inputs(subject, ("nodes", name), node.with_, other)
    for _, path, interrupt in subject.interrupts():
        other = subject.called(interrupt.subflow) if interrupt.subflow is not None else None
        if other is not None and other.inputs:
            message = f"`{other.flow}` needs inputs, and an interrupt can give none."
            yield subject.problem("FLW036", (*path, "subflow"), message, "Use `goto` and a node with `subflow`.")


def _inputs(subject: Subject, base: Path, given: dict[str, Any], other: Flow) -> Iterator[Diagnostic]:
    if subject.hurt((*base, "with")):
        return
    meant = {name if name in other.inputs else nearest(name, other.inputs) or name for name in given}
    types = subject.types(other.slots)
    for name, value in given.items():
        path = (*base, "with", name)
        if name not in other.inputs:
            fix = did_you_mean(name, other.inputs) if other.inputs else f"`{other.flow}` has no inputs."
            yield subject.problem_at_key("FLW036", path, f"`{other.flow}` has no input `{name}`.", fix)
        elif problem := unfit(subject, value, types.get(name, ANY)):
            yield subject.problem("FLW036", path, *problem)
    missing = [name for name in other.inputs if name not in meant]
    if missing:
        listed = ", ".join(f"`{name}`" for name in missing)
        owner = (*base, "with") if subject.source.has((*base, "with")) else (*base, "subflow")
        message = f"`{other.flow}` needs {listed}, which `with` does not give."
        yield subject.problem_at_key("FLW036", owner, message, f"Add `{missing[0]}:` under `with`.")
