"""VOX005: what the model is told is longer than the budget of a prompt.

Bad:
    flow: x
    initial_node: a
    nodes:
      a:
        task_messages:
          - role: developer
            content: &rules >
              Mind the rules of the house, and those of the guests, and those of the weather,
              Mind the rules of the house, and those of the guests, and those of the weather,
              Mind the rules of the house, and those of the guests, and those of the weather,
              Mind the rules of the house, and those of the guests, and those of the weather,
              Mind the rules of the house, and those of the guests, and those of the weather,
              Mind the rules of the house, and those of the guests, and those of the weather,
              Mind the rules of the house, and those of the guests, and those of the weather,
          - {role: developer, content: *rules}
          - {role: developer, content: *rules}
          - {role: developer, content: *rules}
          - {role: developer, content: *rules}
          - {role: developer, content: *rules}
          - {role: developer, content: *rules}
          - {role: developer, content: *rules}
          - {role: developer, content: *rules}
          - {role: developer, content: *rules}
          - {role: developer, content: *rules}
        next: [{intent: is done, end: true}]

Good:
    flow: x
    initial_node: a
    nodes: {a: {instruct: "Mind the rules of the house.", next: [{intent: is done, end: true}]}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.documents import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject, Written


BUDGET = 6_000
"""Characters of one node's instructions: about 1,500 tokens, which a model reads anew in every turn."""


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Instructions, roles and messages of each node together."""
    longest: dict[tuple[str, str | None], list[Written]] = {}
    for written in subject.texts():
        if written.use in {"instruct", "role", "message"} and isinstance(written.text, str):
            longest.setdefault((written.node, written.language), []).append(written)
    for texts in longest.values():
        total = sum(len(written.text) for written in texts)
        if total > BUDGET:
            most = max(texts, key=lambda written: len(written.text))
            message = f"the model is told {total:,} characters here, in every turn; the budget is {BUDGET:,}."
            fix = "Shorten it: a tool or another node may hold what is seldom needed."
            yield subject.problem("VOX005", most.path, message, fix, Severity.WARNING)
