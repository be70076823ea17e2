"""Find plugins: built in, bundled, installed, and in the project's `plugins/` folder."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from framework.errors import DuplicateNameError, PluginError
from framework.plugins.markers import GROUP

BUILT_IN = (
    "framework.slots.plugin",
    "framework.plugins.pretend",
    "framework.services.providers.moonshine",
    "framework.services.providers.piper",
    "framework.services.providers.espeak",
    "framework.services.providers.semantic",
    "framework.services.providers.rules",
    "framework.services.providers.openai",
    "framework.services.providers.ollama",
    "framework.services.providers.elevenlabs",
    "framework.services.providers.kokoro",
    "framework.services.providers.deepgram",
    "framework.services.providers.silero",
    "framework.services.providers.turns",
    "framework.control.launchers.local",
    "framework.control.launchers.kubernetes",
)
"""What is in the box comes in by the same door; removing one is deleting a line."""

KINDS = frozenset(
    {"tools", "actions", "transports", "services", "slots", "launchers", "bridges", "switchboards", "commands"}
)
"""Folders of a `plugins/` folder that hold plugins and are none themselves."""

NAME = re.compile(r"^[a-z][a-z0-9_-]*$")

PREFIX = "convo_plugin_"
"""Begins the names of modules that were imported from a folder of plugins."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A plugin that has been found and not yet imported."""

    name: str
    origin: str
    """`built in`, `bundled`, `project` or `installed`."""
    place: str
    """Where it is: a module, a package or a path; for people."""
    load: Callable[[], ModuleType] = field(repr=False)
    version: str = ""


def built_in() -> Iterator[Found]:
    """The plugins of this package."""
    for path in BUILT_IN:
        name = path.removesuffix(".plugin").rpartition(".")[2]
        yield Found(name=name, origin="built in", place=path, load=_importer(path))


def installed() -> Iterator[Found]:
    """The plugins of installed packages, by their entry points."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - reads every package's metadata

    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        version = point.dist.version if point.dist else ""
        package = point.dist.name if point.dist else point.value
        yield Found(name=point.name, origin="installed", place=package, load=point.load, version=version)


def in_folder(folder: Path, origin: str) -> Iterator[Found]:
    """The plugins of a folder: `<folder>/<name>`, `<folder>/<name>.py` or `<folder>/<kind>/<name>`.

    A folder that is itself a package is one plugin.
    """
    if (folder / "__init__.py").is_file() and folder.name not in KINDS:
        yield _at(folder, origin)
        return
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.startswith((".", "_")):
            continue
        if path.is_dir() and (path.name in KINDS or not (path / "__init__.py").is_file()):
            yield from (_at(inner, origin) for inner in sorted(path.iterdir()) if _is_plugin(inner))
        elif _is_plugin(path):
            yield _at(path, origin)


def distinct(found: Iterable[Found]) -> list[Found]:
    """Each plugin once. A bundled one gives way to the project's own of the same name; any other clash is an error."""
    kept: dict[str, Found] = {}
    for plugin in found:
        other = kept.get(plugin.name)
        if other is None or (other.origin == "bundled" and other.place != plugin.place):
            kept[plugin.name] = plugin
        elif other.place != plugin.place:
            raise DuplicateNameError(
                f"two plugins have the name `{plugin.name}`",
                where=f"{other.place} ({other.origin}) and {plugin.place} ({plugin.origin})",
                fix="Rename one of them, or uninstall it.",
            )
    return list(kept.values())


def forget() -> None:
    """Let the next load read plugins in folders anew: for programs that live on when their code is changed."""
    importlib.invalidate_caches()
    for name in [name for name in sys.modules if name.startswith(PREFIX)]:
        del sys.modules[name]


def _is_plugin(path: Path) -> bool:
    if path.name.startswith((".", "_")):
        return False
    return path.suffix == ".py" or (path / "__init__.py").is_file()


def _at(path: Path, origin: str) -> Found:
    name = path.stem if path.is_file() else path.name
    return Found(name=name, origin=origin, place=str(path.resolve()), load=_loader(path))


def _importer(path: str) -> Callable[[], ModuleType]:
    return lambda: importlib.import_module(path)


def _loader(path: Path) -> Callable[[], ModuleType]:
    """Import a file or package under a name of its own, without touching `sys.path`."""

    def load() -> ModuleType:
        home = path.resolve()
        digest = hashlib.sha256(str(home).encode()).hexdigest()[:8]
        name = f"{PREFIX}{digest}_{re.sub(r'[^A-Za-z0-9_]', '_', path.stem)}"
        file = home / "__init__.py" if home.is_dir() else home
        if loaded := sys.modules.get(name):
            return loaded
        return _executed(name, file, home if home.is_dir() else None)

    return load


def _executed(name: str, file: Path, package: Path | None) -> ModuleType:
    locations = [str(package)] if package else None
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=locations)
    if spec is None or spec.loader is None:
        raise PluginError(f"`{file}` can't be imported", fix="A plugin is a `.py` file or a folder with `__init__.py`.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module
