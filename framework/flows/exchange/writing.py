"""Write plain data as YAML of our own kind: short things on one line, quotes only where they are needed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from framework.documents import scalars

WIDE = 100
"""Characters of a line that is kept on one line."""
PLAIN = re.compile(r"[\w/(+$.][^\n\t]*")
"""How a text begins that may stand without quotes, anywhere."""
NEVER = re.compile(r": |:$| #|^\s|\s$|[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]|^---|^\.\.\.")
INSIDE = re.compile(r"[,\[\]{}]")
"""What a text between brackets may not hold without quotes."""

Path = tuple[str | int, ...]


def written(value: Mapping[str, Any], comments: Mapping[Path, list[str]] | None = None) -> str:
    """The text of a file, which means the same as a file of ours and as YAML 1.1.

    Args:
        value: Mappings, lists, texts, numbers, truth values and null.
        comments: Path → lines that stand above it, with their `#`; those of `()` stand first.
    """
    notes = dict(comments or {})
    lines = [*notes.get((), []), *_block(value, (), 0, notes)]
    return "\n".join(lines) + "\n"


def scalar(value: Any, *, inside: bool = False) -> str:
    """A single value; a text stands without quotes where every reader takes it for that text.

    >>> scalar("yes"), scalar("true"), scalar("a: b"), scalar("a, b", inside=True), scalar(3)
    ('"yes"', '"true"', '"a: b"', '"a, b"', '3')
    """
    if not isinstance(value, str):
        return json.dumps(value)
    return value if _plain(value, inside=inside) else quoted(value)


def quoted(text: str) -> str:
    r"""A text between double quotes, on one line.

    >>> quoted('say "x"\n')
    '"say \\"x\\"\\n"'
    """
    body = json.dumps(text, ensure_ascii=False)
    return "".join(char if char == " " or char.isprintable() else _escape(char) for char in body)


def _escape(char: str) -> str:
    number = ord(char)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"  # noqa: PLR2004 - four figures


def _plain(text: str, *, inside: bool) -> bool:
    """Whether a text reads as itself without quotes."""
    if not PLAIN.fullmatch(text) or NEVER.search(text) or (inside and INSIDE.search(text)):
        return False
    try:
        return bool(scalars.ours(text) == text and scalars.yaml11(text) == text)
    except ValueError:
        return False


def _line(value: Any) -> str | None:
    """A value on one line, None when it is too long or too deep for that."""
    if isinstance(value, Mapping):
        if not value:
            return "{}"
        parts = [(_key(key), _line(item)) for key, item in value.items()]
        text = "{" + ", ".join(f"{key}: {item}" for key, item in parts) + "}"
        return None if any(item is None for _, item in parts) or len(text) > WIDE else text
    if isinstance(value, list):
        items = [_line(item) for item in value]
        text = "[" + ", ".join(item or "" for item in items) + "]"
        return None if any(item is None for item in items) or len(text) > WIDE else text
    if isinstance(value, str) and "\n" in value.rstrip("\n"):
        return None
    return scalar(value, inside=True)


def _key(key: Any) -> str:
    return scalar(str(key), inside=True)


def _block(value: Any, path: Path, depth: int, notes: Mapping[Path, list[str]]) -> Iterator[str]:
    if isinstance(value, Mapping):
        for number, (key, item) in enumerate(value.items()):
            here = (*path, key)
            if number and path == ("nodes",) and len(value) > 1 and _line(item) is None:
                yield ""
            yield from (f"{'  ' * depth}{line}" for line in notes.get(here, []))
            yield from _entry(f"{'  ' * depth}{_key(key)}:", item, here, depth, notes)
    else:
        for number, item in enumerate(value):
            here = (*path, number)
            yield from (f"{'  ' * depth}{line}" for line in notes.get(here, []))
            yield from _item(item, here, depth, notes)


def _entry(head: str, item: Any, path: Path, depth: int, notes: Mapping[Path, list[str]]) -> Iterator[str]:
    if isinstance(item, str):
        yield from _text(head, item, depth)
    elif isinstance(item, Mapping | list):
        line = _line(item) if _flat(path, item) else None
        if line is not None and len(head) + 1 + len(line) <= WIDE:
            yield f"{head} {line}"
        else:
            yield head
            yield from _block(item, path, depth + 1, notes)
    else:
        yield f"{head} {scalar(item)}"


def _flat(path: Path, item: Any) -> bool:
    """Whether a value may stand on one line: the large parts of a file never do."""
    return not item or (path not in {("nodes",), ("slots",), ("interrupts",)} and path[-1] not in ("next", "functions"))


def _item(item: Any, path: Path, depth: int, notes: Mapping[Path, list[str]]) -> Iterator[str]:
    head = "  " * depth + "-"
    if isinstance(item, Mapping) and item:
        line = _line(item)
        if line is not None and len(head) + 1 + len(line) <= WIDE:
            yield f"{head} {line}"
            return
        lines = list(_block(item, path, depth + 1, notes))
        yield head + lines[0][len(head) :]
        yield from lines[1:]
    else:
        yield from _entry(head, item, path, depth, notes)


def _text(head: str, text: str, depth: int) -> Iterator[str]:
    """A text; several lines stand below one another where they can."""
    lines = text.split("\n")
    tidy = all(line == line.rstrip() and (not line or line.isprintable()) for line in lines)
    if len(lines) > 1 and tidy and lines[0].strip() and not lines[0].startswith(" ") and not text.endswith("\n\n"):
        body = lines[:-1] if text.endswith("\n") else lines
        yield f"{head} |" + ("" if text.endswith("\n") else "-")
        yield from ("  " * (depth + 1) + line if line else "" for line in body)
        return
    yield f"{head} {scalar(text)}"
