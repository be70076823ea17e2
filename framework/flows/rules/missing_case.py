"""FLW048: a function branches by its result, and one of its values has no case.

Bad:
    flow: x
    initial_node: a
    nodes:
      a:
        task_messages: [{role: developer, content: Ask.}]
        functions: [{name: weather.sky, transition_to: {field: sky, cases: {clear: b}}}]
        next: [{intent: is done, goto: b}]
      b: {say: b, end: true}

Good:
    flow: x
    initial_node: a
    nodes:
      a:
        task_messages: [{role: developer, content: Ask.}]
        functions: [{name: weather.sky, transition_to: {field: sky, cases: {clear: b}, default: b}}]
        next: [{intent: is done, goto: b}]
      b: {say: b, end: true}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.documents import Severity
from framework.flows.expressions import Type
from framework.flows.model import Branches
from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.graph import Path
    from framework.flows.model import Function
    from framework.flows.subject import Subject


PIPECAT = True
"""It holds for Pipecat's files too."""


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Branches without `default` on a field whose values are known, and on one that is not in the result."""
    for path, function in _functions(subject):
        to = function.transition_to
        if not isinstance(to, Branches) or subject.hurt(path):
            continue
        tool = subject.tool(function.name)
        fields = Type.of_schema(tool.result_schema).fields if tool is not None else None
        if not fields:
            continue
        field = fields.get(to.field)
        if field is None:
            message = f"the result of `{function.name}` has no field `{to.field}`."
            place = (*path, "transition_to", "field")
            yield subject.problem("FLW048", place, message, did_you_mean(to.field, fields), Severity.WARNING)
        elif to.default is None and (lacking := [v for v in _values(field) if v not in to.cases]):
            listed = ", ".join(f"`{value}`" for value in lacking)
            message = f"nothing follows when `{to.field}` is {listed}: the node stays."
            fix = "Add a case for it, or a `default`."
            yield subject.problem_at_key("FLW048", (*path, "transition_to", "cases"), message, fix, Severity.WARNING)


def _functions(subject: Subject) -> Iterator[tuple[Path, Function]]:
    for index, function in enumerate(subject.flow.global_functions):
        yield ("global_functions", index), function
    for name, node in subject.flow.nodes.items():
        for index, function in enumerate(node.functions):
            yield ("nodes", name, "functions", index), function


def _values(field: Type) -> tuple[str, ...]:
    return ("true", "false") if field.kind == "boolean" else field.values
