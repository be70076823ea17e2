"""One document: its text, its value, and where every key and value of it was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from framework.documents.align import align
from framework.documents.diagnostics import Span

KeyPath = Sequence[str | int]
"""The keys and indexes that lead from the top of a document to a value."""


@dataclass(slots=True)
class Node:
    """A value with its place; containers know their children and where their keys stand."""

    span: Span
    value: Any
    children: dict[Any, Node] = field(default_factory=dict)
    """By key, or by index in a list; scalars share one empty dict."""
    keys: dict[Any, Span] = field(default_factory=dict)
    size: int = 1
    """How many values this is when every alias is written out."""
    height: int = 1
    """How deep it nests."""
    style: str = ""
    """How a scalar was written: plain, quoted (`'`, `"`) or as a block (`|`, `>`)."""
    broken: bool = False
    """The value could not be read, and that was said; what stands here is no more than a place."""

    def rename(self, key: Any, to: Any) -> None:
        """Take a misspelt key for what it was meant to be, in its place among the others."""
        self.children = {to if k == key else k: child for k, child in self.children.items()}
        self.keys = {to if k == key else k: span for k, span in self.keys.items()}


@dataclass(frozen=True)
class Source:
    """A document that was read, and the files it was read from."""

    file: str
    text: str
    value: Any
    root: Node = field(repr=False)
    texts: Mapping[str, str] = field(repr=False)
    """Every file by name: this one and those it includes."""
    hash: str = ""
    """SHA-256 over the file and what it includes, in hex."""
    ours: bool = True
    """False: written in Pipecat's format and read as Pipecat reads it."""
    whole: bool = True
    """False: parts could not be read, see `Node.broken`."""

    def node(self, path: KeyPath) -> Node:
        """The node at `path`, or the nearest ancestor that was written."""
        return self._walk(path)[0]

    def has(self, path: KeyPath) -> bool:
        """True when something was written at `path`; a single value stands for a list of one."""
        return self._walk(path)[1]

    def broken(self, path: KeyPath) -> bool:
        """True when something was written at `path` that could not be read."""
        node, written = self._walk(path)
        return written and node.broken

    def _walk(self, path: KeyPath) -> tuple[Node, bool]:
        here = self.root
        for part in path:
            inner = here.children.get(part)
            if inner is not None:
                here = inner
            elif part != 0 or isinstance(here.value, list):
                return here, False
        return here, True

    def locate(self, path: KeyPath) -> Span:
        """The span of the value at `path`, or of the nearest ancestor that was written."""
        return self.node(path).span

    def locate_key(self, path: KeyPath) -> Span:
        """The span of the key at the end of `path`; of an item or ancestor where there is no key."""
        for end in range(len(path), 0, -1):
            parent, key = self.node(path[: end - 1]), path[end - 1]
            if self.has(path[:end]) and key in parent.children:
                return parent.keys.get(key) or parent.children[key].span
        return self.root.span

    def locate_inside(self, path: KeyPath, offset: int) -> Span:
        """The place of the character `offset` of the text at `path`."""
        node = self.node(path)
        if not isinstance(node.value, str) or node.span.file not in self.texts:
            return node.span
        line, column = align(self.texts[node.span.file], node.span, node.value, node.style, offset)
        return Span.point(node.span.file, line, column)
