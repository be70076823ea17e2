"""What a file is made of, as an outline."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from framework.documents import Span
from framework.lsp.tables import verb_of

if TYPE_CHECKING:
    from framework.documents.source import Node
    from framework.lsp.desk import Document

PARTS = {
    "flow": ("slots", "events", "interrupts", "timers", "nodes"),
    "project": ("bots", "transfers", "tenants"),
}


@dataclass
class Symbol:
    """One thing in the outline."""

    name: str
    kind: str
    """The key it stands under, such as `nodes`; `section` for that key itself, `key` for what is neither."""
    span: Span
    """All of it, from its key on."""
    name_span: Span
    detail: str = ""
    children: list[Symbol] = field(default_factory=list)


def symbols(document: Document) -> list[Symbol]:
    """The outline of a document: sections with what they define, and single keys."""
    if document.source is None or document.kind is None:
        return []
    found = []
    root = document.source.root
    for key, child in root.children.items():
        if not _here(root.keys.get(key), document):
            continue
        inside = key in PARTS.get(document.kind, ()) and isinstance(child.value, dict)
        below = [_symbol(document, child, str(name), str(key)) for name in child.children] if inside else []
        kind = "section" if inside else "key"
        made = _made(document, root, key, kind, "" if inside else _line(child.value))
        made.children = [symbol for symbol in below if symbol is not None]
        found.append(made)
    return found


def _symbol(document: Document, owner: Node, name: str, section: str) -> Symbol | None:
    if not _here(owner.keys.get(name), document):
        return None
    return _made(document, owner, name, section, _detail(owner.children[name].value, section))


def _made(document: Document, owner: Node, key: Any, kind: str, detail: str) -> Symbol:
    name, value = owner.keys[key], owner.children[key].span
    end = value if value.file == str(document.path) and (value.line, value.column) >= (name.line, name.column) else name
    whole = Span(name.file, name.line, name.column, end.end_line, end.end_column)
    return Symbol(str(key) or "(no name)", kind, whole, name, detail)


def _here(span: Span | None, document: Document) -> bool:
    return span is not None and span.file == str(document.path)


def _detail(value: Any, section: str) -> str:
    if section == "nodes" and isinstance(value, dict):
        return verb_of(value)
    if section == "slots":
        return str(value.get("type", "")) if isinstance(value, dict) else _line(value)
    return _line(value)


def _line(value: Any) -> str:
    return "" if isinstance(value, (dict, list)) or value is None else str(value).partition("\n")[0][:60]
