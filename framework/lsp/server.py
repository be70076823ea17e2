"""Speak the Language Server Protocol: turn an editor's questions into ours, and our answers into its own."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from loguru import logger
from lsprotocol import types
from pygls import uris
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from framework.checker import codes
from framework.documents import Severity
from framework.errors import FrameworkError
from framework.lsp import actions, completion, hover, references, symbols
from framework.lsp.desk import Desk, Document
from framework.lsp.text import Text

if TYPE_CHECKING:
    from framework.documents import Diagnostic, Edit, Span

Answer = TypeVar("Answer")

DEBOUNCE_S = 0.2
"""How long an editor must be quiet before what it holds is checked."""

SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}
ITEMS = {
    "key": types.CompletionItemKind.Property,
    "name": types.CompletionItemKind.Reference,
    "value": types.CompletionItemKind.EnumMember,
    "function": types.CompletionItemKind.Function,
}
SYMBOLS = {
    "section": types.SymbolKind.Namespace,
    "key": types.SymbolKind.Property,
    "nodes": types.SymbolKind.Method,
    "slots": types.SymbolKind.Variable,
    "events": types.SymbolKind.Event,
    "interrupts": types.SymbolKind.Interface,
    "timers": types.SymbolKind.Event,
}


class Server(LanguageServer):
    """One editor's server: its desk, and what is to be checked next."""

    def __init__(self) -> None:
        super().__init__("convo", _version(), text_document_sync_kind=types.TextDocumentSyncKind.Full)
        self.desk = Desk()
        self.open: dict[str, int | None] = {}
        """Address of each open document → its version."""
        self._checks: dict[str, asyncio.Task[None]] = {}

    # --- Documents ------------------------------------------------------------

    def hold(self, uri: str, text: str, number: int | None) -> None:
        """The editor has opened or changed a document."""
        if (path := path_of(uri)) is not None:
            self.open[uri] = number
            self.desk.hold(path, text)
            self.later(uri)

    def release(self, uri: str) -> None:
        """The editor has closed a document."""
        self.open.pop(uri, None)
        if (path := path_of(uri)) is not None:
            self.desk.release(path)
        if (task := self._checks.pop(uri, None)) is not None:
            task.cancel()
        self.publish(uri, [], None)

    def later(self, uri: str, *, wait: float = DEBOUNCE_S) -> None:
        """Check a document once the editor is quiet, and then the others: what one says may be wrong in another."""
        if (task := self._checks.get(uri)) is not None:
            task.cancel()
        self._checks[uri] = asyncio.get_running_loop().create_task(self._check(uri, wait), name=f"check {uri}")

    async def _check(self, uri: str, wait: float) -> None:
        await asyncio.sleep(wait)
        for one in [uri, *(other for other in self.open if other != uri)]:
            await self._checked(one)

    async def _checked(self, uri: str) -> None:
        number, path = self.open.get(uri), path_of(uri)
        if path is None or uri not in self.open:
            return
        try:
            found = await asyncio.to_thread(self.desk.check, path)
        except Exception:  # noqa: BLE001 - whatever a file or a plugin does, the editor keeps its server
            logger.exception("the check of a file failed")
            return
        if self.open.get(uri) == number:
            self.publish(uri, found, number)

    def publish(self, uri: str, found: Sequence[Diagnostic], number: int | None) -> None:
        """Tell the editor what is wrong with a document."""
        told = []
        if found:
            text = self.text(self.desk.document(Path(found[0].span.file)))
            told = [self._told(text, problem) for problem in found]
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, told, number))

    def _told(self, text: Text, problem: Diagnostic) -> types.Diagnostic:
        sentence = f"{problem.message[:1].upper()}{problem.message[1:]}"
        return types.Diagnostic(
            range=range_of(text, problem.span),
            message=f"{sentence} {problem.fix}".strip(),
            severity=SEVERITIES[problem.severity],
            code=problem.code,
            code_description=types.CodeDescription(codes.explain(problem.code).link),
            source="convo",
        )

    # --- Places -----------------------------------------------------------------

    def text(self, document: Document) -> Text:
        """A document's text, with positions in the units that were agreed upon."""
        return Text(document.text, str(self.server_capabilities.position_encoding or "utf-16"))

    def at(self, params: Any) -> tuple[Document, int] | None:
        """The document and the character that a question is about."""
        path = path_of(params.text_document.uri)
        if path is None:
            return None
        document = self.desk.document(path)
        return document, self.text(document).offset(params.position.line, params.position.character)

    def location(self, span: Span) -> types.Location:
        """A span of any file."""
        path = Path(span.file)
        return types.Location(uri_of(path), range_of(self.text(self.desk.document(path)), span))

    def changes(self, edits: Sequence[Edit]) -> types.WorkspaceEdit:
        """Edits, by file."""
        found: dict[str, list[types.TextEdit]] = {}
        for edit in edits:
            place = self.location(edit.span)
            found.setdefault(place.uri, []).append(types.TextEdit(place.range, edit.text))
        return types.WorkspaceEdit(changes=dict(found))


