"""Where in an expression each name stands: for editors, which show, follow and rename them."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOT = re.compile(r"(?<![\w.])slots\s*\.\s*([A-Za-z_]\w*)")


def places(tree: ast.expr, text: str) -> Iterator[tuple[tuple[str, ...], int]]:
    """Each name such as `slots.x`, with where its second part begins in the text; a lone name with its beginning."""
    lead = len(text) - len(text.lstrip())
    encoded = text.strip().encode()

    def at(offset: int) -> int:
        return lead + len(encoded[:offset].decode("utf-8", "replace"))

    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            end = at(node.end_col_offset or 0)
            yield (node.value.id, node.attr), end - len(node.attr)
        elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            index = node.slice
            if isinstance(index, ast.Constant) and isinstance(index.value, str):
                yield (node.value.id, index.value), at(index.col_offset) + 1


def guessed(text: str) -> list[tuple[tuple[str, ...], int]]:
    """The slots in what is no expression yet, by their looks."""
    return [(("slots", found[1]), found.start(1)) for found in SLOT.finditer(text)]
