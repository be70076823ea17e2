"""Follow a name to where it is defined and to everywhere it stands, and give it another one."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framework.documents import Edit, Span
from framework.documents.align import begins_of, offset_of
from framework.documents.scalars import ours
from framework.errors import FrameworkError, UserError
from framework.lsp.places import use_at, where

if TYPE_CHECKING:
    from framework.flows.names import Use
    from framework.lsp.desk import Desk, Document

RENAMED = {"node", "slot", "event", "interrupt", "timer"}
"""What a flow defines itself, and so can be renamed in it."""

IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*")
PLAIN = re.compile(r"[A-Za-z_][\w-]*(?: [\w-]+)*")
INCLUDE = re.compile(r"!include\s+(?P<path>[^\s,\]}#]+)")


def definition(desk: Desk, document: Document, offset: int) -> list[Span]:
    """Where what stands at a character is defined; a file of its own counts from its beginning."""
    with desk.reading():
        use = use_at(document, offset)
        if use is None:
            return _included(document, offset)
        if use.kind in RENAMED and (flow := desk.flow_of(document)) is not None:
            return [u.span for u in flow.uses if u.defines and (u.kind, u.name) == (use.kind, use.name)]
        return _elsewhere(desk, document, use)


def references(desk: Desk, document: Document, offset: int) -> list[Span]:
    """Everywhere that the name at a character stands, its definition included."""
    with desk.reading():
        use = use_at(document, offset)
        return sorted({u.span for u in _same(desk, document, use)}) if use is not None else []


def rename(desk: Desk, document: Document, offset: int, name: str) -> list[Edit]:
    """The changes that give the node or slot at a character another name; `UserError` says why there are none."""
    with desk.reading():
        use = renamable(desk, document, offset)
        _admit(desk.flow_of(document) or document, use, name)
        found = {use.span: use for use in _same(desk, document, use)}
        return [Edit(span, _written(_text(desk, document, span), span, name)) for span in sorted(found)]


def renamable(desk: Desk, document: Document, offset: int) -> Use:
    """The name at a character, if it can be renamed; `UserError` says why not."""
    use = use_at(document, offset)
    if use is None:
        raise UserError("no name stands here.", fix="Put the cursor on a node's or a slot's name.")
    if use.kind not in RENAMED:
        raise UserError(f"a {use.kind} is not defined in this file.", fix="Rename it where it is defined.")
    flow = desk.flow_of(document)
    if flow is None or not any(u.defines and (u.kind, u.name) == (use.kind, use.name) for u in flow.uses):
        raise UserError(f"there is no {use.kind} `{use.name}` in this file.")
    return use


def _admit(document: Document, use: Use, name: str) -> None:
    if use.kind in {"slot", "interrupt", "timer"} and not IDENTIFIER.fullmatch(name):
        raise UserError(f"`{name}` is no name of a {use.kind}.", fix="Use lower-case letters, digits and `_`.")
    if not name.strip() or not name.isprintable():
        raise UserError("a name is a text on one line.")
    if name != use.name and name in document.names(use.kind):
        raise UserError(f"there is a {use.kind} `{name}` already.")


def _same(desk: Desk, document: Document, use: Use) -> Iterator[Use]:
    """Every place of the same name: in the flow, in its scenarios, and its inputs and outputs where it is called."""
    flow = desk.flow_of(document) if use.kind in RENAMED else None
    for one in [flow, *desk.scenarios(flow)] if flow is not None else [document]:
        yield from (u for u in one.uses if (u.kind, u.name) == (use.kind, use.name) and not _of_another(one, u))
    if use.kind == "slot" and flow is not None:
        yield from _in_callers(desk, flow, use.name)


def _of_another(document: Document, use: Use) -> bool:
    """True in a scenario that names a flow of its own, in a file of scenarios about another one."""
    if document.kind != "scenario" or use.path[:1] != ("scenarios",) or document.source is None:
        return False
    scenario = document.source.node(use.path[:2]).value
    return isinstance(scenario, dict) and "flow" in scenario


def _in_callers(desk: Desk, document: Document, slot: str) -> Iterator[Use]:
    value = document.source.value if document.source else {}
    given, taken = (_listed(value.get(key)) for key in ("inputs", "outputs"))
    if slot not in given and slot not in taken:
        return
    for other in desk.flows(document.path):
        if other.path.resolve() == document.path.resolve() or other.source is None:
            continue
        for use in other.uses:
            node = other.source.node(use.path[:2]).value if use.path[:1] == ("nodes",) else None
            if not isinstance(node, dict) or node.get("subflow") != value.get("flow") or use.name != slot:
                continue
            if (use.kind == "argument" and slot in given) or (use.kind == "result" and slot in taken):
                yield use


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(desk: Desk, document: Document, span: Span) -> str:
    if span.file == str(document.path):
        return document.text
    if document.source is not None and span.file in document.source.texts:
        return document.source.texts[span.file]
    return desk.document(Path(span.file)).text


def _written(text: str, span: Span, name: str) -> str:
    """The new name as it must be written there: bare, or as the quotes around it want it."""
    begin = offset_of(text, span.line, span.column)
    end = offset_of(text, span.end_line, span.end_column)
    before, after = text[begin - 1 : begin], text[end : end + 1]
    if before == after == '"':
        return json.dumps(name, ensure_ascii=False)[1:-1]
    if before == after == "'":
        return name.replace("'", "''")
    safe = PLAIN.fullmatch(name) and isinstance(ours(name), str)
    return name if safe or before == "." else json.dumps(name, ensure_ascii=False)


# --- Other files --------------------------------------------------------------


def _elsewhere(desk: Desk, document: Document, use: Use) -> list[Span]:
    around = desk.around(document.path)
    paths = {
        "flow": around.project.flow_path,
        "personality": around.project.personality_path,
        "stack": around.project.stack_path,
    }
    try:
        if use.kind in paths:
            return [Span.start(str(paths[use.kind](use.name).resolve()))]
        if use.kind in {"transfer", "bot"} and around.project.source is not None:
            source = around.project.source
            key = ("transfers" if use.kind == "transfer" else "bots", use.name)
            return [_absolute(source.locate_key(key))] if source.has(key) else []
        if use.kind == "tool":
            return _code(around.vocabulary.tools.get(use.name))
        if use.kind == "action":
            return _code(around.host.actions.get(use.name))
    except FrameworkError:
        return []
    return []


def _code(offered: Any) -> list[Span]:
    """Where a function of a plugin is written."""
    try:
        function = inspect.unwrap(offered.function)
        file, (_, line) = inspect.getsourcefile(function), inspect.getsourcelines(function)
    except (AttributeError, TypeError, OSError):
        return []
    return [Span.point(file, max(line, 1), 1)] if file else []


def _absolute(span: Span) -> Span:
    return Span(str(Path(span.file).resolve()), span.line, span.column, span.end_line, span.end_column)


def _included(document: Document, offset: int) -> list[Span]:
    """The file behind an `!include`."""
    line, column = where(document.text, offset)
    begin = begins_of(document.text)[line - 1]
    end = document.text.find("\n", begin)
    for found in INCLUDE.finditer(document.text[begin : end if end >= 0 else len(document.text)]):
        if found.start() < column <= found.end() + 1:
            path = document.path.parent / found["path"].strip("\"'")
            return [Span.start(str(path.resolve()))] if path.is_file() else []
    return []
