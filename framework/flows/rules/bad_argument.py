"""TLS002: an argument does not fit the tool's parameters.

Bad:
    flow: x
    initial_node: a
    nodes: {a: {run: weather.now, with: {city: Ulm, dayz: 2}, next: b}, b: {say: b, end: true}}

Good:
    flow: x
    initial_node: a
    nodes: {a: {run: weather.now, with: {city: Ulm, days: 2}, next: b}, b: {say: b, end: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from framework.flows.expressions import Type
from framework.flows.fitting import unfit
from framework.suggest import did_you_mean, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.graph import Path
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Unknown and missing arguments, and values of the wrong kind."""
    for name, node in subject.flow.nodes.items():
        if node.run is not None:
            base: Path = ("nodes", name)
            yield from _arguments(subject, subject.tool(node.run), base, node.with_, whole=True)
    for _, path, use in subject.tool_uses():
        yield from _arguments(subject, subject.tool(use.name), path, use.with_, whole=False)


def _arguments(subject: Subject, tool: Any, base: Path, given: dict[str, Any], *, whole: bool) -> Iterator[Diagnostic]:
    if tool is None or subject.hurt((*base, "with")):
        return
    known = tool.parameters.get("properties", {})
    meant = {name if name in known else nearest(name, known) or name for name in given}
    for name, value in given.items():
        path = (*base, "with", name)
        if name not in known:
            fix = did_you_mean(name, known) if known else f"`{tool.name}` takes no arguments."
            yield subject.problem_at_key("TLS002", path, f"`{tool.name}` has no argument `{name}`.", fix)
        elif problem := unfit(subject, value, Type.of_schema(known[name])):
            yield subject.problem("TLS002", path, *problem)
    missing = [name for name in tool.parameters.get("required", ()) if name not in meant]
    if whole and missing:
        listed = ", ".join(f"`{name}`" for name in missing)
        owner = (*base, "with") if subject.source.has((*base, "with")) else (*base, "run")
        message = f"`{tool.name}` needs {listed}, which `with` does not give."
        yield subject.problem_at_key("TLS002", owner, message, f"Add `{missing[0]}:` under `with`.")
