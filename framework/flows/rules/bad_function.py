"""FLW029: a function of Pipecat's kind is not well formed.

Bad:
    flow: x
    initial_node: a
    nodes:
      a:
        task_messages: [{role: developer, content: Ask.}]
        functions: [{name: go, transition_only: true, transition_to: b}]
      b: {say: b, end: true}

Good:
    flow: x
    initial_node: a
    nodes:
      a:
        task_messages: [{role: developer, content: Ask.}]
        functions: [{name: go, transition_only: true, description: The caller is ready., transition_to: b}]
      b: {say: b, end: true}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from framework.documents import Diagnostic
    from framework.flows.graph import Path
    from framework.flows.model import Function
    from framework.flows.subject import Subject

PIPECAT = True
"""It holds for Pipecat's files too."""


def check(subject: Subject) -> Iterator[Diagnostic]:
    """What Pipecat itself refuses: names used twice, descriptions and destinations where they don't belong."""
    flow = subject.flow
    yield from _list(subject, ("global_functions",), flow.global_functions, {})
    everywhere = {f.name: "a global function" for f in flow.global_functions}
    for name, node in flow.nodes.items():
        yield from _list(subject, ("nodes", name, "functions"), node.functions, everywhere)


def _list(
    subject: Subject, base: Path, functions: Iterable[Function], everywhere: dict[str, str]
) -> Iterator[Diagnostic]:
    seen = dict(everywhere)
    for index, function in enumerate(functions):
        path: Path = (*base, index)
        if subject.hurt(path):
            continue
        if function.name in seen:
            message = f"`{function.name}` is already {seen[function.name]}."
            yield subject.problem("FLW029", (*path, "name"), message, "Names of functions differ.")
        seen[function.name] = "a function of this node" if base[0] == "nodes" else "a global function"
        yield from _shape(subject, path, function)


def _shape(subject: Subject, path: Path, function: Function) -> Iterator[Diagnostic]:
    if not function.transition_only:
        if function.description is not None:
            message = "a function with code describes itself in its docstring."
            fix = "Remove `description`, or write `transition_only: true`."
            yield subject.problem_at_key("FLW029", (*path, "description"), message, fix)
        return
    if not function.description:
        message = f"`{function.name}` is `transition_only` and has no `description`."
        yield subject.problem("FLW029", path, message, "Say for the model what the function means.")
    if not isinstance(function.transition_to, str):
        message = f"`{function.name}` is `transition_only` and must name its node."
        yield subject.problem("FLW029", path, message, "Write `transition_to: node`.")
