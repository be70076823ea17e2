"""Find the files to check, tell their kinds apart, and gather what the checkers of each kind say."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framework.checker.mending import mended
from framework.documents import Diagnostic, Severity, Source, Span, scan
from framework.documents.comments import without_ignored
from framework.documents.reader import PROJECT
from framework.project import Project
from framework.project.folders import ENDINGS

if TYPE_CHECKING:
    from framework.plugins.host import PluginHost

FOLDERS = ("flows", "personalities", "stacks")


class Checking:
    """One run of the checker over some files; plugins are loaded when the first question about them comes up.

    Args:
        plugins: Folders with plugins beside the project's.
        structure: Leave out what only plugins could answer.
        start: The folder whose project it is; the working directory if absent.
    """

    def __init__(self, plugins: tuple[Path, ...] = (), *, structure: bool = False, start: Path | None = None) -> None:
        self.plugins = plugins
        self.structure = structure
        self.start = start
        self.diagnostics: list[Diagnostic] = []
        self.texts: dict[str, str] = {}
        self.files: list[str] = []
        self._included: set[Path] = set()

    @cached_property
    def project(self) -> Project:
        """The project, as far as its `convo.yaml` can be read."""
        return Project.find(self.start, plugins=self.plugins, strict=False)

    @cached_property
    def host(self) -> PluginHost:
        """All plugins; those that are broken are reported as warnings."""
        from framework.plugins.host import PluginHost  # noqa: PLC0415 - most files need no plugins

        host = PluginHost.load(self.project)
        places = {report.name: report.place for report in host.plugins}
        for problem in host.problems:
            span = Span.start(str(places.get(problem.plugin) or problem.plugin))
            self.diagnostics.append(Diagnostic(span, "TLS010", problem.sentence, "", Severity.WARNING))
        return host

    def run(self, paths: list[Path]) -> None:
        """Check files, folders, or the whole project when none is named."""
        named = [path for path in paths if not path.is_dir()]
        found = [file for path in paths if path.is_dir() for file in _in_folder(path)]
        found += _of_project(self.project) if not paths else []
        for path in dict.fromkeys(named):
            self._file(path)
        self._folders([path for path in dict.fromkeys(found) if path not in named])

    @property
    def found(self) -> list[Diagnostic]:
        """All problems in the order of files and lines, each with its edit where it is safe to mend."""
        return [mended(problem, self.texts) for problem in sorted(set(self.diagnostics))]

    def _folders(self, paths: list[Path]) -> None:
        """Check what was found in folders; parts that other files include are no files of their own."""
        read = {path: scan(path) for path in paths if path.name != PROJECT}
        for path, (_, _, texts) in read.items():
            self._included |= {Path(name).resolve() for name in texts if name != str(path)}
        for path in paths:
            if path.resolve() not in self._included:
                self._file(path, read.get(path))

    def _file(self, path: Path, read: Any = None) -> None:
        self.files.append(str(path))
        if path.name == PROJECT:
            self._project(path)
            return
        source, problems, texts = read or scan(path)
        self.texts.update(texts)
        kind = kind_of(source) if source else "flow"
        if kind == "personality":
            from framework import personalities  # noqa: PLC0415 - only where it is used

            self._add(self._heeded(path, personalities.check(path, self.project)))
        elif kind == "stack":
            self._stack(path)
        elif kind == "project":
            self._project(path)
        elif kind == "scenario":
            self._scenarios(path)
        else:
            self._flow(source, problems, texts)

    def _flow(self, source: Source | None, problems: list[Diagnostic], texts: dict[str, str]) -> None:
        from framework.flows.check import check_reading  # noqa: PLC0415 - rules look at what was loaded
        from framework.flows.load import examine_scanned  # noqa: PLC0415 - only where it is used

        reading = examine_scanned(source, problems, texts)
        host = None if self.structure else lambda: self.host
        self._add(check_reading(reading, project=self.project, host=host))

    def _scenarios(self, path: Path) -> None:
        from framework.simulator.load import examined  # noqa: PLC0415 - only where it is used

        suite = examined(path, self.project)
        self.texts.update(suite.texts)
        self._add(self._heeded(path, list(suite.diagnostics)))

    def _stack(self, path: Path) -> None:
        from framework.services.stacks import check_stack  # noqa: PLC0415 - only where it is used

        host: Any = None if self.structure else self.host
        self._add(self._heeded(path, check_stack(path, host, structure=self.structure)))

    def _project(self, path: Path) -> None:
        from framework.project.check import check_project  # noqa: PLC0415 - only where it is used

        same = self.project.source and Path(self.project.source.file).resolve() == path.resolve()
        project = self.project if same else Project.read(path, self.plugins)
        self.texts.update(project.texts)
        self._add(self._heeded(path, check_project(project, None if self.structure else self.host)))

    def _heeded(self, path: Path, found: list[Diagnostic]) -> list[Diagnostic]:
        """What is left once the comments of the file are heeded."""
        return without_ignored(found, self.texts, complete=None if self.structure else str(path))

    def _add(self, diagnostics: list[Diagnostic]) -> None:
        self.diagnostics += diagnostics


def kind_of(source: Source) -> str | None:
    """Whether a document is a `flow`, `personality`, `stack`, `scenario` or `project`; None when nothing says so."""
    value = source.value
    if "nodes" not in value and ("scenarios" in value or "turns" in value):
        return "scenario"
    if source.ours or "nodes" in value:
        return "flow"
    marks = (("personality", "personality"), ("stack", "stack"), ("project", "bots"))
    return next((kind for kind, key in marks if key in value), None)


def _in_folder(folder: Path) -> list[Path]:
    """Every YAML and JSON file in a folder and below; of a project its own kinds of files."""
    if (folder / PROJECT).is_file():
        below = [path for name in FOLDERS for path in _in_folder(folder / name)]
        return [folder / PROJECT, *below]
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.rglob("*") if p.suffix in ENDINGS and p.is_file() and not _hidden(p, folder))


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _of_project(project: Project) -> list[Path]:
    """The files of the project as people write them: relative to the working directory where they are below it."""
    here = Path.cwd()
    root = Path() if project.root == here else project.root
    return [path for path in (root / PROJECT,) if path.is_file()] + [
        path for name in FOLDERS for path in _in_folder(root / name)
    ]
