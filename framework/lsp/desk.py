"""What lies on an editor's desk: the files it holds, what is read of them, and the projects around them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from framework.checker import Checking
from framework.checker.checking import kind_of
from framework.checker.watching import stamps, watched
from framework.documents import Diagnostic, Source, scan, unsaved
from framework.documents.files import UnreadableError, decode, fetch
from framework.errors import FrameworkError
from framework.flows.names import Kind, Use, names, uses
from framework.flows.vocabulary import Vocabulary, vocabulary
from framework.lsp.reading import read_on
from framework.lsp.tables import keys_of, model_of, values_of
from framework.plugins.discovery import forget
from framework.plugins.host import PluginHost
from framework.project import Project
from framework.project.folders import ENDINGS

if TYPE_CHECKING:
    from pydantic import BaseModel

FRESH_S = 1.0
"""For how long a project is taken to be as it was seen last."""


@dataclass
class Document:
    """One file as it is written now."""

    path: Path
    text: str
    source: Source | None
    """Without the lines that YAML can't read; None where nothing is left."""

    @cached_property
    def kind(self) -> str | None:
        """`flow`, `personality`, `stack` or `project`; None for parts and for what is none of ours."""
        return kind_of(self.source) if self.source is not None else None

    @cached_property
    def model(self) -> type[BaseModel]:
        """What describes it."""
        return model_of(self.kind or "flow", self.source)

    @cached_property
    def uses(self) -> list[Use]:
        """Every name in it."""
        if self.source is None or self.kind is None:
            return []
        return uses(self.source, self.model, values_of(self.kind), keys_of(self.kind))

    def names(self, kind: Kind) -> list[str]:
        """What it defines of a kind."""
        return list(names(self.source, kind)) if self.source is not None and self.kind == "flow" else []


@dataclass
class Around:
    """The project that a file belongs to, with its plugins."""

    project: Project
    host: PluginHost
    vocabulary: Vocabulary
    seen: dict[Path, tuple[int, int]] = field(repr=False)
    at: float = 0.0


class Desk:
    """Everything an editor has told, and what follows from it. One thing is done at a time."""

    def __init__(self) -> None:
        self.held: dict[Path, str] = {}
        self._read: dict[Path, Document] = {}
        self._around: dict[Path, Around] = {}
        self._lock = threading.RLock()

    # --- Files ----------------------------------------------------------------

    def hold(self, path: Path, text: str) -> None:
        """The editor holds this text of a file."""
        with self._lock:
            self.held[_resolved(path)] = text

    def release(self, path: Path) -> None:
        """The editor has closed the file: what is saved counts again."""
        with self._lock:
            self.held.pop(_resolved(path), None)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Whatever is read inside is read as the editor holds it."""
        with self._lock, unsaved(dict(self.held)):
            yield

    def document(self, path: Path) -> Document:
        """A file as it is now; empty where it can't be read."""
        with self.reading():
            text = self._text(path)
            known = self._read.get(path)
            if known is None or known.text != text:
                known = self._read[path] = Document(path, text, read_on(path, text) if _ours(path) else None)
            return known

    def _text(self, path: Path) -> str:
        try:
            return self.held[_resolved(path)] if _resolved(path) in self.held else decode(fetch(path))
        except UnreadableError:
            return ""

    # --- Projects ---------------------------------------------------------------

    def around(self, path: Path) -> Around:
        """The project of a file; read again when its `convo.yaml`, its plugins or its list of files have changed."""
        with self.reading():
            project = Project.find(path.parent, strict=False)
            known = self._around.get(project.root)
            now = time.monotonic()
            if known is not None and now - known.at < FRESH_S:
                return known
            seen = _shape(project)
            if known is None or known.seen != seen:
                if known is not None:
                    forget()
                host = PluginHost.load(project)
                known = Around(project, host, vocabulary(project, host), seen)
            known.at = now
            self._around[project.root] = known
            return known

    def known(self, document: Document) -> Vocabulary:
        """Every name that may be used in a document."""
        about = self.flow_of(document)
        sources = [about.source] if about is not None and about.source is not None else []
        return self.around(document.path).vocabulary.with_flows(sources)

    def flow_of(self, document: Document) -> Document | None:
        """The flow that a document is, or that its scenarios are about."""
        if document.kind == "flow":
            return document
        if document.kind != "scenario" or document.source is None:
            return None
        named = document.source.value.get("flow", document.path.stem)
        try:
            return self.document(self.around(document.path).project.flow_path(str(named)))
        except FrameworkError:
            return None

    def scenarios(self, flow: Document) -> Iterator[Document]:
        """The files of scenarios that are about a flow."""
        folder = self.around(flow.path).project.root / "flows" / "tests"
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.suffix in ENDINGS:
                document = self.document(path)
                about = self.flow_of(document) if document.kind == "scenario" else None
                if about is not None and _resolved(about.path) == _resolved(flow.path):
                    yield document

    def flows(self, path: Path) -> Iterator[Document]:
        """The flows of the project of a file that are its own."""
        project = self.around(path).project
        for name in project.names("flows"):
            file = project.flow_path(name)
            if file.resolve().is_relative_to(project.root):
                yield self.document(file)

    # --- Problems -----------------------------------------------------------------

    def check(self, path: Path) -> list[Diagnostic]:
        """What is wrong with a file as the editor holds it; of a part, what is wrong where a flow includes it."""
        with self.reading():
            if not _ours(path):
                return []
            document = self.document(path)
            if document.kind is not None or _looks_ours(document.text):
                return self._run(path, path)
            return sorted({d for whole in self._including(path) for d in self._run(whole, path)})

    def _run(self, checked: Path, shown: Path) -> list[Diagnostic]:
        around = self.around(checked)
        checking = Checking(start=checked.parent)
        checking.project, checking.host = around.project, around.host
        checking.run([checked])
        return [d for d in checking.found if _resolved(Path(d.span.file)) == _resolved(shown)]

    def _including(self, path: Path) -> Iterator[Path]:
        for flow in self.flows(path):
            _, _, texts = scan(flow.path)
            if any(_resolved(Path(name)) == _resolved(path) for name in texts):
                yield flow.path


def _shape(project: Project) -> dict[Path, tuple[int, int]]:
    """What tells whether a project is still the same: which files it has, and the state of those that are no flows."""
    checking = Checking(start=project.root)
    checking.project = project
    found = stamps(watched(checking, ()))
    return {path: (0, 0) if path.suffix in ENDINGS and path.name != "convo.yaml" else s for path, s in found.items()}


def _resolved(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _ours(path: Path) -> bool:
    return path.suffix in ENDINGS


MARKS = ("flow:", "nodes:", "personality:", "stack:", "bots:", "scenarios:", "turns:")


def _looks_ours(text: str) -> bool:
    return any(line.startswith(MARKS) for line in text.splitlines())
