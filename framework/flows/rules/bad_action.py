"""FLW030: an action of Pipecat's kind has a handler too many, or one too few.

Bad:
    flow: x
    initial_node: a
    nodes: {a: {task_messages: [], pre_actions: [{type: function}], next: [{intent: is done, end: true}]}}

Good:
    flow: x
    initial_node: a
    nodes: {a: {task_messages: [], pre_actions: [{type: function, handler: note}], next: [{intent: bye, end: true}]}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Diagnostic
    from framework.flows.subject import Subject

PIPECAT = True
"""It holds for Pipecat's files too."""

FIXED = ("tts_say", "end_conversation")


def check(subject: Subject) -> Iterator[Diagnostic]:
    """`function` needs a handler; `tts_say` and `end_conversation` take none."""
    for name, node in subject.flow.nodes.items():
        for key, actions in (("pre_actions", node.pre_actions), ("post_actions", node.post_actions)):
            for index, action in enumerate(actions):
                path = ("nodes", name, key, index)
                handler = (action.model_extra or {}).get("handler")
                if action.type == "function" and not handler:
                    yield subject.problem("FLW030", path, "a `function` action needs a `handler`.", "Name it.")
                elif action.type in FIXED and handler is not None:
                    message = f"`{action.type}` takes no `handler`."
                    yield subject.problem_at_key("FLW030", (*path, "handler"), message, "Remove it.")
