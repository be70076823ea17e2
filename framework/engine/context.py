"""What becomes of the model's context when a node starts it over: pure, on messages in OpenAI's shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from framework.engine.effects import Prompt

ENDED = " has ended: "
"""Between a function that was called before and what came of it, in what a model is told later."""
SUMMARY = "Summary of the conversation so far: {summary}"


def renewed(present: Iterable[Mapping[str, Any]], prompt: Prompt) -> list[dict[str, Any]]:
    """The context after a prompt: the summary, the last turns that are kept, and the prompt's own messages."""
    if not prompt.reset:
        return [*without(present, prompt.instead), *prompt.messages]
    summary = {"role": "developer", "content": SUMMARY.format(summary=prompt.summary)}
    return [*([summary] if prompt.summary else []), *last(present, prompt.keep), *prompt.messages]


def without(messages: Iterable[Any], gone: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The messages without others, each of those taken out where it stands last.

    >>> without([{"content": "a"}, {"content": "b"}], [{"content": "a"}])
    [{'content': 'b'}]
    """
    left = list(messages)
    for one in gone:
        place = next((at for at in range(len(left) - 1, -1, -1) if left[at] == one), None)
        if place is not None:
            del left[place]
    return left


def last(messages: Iterable[Mapping[str, Any]], number: int) -> list[dict[str, Any]]:
    """The last things that person and model said to each other, calls of functions aside.

    >>> last([{"role": "user", "content": "a"}, {"role": "tool", "content": "b"}], 4)
    [{'role': 'user', 'content': 'a'}]
    """
    said = [dict(m) for m in messages if m.get("role") in ("user", "assistant") and m.get("content")]
    plain = [{key: value for key, value in message.items() if key != "tool_calls"} for message in said]
    return plain[-number:] if number else []