def safely(answer: Callable[[Server, Any], Answer]) -> Callable[[Server, Any], Answer | None]:
    """A question that can't be answered has no answer; it never costs the editor its server."""

    def answered(server: Server, params: Any) -> Answer | None:
        try:
            return answer(server, params)
        except JsonRpcInvalidParams:
            raise
        except FrameworkError as refused:
            raise JsonRpcInvalidParams(" ".join(str(refused).split())) from None
        except Exception:  # noqa: BLE001 - as the docstring says
            logger.exception("a question of the editor could not be answered")
            return None

    return answered


# --- Answers --------------------------------------------------------------------


def _opened(server: Server, params: types.DidOpenTextDocumentParams) -> None:
    server.hold(params.text_document.uri, params.text_document.text, params.text_document.version)


def _changed(server: Server, params: types.DidChangeTextDocumentParams) -> None:
    text = server.workspace.get_text_document(params.text_document.uri).source
    server.hold(params.text_document.uri, text, params.text_document.version)


def _saved(server: Server, params: types.DidSaveTextDocumentParams) -> None:
    if params.text_document.uri in server.open:
        server.later(params.text_document.uri, wait=0)


def _closed(server: Server, params: types.DidCloseTextDocumentParams) -> None:
    server.release(params.text_document.uri)


def _complete(server: Server, params: types.CompletionParams) -> types.CompletionList | None:
    asked = server.at(params)
    if asked is None:
        return None
    document, offset = asked
    (begin, end), items = completion.complete(server.desk, document, offset)
    place = between(server.text(document), begin, end)
    return types.CompletionList(is_incomplete=False, items=[_item(item, place) for item in items])


def _item(item: completion.Item, place: types.Range) -> types.CompletionItem:
    new = item.insert or item.label
    return types.CompletionItem(
        label=item.label,
        kind=ITEMS[item.kind],
        documentation=types.MarkupContent(types.MarkupKind.Markdown, item.detail) if item.detail else None,
        text_edit=types.TextEdit(place, new),
        filter_text=item.label,
    )


def _hover(server: Server, params: types.HoverParams) -> types.Hover | None:
    asked = server.at(params)
    found = hover.hover(server.desk, *asked) if asked else None
    if asked is None or found is None:
        return None
    text, span = found
    place = range_of(server.text(asked[0]), span)
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text), place)


def _definition(server: Server, params: types.DefinitionParams) -> list[types.Location]:
    asked = server.at(params)
    return [server.location(span) for span in references.definition(server.desk, *asked)] if asked else []


def _references(server: Server, params: types.ReferenceParams) -> list[types.Location]:
    asked = server.at(params)
    return [server.location(span) for span in references.references(server.desk, *asked)] if asked else []


