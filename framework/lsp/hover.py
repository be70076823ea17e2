"""Say what a key, a tool, a slot or a node is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from framework.flows import names as tables
from framework.lsp.completion import ABOUT
from framework.lsp.places import place_at, use_at
from framework.lsp.tables import docs_of, field_at, verb_of

if TYPE_CHECKING:
    from framework.documents import Span
    from framework.flows.names import Use
    from framework.lsp.desk import Desk, Document

DOES = ("say", "instruct", "collect", "run", "subflow", "transfer", "wait")
SHOWN = 200
"""Characters of a text that are shown."""


def hover(desk: Desk, document: Document, offset: int) -> tuple[str, Span] | None:
    """Markdown about what stands at a character, and where that stands; None where there is nothing to say."""
    with desk.reading():
        use = use_at(document, offset)
        if use is not None and (told := _of_use(desk, document, use)):
            return told, use.span
        place = place_at(document, offset)
        if place is None:
            return None
        told = _of_key(document, place.path) if place.key else ""
        return (told, place.span) if told else None


def _of_use(desk: Desk, document: Document, use: Use) -> str:
    if use.kind == "node":
        return _of_node(document, use.name)
    if use.kind == "slot":
        return _of_slot(desk, document, use.name)
    if use.kind == "tool":
        return _of_tool(desk, document, use.name)
    text = desk.known(document).of(use.kind).get(use.name)
    return f"**{use.kind}** `{use.name}`\n\n{text}" if text else ""


def _of_node(document: Document, name: str) -> str:
    value = _value(document, ("nodes", name))
    if not isinstance(value, dict):
        return ""
    lines = [f"**node** `{name}`: {verb_of(value)}"]
    lines += [str(value[key]) for key in ("title", "description") if isinstance(value.get(key), str)]
    lines += [f"{key}: {_short(value[key])}" for key in DOES if key in value]
    return "\n\n".join(lines)


def _of_slot(desk: Desk, document: Document, name: str) -> str:
    declared = _value(document, ("slots", name))
    if declared is None:
        return ""
    options = declared if isinstance(declared, dict) else {"type": declared}
    kind = str(options.get("type", "?"))
    lines = [f"**slot** `{name}`: {kind}"]
    if isinstance(options.get("description"), str):
        lines.append(options["description"])
    told = [f"{key}: {_short(value)}" for key, value in options.items() if key not in {"type", "description"}]
    lines += ["\n".join(f"- {line}" for line in told)] if told else []
    if about := desk.known(document).of("slot type").get(kind):
        lines.append(f"`{kind}`: {about}")
    return "\n\n".join(lines)


def _of_tool(desk: Desk, document: Document, name: str) -> str:
    tool = desk.known(document).tools.get(name)
    if tool is None:
        return ""
    lines = [f"**tool** `{tool.name}`", tool.description]
    needed = tool.parameters.get("required", [])
    told = [_argument(key, about, needed=key in needed) for key, about in tool.parameters.get("properties", {}).items()]
    return "\n\n".join([*lines, "\n".join(told)] if told else lines)


def _argument(name: str, about: dict[str, Any], *, needed: bool) -> str:
    words = [str(about.get("type", "any")), *([] if needed else ["may be absent"])]
    return f"- `{name}` ({', '.join(words)}) {about.get('description', '')}".rstrip()


def _of_key(document: Document, path: tuple[str | int, ...]) -> str:
    """What the model says of a key."""
    *above, key = path
    annotation, _ = field_at(document.model, tuple(above))
    model = tables.model_of(annotation)
    text = docs_of(model).get(str(key), "") if model is not None else ""
    return f"**{key}**\n\n{text}" if text else ABOUT.get(str(key), "")


def _value(document: Document, path: tuple[str | int, ...]) -> Any:
    source = document.source
    return source.node(path).value if source is not None and source.has(path) else None


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
