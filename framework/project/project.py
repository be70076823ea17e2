"""One project: its bots, and the files behind the names of flows, personalities and stacks."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framework.documents import Diagnostic, DocumentError, Source, scan
from framework.documents.reader import PROJECT
from framework.documents.validate import examine
from framework.errors import UnknownNameError, UserError
from framework.project.folders import ENDINGS, bundled, files, upwards
from framework.project.model import Bot, ProjectFile, Tenant
from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True)
class Project:
    """What a project offers; without a `convo.yaml` only what is bundled and what lies in the folder."""

    root: Path
    file: ProjectFile = field(default_factory=ProjectFile)
    source: Source | None = field(default=None, repr=False)
    extra_plugins: tuple[Path, ...] = ()
    """Folders of plugins named on the command line."""
    problems: tuple[Diagnostic, ...] = field(default=(), repr=False)
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def find(cls, start: Path | None = None, plugins: Iterable[Path | str] = (), *, strict: bool = True) -> Project:
        """The project of a folder: that of the nearest `convo.yaml` upwards, else the folder itself.

        Raises:
            DocumentError: The file is wrong, and `strict`. Else `problems` has what is wrong, the rest is used.
        """
        start = (start or Path.cwd()).resolve()
        path = upwards(start, PROJECT)
        extra = tuple(Path(folder) for folder in plugins)
        if path is None:
            return cls(start, extra_plugins=extra)
        project = cls.read(path, extra)
        if strict and project.problems:
            raise DocumentError(project.problems, project.texts)
        return project

    @classmethod
    def read(cls, path: Path, extra: tuple[Path, ...] = ()) -> Project:
        """The project that a file describes, as far as it can be read; `problems` has what is wrong."""
        shown = _beside(path)
        source, problems, texts = scan(shown, mode="ours")
        if source is None:
            return cls(path.resolve().parent, extra_plugins=extra, problems=tuple(problems), texts=texts)
        found = examine(source, ProjectFile, codes="CFG")
        return cls(
            path.resolve().parent, found.model or ProjectFile(), source, extra, (*problems, *found.diagnostics), texts
        )

    # --- What convo.yaml says -----------------------------------------------

    @property
    def bots(self) -> dict[str, Bot]:
        """Name → bot."""
        return self.file.bots

    @property
    def default_bot(self) -> str | None:
        """The bot that is meant when none is named."""
        only = next(iter(self.bots)) if len(self.bots) == 1 else None
        return self.file.default_bot or only

    @property
    def transfers(self) -> dict[str, str]:
        """Name → whom a flow may hand people to."""
        return self.file.transfers

    @property
    def tenants(self) -> dict[str, Tenant]:
        """Name → what the tenant may have."""
        return self.file.tenants

    @property
    def blocked(self) -> tuple[str, ...]:
        """Plugins that are not loaded."""
        return tuple(self.file.plugins.block)

    @property
    def plugin_settings(self) -> dict[str, dict[str, Any]]:
        """Plugin → its settings."""
        return self.file.plugins.settings

    @property
    def plugin_folders(self) -> tuple[Path, ...]:
        """Folders whose subfolders hold plugins: the project's, the bundled one, those of the command line."""
        folders = [self.root / "plugins", bundled() / "plugins", *self.extra_plugins]
        return tuple(dict.fromkeys(folder.resolve() for folder in folders if folder.is_dir()))

    def bot(self, name: str) -> Bot:
        """The bot of that name."""
        if name not in self.bots:
            raise UnknownNameError(f"there is no bot `{name}`.", fix=did_you_mean(name, self.bots))
        return self.bots[name]

    # --- Files --------------------------------------------------------------

    @cached_property
    def _files(self) -> dict[str, dict[str, Path]]:
        folders = (self.root, bundled())
        return {kind: files(folders, kind) for kind in ("flows", "personalities", "stacks")}

    def names(self, kind: str) -> list[str]:
        """The names of all `flows`, `personalities` or `stacks`, bundled ones included."""
        return sorted(self._files[kind])

    def flow_path(self, name: Path | str) -> Path:
        """The file of a flow, given its name or a path."""
        return self._path("flows", "flow", str(name))

    def personality_path(self, name: Path | str) -> Path:
        """The file of a personality, given its name or a path."""
        return self._path("personalities", "personality", str(name))

    def stack_path(self, name: Path | str) -> Path:
        """The file of a stack, given its name or a path."""
        return self._path("stacks", "stack", str(name))

    def _path(self, kind: str, noun: str, name: str) -> Path:
        if name in self._files[kind]:
            return self._files[kind][name]
        path = Path(name)
        if path.suffix in ENDINGS or len(path.parts) > 1:
            here = path if path.is_file() else self.root / path
            if here.is_file():
                return here
            raise UserError(f"there is no file `{name}`.", fix="Check the path.")
        raise UnknownNameError(f"there is no {noun} `{name}`.", fix=did_you_mean(name, self._files[kind]))


def _beside(path: Path) -> Path:
    """The path as people write it: relative where the file is below the working directory."""
    try:
        return path.relative_to(Path.cwd())
    except ValueError:
        return path