def _renamable(server: Server, params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder | None:
    asked = server.at(params)
    if asked is None:
        return None
    use = references.renamable(server.desk, *asked)
    return types.PrepareRenamePlaceholder(range_of(server.text(asked[0]), use.span), use.name)


def _rename(server: Server, params: types.RenameParams) -> types.WorkspaceEdit | None:
    asked = server.at(params)
    return server.changes(references.rename(server.desk, *asked, params.new_name)) if asked else None


def _symbols(server: Server, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    path = path_of(params.text_document.uri)
    if path is None:
        return []
    document = server.desk.document(path)
    text = server.text(document)
    return [_symbol(text, symbol) for symbol in symbols.symbols(document)]


def _symbol(text: Text, symbol: symbols.Symbol) -> types.DocumentSymbol:
    return types.DocumentSymbol(
        name=symbol.name,
        kind=SYMBOLS.get(symbol.kind, types.SymbolKind.Object),
        range=range_of(text, symbol.span),
        selection_range=range_of(text, symbol.name_span),
        detail=symbol.detail or None,
        children=[_symbol(text, child) for child in symbol.children],
    )


def _actions(server: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    path = path_of(params.text_document.uri)
    if path is None:
        return []
    document = server.desk.document(path)
    text, problems = server.text(document), server.desk.check(path)
    wanted = [p for p in problems if _meets(range_of(text, p.span), params.range)]
    only = params.context.only
    found = []
    if _asked(only, types.CodeActionKind.QuickFix):
        found += [_action(server, text, action) for action in actions.actions(document, wanted)]
    edits = actions.mending([p for p in problems if p.edit and p.edit.span.file == str(document.path)])
    if edits and _asked(only, types.CodeActionKind.SourceFixAll):
        title, kind = "Mend all that is safe to mend", types.CodeActionKind.SourceFixAll
        found.append(types.CodeAction(title, kind=kind, edit=server.changes(edits)))
    return found


def _action(server: Server, text: Text, action: actions.Action) -> types.CodeAction:
    return types.CodeAction(
        title=action.title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[server._told(text, problem) for problem in action.problems],  # noqa: SLF001 - same module
        is_preferred=action.preferred,
        edit=server.changes(action.edits),
    )


def _asked(only: Sequence[types.CodeActionKind | str] | None, kind: types.CodeActionKind) -> bool:
    """True when the editor wants actions of a kind; a kind includes those below it."""
    return not only or any(f"{kind.value}.".startswith(f"{_value(wanted)}.") for wanted in only)


def _value(kind: types.CodeActionKind | str) -> str:
    return kind.value if isinstance(kind, types.CodeActionKind) else kind


def _meets(one: types.Range, other: types.Range) -> bool:
    def key(place: types.Position) -> tuple[int, int]:
        return place.line, place.character

    return key(one.start) <= key(other.end) and key(other.start) <= key(one.end)


ANSWERS: tuple[tuple[str, Callable[[Server, Any], Any], Any], ...] = (
    (types.TEXT_DOCUMENT_DID_OPEN, _opened, None),
    (types.TEXT_DOCUMENT_DID_CHANGE, _changed, None),
    (types.TEXT_DOCUMENT_DID_SAVE, _saved, None),
    (types.TEXT_DOCUMENT_DID_CLOSE, _closed, None),
    (types.TEXT_DOCUMENT_COMPLETION, _complete, types.CompletionOptions(trigger_characters=[".", " ", ":", "[", "{"])),
    (types.TEXT_DOCUMENT_HOVER, _hover, None),
    (types.TEXT_DOCUMENT_DEFINITION, _definition, None),
    (types.TEXT_DOCUMENT_REFERENCES, _references, None),
    (types.TEXT_DOCUMENT_PREPARE_RENAME, _renamable, None),
    (types.TEXT_DOCUMENT_RENAME, _rename, types.RenameOptions(prepare_provider=True)),
    (types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, _symbols, None),
    (
        types.TEXT_DOCUMENT_CODE_ACTION,
        _actions,
        types.CodeActionOptions([types.CodeActionKind.QuickFix, types.CodeActionKind.SourceFixAll]),
    ),
)
"""Question → answer, and what is told of it beforehand."""


def made() -> Server:
    """A server that knows all answers."""
    server = Server()
    for name, answer, options in ANSWERS:
        server.feature(name, options)(safely(answer))
    return server


def serve(port: int | None = None) -> None:
    """Answer one editor until it leaves: over standard input and output, or at a port of this machine."""
    server = made()
    if port is not None:
        server.start_tcp("127.0.0.1", port)
        return
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a plugin prints must not mix with the protocol
    server.start_io(sys.stdin.buffer, out)


# --- Their words ------------------------------------------------------------------


def path_of(uri: str) -> Path | None:
    """The file behind an address; None for what is no file."""
    path = uris.to_fs_path(uri) if uri.startswith("file:") else None
    return Path(path) if path else None


def uri_of(path: Path) -> str:
    """The address of a file."""
    return uris.from_fs_path(str(path)) or path.as_uri()


def range_of(text: Text, span: Span) -> types.Range:
    """A span as an editor counts it."""
    return between(text, *text.span(span))


def between(text: Text, begin: int, end: int) -> types.Range:
    """The range of some characters."""
    return types.Range(types.Position(*text.position(begin)), types.Position(*text.position(end)))


def _version() -> str:
    try:
        return version("convo-framework")
    except PackageNotFoundError:
        return "0"
