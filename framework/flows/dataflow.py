"""Carry facts along the ways of a flow until nothing changes: sets as bits of whole numbers."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def spread(begin: Mapping[str, int], ways: Mapping[str, Sequence[tuple[str, int, int]]]) -> dict[str, int]:
    """Node → the facts that hold on entering it on at least one path.

    Args:
        begin: The facts with which a path may begin at a node.
        ways: Node → its ways: the target, the facts that survive, and those that the way adds.

    >>> spread({"a": 0b11}, {"a": [("b", 0b01, 0b100)], "b": []})
    {'a': 3, 'b': 5}
    """
    found = dict(begin)
    todo = deque(begin)
    waiting = set(begin)
    while todo:
        name = todo.popleft()
        waiting.discard(name)
        facts = found[name]
        for target, kept, added in ways[name]:
            before = found.get(target)
            after = (before or 0) | (facts & kept) | added
            if after != before:
                found[target] = after
                if target not in waiting:
                    waiting.add(target)
                    todo.append(target)
    return found
