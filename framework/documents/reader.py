"""Read a document: text, value and places, or everything that is wrong with it as a document."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from framework.documents.build import Builder, Library
from framework.documents.diagnostics import Diagnostic, DocumentError, Span
from framework.documents.files import UnreadableError
from framework.documents.quiet import collector_resting
from framework.documents.raw import Leaf, Raw, SyntaxProblemError, has_key
from framework.documents.source import Source

Mode = Literal["ours", "pipecat"]

PROJECT = "convo.yaml"
"""The file that marks the top folder of a project."""


def read(path: Path | str, root: Path | None = None, mode: Mode | None = None) -> Source:
    """The document at `path`; `DocumentError` with every problem when it can't be used as it is."""
    source, problems, texts = scan(path, root, mode)
    if source is None or problems:
        raise DocumentError(problems, texts)
    return source


def scan(
    path: Path | str, root: Path | None = None, mode: Mode | None = None
) -> tuple[Source | None, list[Diagnostic], dict[str, str]]:
    """The document as far as it can be read, its problems, and the texts to show them in."""
    file, name = Path(path), str(path)
    library = Library(file, name, root or home(file))
    try:
        with collector_resting():
            return _scan(file, name, library, mode)
    except UnreadableError as why:
        return None, [why.diagnostic(name)], library.texts
    except SyntaxProblemError as wrong:
        return None, _tabs(library, name) or [wrong.diagnostic], library.texts


def home(file: Path) -> Path:
    """The folder that includes stay in: that of the nearest `convo.yaml`, else the file's own."""
    try:
        folder = file.resolve().parent
        return next((f for f in (folder, *folder.parents) if (f / PROJECT).is_file()), folder)
    except (OSError, ValueError):
        return file.parent


def _scan(
    file: Path, name: str, library: Library, mode: Mode | None
) -> tuple[Source | None, list[Diagnostic], dict[str, str]]:
    raw = library.raw(file, name, json=file.suffix == ".json")
    if raw is None or (isinstance(raw, Leaf) and not raw.text.strip() and not raw.tag):
        return None, [Diagnostic(Span.start(name), "YML011", "the file is empty.")], library.texts
    ours = mode == "ours" or (mode is None and _is_ours(raw, file, library))
    builder = Builder(library, ours=ours)
    node = builder.file(file, name, json=file.suffix == ".json")
    problems = builder.diagnostics + (_tabs(library, *library.texts) if ours else [])
    if not isinstance(node.value, dict) and not problems:
        problems.append(Diagnostic(node.span, "YML011", "the top of the file must be a mapping of keys to values."))
    whole = not builder.diagnostics
    source = Source(name, library.texts[name], node.value, node, library.texts, library.digest.hexdigest(), ours, whole)
    return (source if isinstance(node.value, dict) else None), problems, library.texts


def _is_ours(raw: Raw, file: Path, library: Library) -> bool:
    """True when the top of the document has the key `flow`."""
    if isinstance(raw, Leaf) and raw.tag == "!include":
        raw = _behind(raw, file, library) or raw
    return has_key(raw, "flow")


def _behind(raw: Leaf, file: Path, library: Library) -> Raw | None:
    """What a document that is nothing but one `!include` stands for, as written there."""
    builder = Builder(library, ours=True)
    found = builder.included_path(raw, file)
    try:
        return library.raw(*found, json=False) if found else None
    except (UnreadableError, SyntaxProblemError):
        return None


def _tabs(library: Library, *names: str) -> list[Diagnostic]:
    """One diagnostic for each stretch of lines that holds tabs."""
    found = []
    for name in names:
        if name.endswith(".json"):
            continue
        last = -1
        for number, line in enumerate(library.texts.get(name, "").split("\n"), 1):
            if "\t" in line and not line.lstrip().startswith("#"):
                if number != last + 1:
                    found.append(_tab(name, number, line.index("\t") + 1))
                last = number
    return found


def _tab(name: str, line: int, column: int) -> Diagnostic:
    fix = "Indent with spaces; inside a text write `\\t` between double quotes."
    return Diagnostic(Span.point(name, line, column), "YML006", "a tab stands here; files of ours have none.", fix)
