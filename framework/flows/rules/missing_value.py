"""FLW032: the routes tell the values of a slot apart, and one of its values has none.

Bad:
    flow: x
    slots: {size: {type: enum, values: [small, medium, large]}}
    initial_node: ask
    nodes:
      ask:
        collect: size
        next:
          - {outcome: [exhausted, declined], goto: b}
          - {if: slots.size == "small", goto: b}
          - {if: slots.size == "large", goto: b}
      b: {say: b, end: true}

Good:
    flow: x
    slots: {size: {type: enum, values: [small, medium, large]}}
    initial_node: ask
    nodes:
      ask:
        collect: size
        next:
          - {outcome: [exhausted, declined], goto: b}
          - {if: slots.size == "small", goto: b}
          - {if: 'slots.size in ["medium", "large"]', goto: b}
      b: {say: b, end: true}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.flows.covering import completing, missing_values, remaining

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject


def check(subject: Subject) -> Iterator[Diagnostic]:
    """The values that remain, at the first outcome after which any does."""
    for name, outcomes in completing(subject):
        for outcome in remaining(subject, name, outcomes):
            if values := missing_values(subject, name, outcome):
                listed = ", ".join(f"`{str(v).lower() if isinstance(v, bool) else v}`" for v in values)
                message = f"no route holds when the value is {listed}."
                fix = "Add a route for it, or `{else: …}` as the last one."
                yield subject.problem_at_key("FLW032", ("nodes", name), message, fix)
                break
