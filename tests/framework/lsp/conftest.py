"""An editor that starts `convo lsp` as a process and speaks with it."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
import pytest_asyncio
from lsprotocol import types
from pygls.lsp.client import LanguageClient

WAIT_S = 40

PLUGIN = '''"""Weather."""

from framework import hookimpl, tool


@tool
async def now(city: str, days: int = 1) -> dict[str, str]:
    """Say what the weather is like in a city.

    Args:
        city: Where.
    """
    print("a plugin that prints")
    return {"city": city}


print("noise")


@hookimpl
def register_tools(tools):
    tools.add(now)
'''

FLOW = """\
flow: x
personality: ava
slots:
  size: {type: enum, values: [small, large], prompt: "Which size?", description: How large it is.}
  who: person_name
defaults: {no_input: [{after: 8s, say: Are you there?}]}
initial_node: greet
nodes:
  greet: {say: "Hello 𠮷 {{ default(slots.who, 'you') }}", next: ask}
  ask:
    collect: [size, who]
    next:
      - {if: slots.size == "small", goto: bye}
      - {else: look}
  look:
    run: weather.now
    with: {city: "{{ slots.who }}"}
    save: {who: result.city}
    next: [{outcome: [error, timeout], goto: bye}, {else: bye}]
  bye: {say: Goodbye., end: true}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a personality, a tool and a flow."""
    (tmp_path / "convo.yaml").write_text("bots:\n  b: {flow: x}\ntransfers: {frontdesk: '+15550100000'}\n")
    for folder in ("flows", "personalities", "plugins/weather"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "personalities/ava.yaml").write_text(
        "personality: ava\nname: Ava\nrole: You are Ava.\nlanguages: [en]\n"
    )
    (tmp_path / "plugins/weather/__init__.py").write_text(PLUGIN)
    (tmp_path / "flows/x.yaml").write_text(FLOW)
    return tmp_path


class Editor:
    """The client with what an editor does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.client = LanguageClient("an editor", "1")
        self.told: asyncio.Queue[types.PublishDiagnosticsParams] = asyncio.Queue()
        self.numbers: dict[str, int] = {}
        self.texts: dict[str, str] = {}

        @self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def _published(params: types.PublishDiagnosticsParams) -> None:
            self.told.put_nowait(params)

    def visit(self, folder: Path) -> None:
        """Turn to a project."""
        self.folder = folder
        self.numbers, self.texts = {}, {}
        while not self.told.empty():
            self.told.get_nowait()

    def leave(self) -> None:
        """Close everything."""
        for name in self.numbers:
            document = types.TextDocumentIdentifier(self.uri(name))
            self.client.text_document_did_close(types.DidCloseTextDocumentParams(document))

    async def start(self, *arguments: str, encodings: tuple[str, ...] = ()) -> types.InitializeResult:
        place = {**os.environ, "PYTHONUNBUFFERED": "1"}
        await self.client.start_io(
            sys.executable, "-m", "framework", "lsp", *arguments, cwd=str(self.folder), env=place
        )
        general = types.GeneralClientCapabilities(position_encodings=list(encodings)) if encodings else None
        params = types.InitializeParams(
            capabilities=types.ClientCapabilities(general=general),
            root_uri=self.folder.as_uri(),
            process_id=os.getpid(),
        )
        result = await asyncio.wait_for(self.client.initialize_async(params), WAIT_S)
        self.client.initialized(types.InitializedParams())
        return result

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def open(self, name: str, text: str | None = None) -> None:
        path = self.folder / name
        text = path.read_text() if text is None else text
        self.numbers[name], self.texts[name] = 1, text
        document = types.TextDocumentItem(self.uri(name), "yaml", 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(document))

    def change(self, name: str, text: str) -> None:
        self.numbers[name] += 1
        self.texts[name] = text
        document = types.VersionedTextDocumentIdentifier(self.numbers[name], self.uri(name))
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))

    async def problems(self, name: str) -> list[types.Diagnostic]:
        """What is wrong with the newest version of a file."""
        while True:
            params = await asyncio.wait_for(self.told.get(), WAIT_S)
            if params.uri == self.uri(name) and params.version == self.numbers[name]:
                return list(params.diagnostics)

    async def until(self, name: str, *codes: str) -> None:
        """Wait until these problems, and no others, are told of a file."""
        async with asyncio.timeout(WAIT_S):
            while [d.code for d in await self.problems(name)] != list(codes):
                pass

    def at(self, name: str, part: str, *, skip: int = 0, into: int = 0) -> dict[str, object]:
        """The question about the place where a part of the text stands."""
        text = self.texts[name]
        begin = -1
        for _ in range(skip + 1):
            begin = text.index(part, begin + 1)
        begin += into
        line = text.count("\n", 0, begin)
        column = len(text[text.rfind("\n", 0, begin) + 1 : begin].encode("utf-16-le")) // 2
        return {
            "text_document": types.TextDocumentIdentifier(self.uri(name)),
            "position": types.Position(line, column),
        }

    def taken(self, place: types.Range, name: str) -> str:
        """The text of a range."""
        lines = self.texts[name].split("\n")
        assert place.start.line == place.end.line
        raw = lines[place.start.line].encode("utf-16-le")
        return raw[2 * place.start.character : 2 * place.end.character].decode("utf-16-le")

    def changed(self, edit: types.WorkspaceEdit, name: str) -> str:
        """The text after the edits of a file."""
        lines = self.texts[name].split("\n")
        edits = sorted(edit.changes[self.uri(name)], key=lambda e: (e.range.start.line, e.range.start.character))
        for one in reversed(edits):
            begin, end = one.range.start, one.range.end
            raw = [line.encode("utf-16-le") for line in lines]
            joined = raw[begin.line][: 2 * begin.character].decode("utf-16-le") + one.new_text
            joined += raw[end.line][2 * end.character :].decode("utf-16-le")
            lines[begin.line : end.line + 1] = [joined]
        return "\n".join(lines)

    async def stop(self) -> int:
        await asyncio.wait_for(self.client.shutdown_async(None), WAIT_S)
        self.client.exit(None)
        return await asyncio.wait_for(self.client._server.wait(), WAIT_S)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory):
    """A server for all tests of a module; each has a project of its own."""
    one = Editor(tmp_path_factory.mktemp("elsewhere"))
    await one.start()
    yield one
    await one.stop()
    await one.client.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def editor(server, project: Path):
    """An editor that has just opened a project."""
    server.visit(project)
    yield server
    server.leave()
