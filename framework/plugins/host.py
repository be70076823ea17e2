"""The one object that knows all plugins."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from framework.errors import PluginError, UnknownNameError
from framework.plugins import discovery, loader
from framework.plugins.discovery import Found
from framework.plugins.manifest import Manifest
from framework.plugins.offers import Offers
from framework.plugins.report import Problem, Report
from framework.plugins.settings import described
from framework.project import bundled
from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from framework.plugins.actions import Actions
    from framework.plugins.bridges import Bridge
    from framework.plugins.commands import Command
    from framework.plugins.launchers import Launcher
    from framework.plugins.registry import Registry
    from framework.plugins.resources import Resource
    from framework.plugins.routes import Routes
    from framework.plugins.services import Service
    from framework.plugins.session import SessionPlugins
    from framework.plugins.switchboards import Switchboard
    from framework.plugins.tools import Tools
    from framework.plugins.transports import Transport
    from framework.sessions.spec import SessionSpec
    from framework.slots.base import SlotType


class Configuration(Protocol):
    """What a project says about plugins."""

    @property
    def plugin_folders(self) -> Sequence[Path]:
        """Folders to look for plugins in."""
        ...

    @property
    def plugin_settings(self) -> Mapping[str, Mapping[str, Any]]:
        """Plugin → its settings."""
        ...

    @property
    def blocked(self) -> Collection[str]:
        """Plugins that are not loaded."""
        ...


class PluginHost:
    """All plugins of a process: what they offer, what is wrong with them, and their part in a session.

    A plugin that raises, hangs, misspells a hook or breaks another rule is left out and named in `problems`. Two that
    claim one name, and a required one that is broken or absent, are errors: nothing starts.
    """

    def __init__(
        self, *, settings: Mapping[str, Mapping[str, Any]] | None = None, required: Collection[str] = ()
    ) -> None:
        self.offers = Offers.of()
        self.problems: list[Problem] = []
        self.required = frozenset(required)
        self.settings = settings or {}
        self.manifests: dict[str, Manifest] = {}
        self._found: list[Found] = []
        self._modules: dict[str, ModuleType] = {}

    @classmethod
    def load(
        cls,
        project: Configuration | Iterable[Path | str] = (),
        block: Collection[str] = (),
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        *,
        require: Collection[str] = (),
        installed: bool = True,
    ) -> PluginHost:
        """Find and load all plugins.

        Args:
            project: What `convo.yaml` says, or just folders with plugins.
            block: Names of plugins to leave out, beside those the project blocks.
            settings: Plugin → settings, over those of the project.
            require: Names of plugins without which nothing starts, beside those the project requires.
            installed: Whether installed packages are asked for plugins.
        """
        folders, blocked, required, given = _configuration(project)
        host = cls(settings={**given, **(settings or {})}, required={*required, *require})
        left_out = {*blocked, *block}
        found = list(_found(folders, installed=installed))
        host.add(discovery.distinct(plugin for plugin in found if plugin.name not in left_out))
        host._check_names(left_out, {plugin.name for plugin in found})
        return host

    def add(self, found: Iterable[Found]) -> None:
        """Load plugins, in this order."""
        for plugin in found:
            self._found.append(plugin)
            try:
                self._take(plugin)
            except PluginError as broken:
                self._left_out(plugin, broken)

    # --- What there is --------------------------------------------------------------------------------------------

    @property
    def tools(self) -> Tools:
        """All tools, by their registered names and aliases."""
        return self.offers.tools

    @property
    def actions(self) -> Actions:
        """All actions."""
        return self.offers.actions

    @property
    def transports(self) -> Registry[Transport]:
        """All ways in."""
        return self.offers.transports

    @property
    def services(self) -> Registry[Service]:
        """All services that stacks may name."""
        return self.offers.services

    @property
    def slot_types(self) -> Registry[SlotType]:
        """All types that slots may have."""
        return self.offers.slot_types

    @property
    def commands(self) -> Registry[Command]:
        """All commands that plugins add."""
        return self.offers.commands

    @property
    def launchers(self) -> Registry[Launcher]:
        """All places where runners can be started."""
        return self.offers.launchers

    @property
    def bridges(self) -> Registry[Bridge]:
        """All that can run beside a gateway."""
        return self.offers.bridges

    @property
    def switchboards(self) -> Registry[Switchboard]:
        """All that can put people through."""
        return self.offers.switchboards

    @property
    def routes(self) -> Routes:
        """All further paths of the gateway."""
        return self.offers.routes

    @property
    def plugins(self) -> list[Report]:
        """One record for every plugin that was found, in the order they were loaded."""
        wrong = {problem.plugin: problem.sentence for problem in self.problems}
        return [self._report(plugin, wrong.get(plugin.name, "")) for plugin in self._found]

    def _report(self, plugin: Found, problem: str) -> Report:
        manifest = self.manifests.get(plugin.name, Manifest())
        module = self._modules.get(plugin.name)
        return Report(
            name=plugin.name,
            origin=plugin.origin,
            place=plugin.place,
            version=manifest.version or plugin.version or ("" if plugin.origin == "project" else _own_version()),
            summary=manifest.summary or _summary(module),
            offers={} if problem else self.offers.names(plugin.name),
            settings=described(manifest.settings, plugin.name) if manifest.settings else [],
            requires=list(manifest.requires),
            hosts=list(manifest.hosts),
            problem=problem,
        )

    def in_use(self) -> list[str]:
        """The names of all plugins that were not left out, in the order they were loaded."""
        return list(self._modules)

    def resources_of(self, plugin: str) -> list[Resource[Any]]:
        """What a plugin opens for each session."""
        registry = self.offers.resources
        return [resource for name, resource in registry.items() if registry.owner(name) == plugin]

    # --- One session ----------------------------------------------------------------------------------------------

    def session(
        self,
        spec: SessionSpec,
        *,
        uses: Collection[str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> SessionPlugins:
        """The plugins' part in one session, to be entered with `async with`.

        Args:
            spec: The session.
            uses: The plugins whose resources are opened; None is all of them.
            environment: Where settings are read from; None is the process's own environment.
        """
        from framework.plugins.session import SessionPlugins  # noqa: PLC0415 - svcs is for sessions only

        return SessionPlugins(self, spec, uses=uses, environment=environment)

    # --- Loading --------------------------------------------------------------------------------------------------

    def _take(self, plugin: Found) -> None:
        """Take over what a plugin registers."""
        loaded = loader.load(plugin)
        for other, module in self._modules.items():
            if module is loaded.module:
                raise PluginError(f"it is the very module that is loaded as `{other}`", fix="Keep one of the names.")
        self.offers.take(loaded.offers)
        self._modules[plugin.name] = loaded.module
        self.manifests[plugin.name] = loaded.manifest

    def _left_out(self, plugin: Found, broken: PluginError) -> None:
        """Name a broken plugin; stop here when it is required."""
        error = PluginError(broken.message, where=f"plugin `{plugin.name}` ({plugin.place})", fix=broken.fix)
        if plugin.name in self.required:
            raise error from broken
        self.problems.append(Problem(plugin=plugin.name, sentence=str(error)))

    def _check_names(self, blocked: Collection[str], known: Collection[str]) -> None:
        for name in sorted(self.required):
            if name not in known or name in blocked:
                why = "is required and blocked" if name in blocked else "is required and not there"
                raise UnknownNameError(f"the plugin `{name}` {why}", where="convo.yaml", fix=did_you_mean(name, known))
        for name in sorted(set(blocked) - set(known)):
            sentence = f"convo.yaml: there is no plugin `{name}` to block\n  {did_you_mean(name, known)}"
            self.problems.append(Problem(plugin=name, sentence=sentence))


def _configuration(
    project: Configuration | Iterable[Path | str],
) -> tuple[list[Path], Collection[str], Collection[str], Mapping[str, Mapping[str, Any]]]:
    """Folders, blocked, required, settings."""
    if isinstance(project, Iterable):
        return [Path(folder) for folder in project], (), (), {}
    required = getattr(project, "required_plugins", ())
    return list(project.plugin_folders), project.blocked, required, project.plugin_settings


def _found(folders: Iterable[Path], *, installed: bool) -> Iterator[Found]:
    """All plugins there are, in the order they are loaded."""
    ours = (bundled() / "plugins").resolve()
    yield from discovery.built_in()
    yield from discovery.in_folder(ours, "bundled")
    for folder in folders:
        if folder.resolve() != ours:
            yield from discovery.in_folder(folder, "project")
    if installed:
        yield from discovery.installed()


@functools.cache
def _own_version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - reads files; for reports only

    try:
        return version("convo-framework")
    except PackageNotFoundError:
        return ""


def _summary(module: ModuleType | None) -> str:
    return (module.__doc__ or "").strip().partition("\n")[0] if module else ""
