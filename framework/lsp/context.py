"""Find out what may be written at a place: by trying a word there until YAML takes the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from framework.lsp.places import where
from framework.lsp.reading import read_on

if TYPE_CHECKING:
    from pathlib import Path as File

    from framework.documents import Source
    from framework.documents.source import Node

MARK = "zzcursorzz"
WORD = re.compile(r"[\w.-]")
PART = re.compile(r"\w")
ALONE = re.compile(rf"[\w.-]*{MARK}")
INSIDE = re.compile(r"\{\{(?:(?!\}\}).)*$", re.DOTALL)

Path = tuple[str | int, ...]
Role = Literal["key", "value", "inside"]


@dataclass(frozen=True)
class Context:
    """What is being written."""

    role: Role
    """A key, a whole value, or a part of a text."""
    path: Path
    """Of the value, or of the mapping in which the key shall stand."""
    source: Source
    """The file with the mark in it."""
    before: str = ""
    """What the text holds before the cursor."""

    @property
    def expression(self) -> str | None:
        """What stands before the cursor in the placeholder around it; None outside of one."""
        found = INSIDE.search(self.before)
        return found[0][2:] if found else None

    @property
    def siblings(self) -> Node:
        """The mapping around it."""
        return self.source.node(self.path if self.role == "key" else self.path[:-1])


def word_at(text: str, offset: int) -> tuple[int, int]:
    """The characters of the word around a place, dots and dashes included."""
    begin = end = offset
    while begin > 0 and WORD.match(text[begin - 1]):
        begin -= 1
    while end < len(text) and WORD.match(text[end]):
        end += 1
    return begin, end


def context_at(path: File, text: str, offset: int) -> Context | None:
    """What may be written at a character; None where nobody can tell, as in a comment."""
    begin, end = part_at(text, offset)
    if _in_comment(text, begin):
        return None
    keep, _ = where(text, begin)
    for marked in _attempts(text, begin, end):
        source = read_on(path, marked, keep=keep)
        if source is not None and (found := _find(source, source.root, ())):
            return found
    return None


def _in_comment(text: str, at: int) -> bool:
    line = text[text.rfind("\n", 0, at) + 1 : at]
    bare = re.sub(r"'[^']*'|\"(?:\\.|[^\"\\])*\"", "", line)
    return re.search(r"(^|\s)#", bare) is not None and "{{" not in bare


def _attempts(text: str, begin: int, end: int) -> Iterator[str]:
    """The text with the mark in the place of the word: as it is, as a key, and with what is still open closed."""
    head, tail = text[:begin], text[end:]
    fold = re.search(r"[\r\n]|$", tail)
    rest = tail[fold.start() :] if fold else ""
    yield head + MARK + tail
    yield f"{head}{MARK}: {tail}"
    line = head[head.rfind("\n") + 1 :]
    for closing in _closings(line):
        yield head + MARK + closing + rest
        yield f"{head}{MARK}: {closing}{rest}"


def _closings(line: str) -> Iterator[str]:
    """What would close the quotes and brackets that a line leaves open."""
    quote, stack, at = "", [], 0
    pairs = {"{": "}", "[": "]"}
    while at < len(line):
        char = line[at]
        if quote:
            if quote == '"' and char == "\\":
                at += 1
            elif char == quote:
                quote = ""
        elif char in "'\"" and not re.search(r"\w$", line[:at]):
            quote = char
        elif char in pairs:
            stack.append(pairs[char])
        elif stack and char == stack[-1]:
            stack.pop()
        at += 1
    ending = "".join(reversed(stack))
    yield quote + ending
    yield f" }}}}{quote}{ending}"
    yield ""


def _find(source: Source, node: Node, path: Path) -> Context | None:
    """Where the mark is."""
    for key, child in node.children.items():
        if isinstance(key, str) and MARK in key:
            return Context("key", path, source)
        if isinstance(child.value, str) and MARK in child.value:
            before = child.value[: child.value.index(MARK)]
            whole = ALONE.fullmatch(child.value.strip())
            return Context("value" if whole else "inside", (*path, key), source, before)
        if child.children and (found := _find(source, child, (*path, key))):
            return found
    return None


def part_at(text: str, offset: int) -> tuple[int, int]:
    """The characters of the word around a place, without what stands before a dot."""
    begin = end = offset
    while begin > 0 and PART.match(text[begin - 1]):
        begin -= 1
    while end < len(text) and PART.match(text[end]):
        end += 1
    return begin, end
