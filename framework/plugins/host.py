"""The one object that knows all plugins."""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

import pluggy

from framework.errors import DuplicateNameError, FrameworkError, PluginError, UnknownNameError
from framework.plugins import discovery, hookspecs, threads
from framework.plugins.discovery import Found
from framework.plugins.manifest import Manifest
from framework.plugins.markers import PROJECT
from framework.plugins.offers import Offers
from framework.plugins.report import Problem, Report
from framework.plugins.settings import described
from framework.project import bundled
from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from framework.plugins.actions import Actions
    from framework.plugins.commands import Command
    from framework.plugins.registry import Registry
    from framework.plugins.resources import Resource
    from framework.plugins.services import Service
    from framework.plugins.session import SessionPlugins
    from framework.plugins.tools import Tools
    from framework.plugins.transports import Transport
    from framework.sessions.spec import SessionSpec
    from framework.slots.base import SlotType

PATIENCE_S = 20.0
"""How long a plugin may take to be imported and to register. Whatever is slow belongs into tools and resources."""


HOOKS = {name: hook for name, hook in vars(hookspecs).items() if hasattr(hook, f"{PROJECT}_spec")}
"""Every hook there is, by its name."""


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
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(hookspecs)

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
        ours = (bundled() / "plugins").resolve()
        found = [
            *discovery.built_in(),
            *discovery.in_folder(ours, "bundled"),
            *(
                plugin
                for folder in folders
                if folder.resolve() != ours
                for plugin in discovery.in_folder(folder, "project")
            ),
            *(discovery.installed() if installed else ()),
        ]
        host.add([plugin for plugin in discovery.distinct(found) if plugin.name not in {*blocked, *block}])
        host._check_names({*blocked, *block}, {plugin.name for plugin in found})
        return host

    def add(self, found: Iterable[Found]) -> None:
        """Load plugins, in this order."""
        for plugin in found:
            self._found.append(plugin)
            try:
                self.offers.take(self._loaded(plugin))
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

    def _loaded(self, plugin: Found) -> Offers:
        """What a plugin registers; `PluginError` when it breaks its word."""
        if plugin.origin == "built in":
            return self._registered(plugin)
        try:
            with redirect_stdout(sys.stderr):  # what a plugin prints must not mix with what a command prints
                return threads.bounded(
                    lambda: self._registered(plugin), seconds=PATIENCE_S, name=f"plugin/{plugin.name}"
                )
        except TimeoutError:
            raise PluginError(
                f"it was not loaded within {PATIENCE_S:g} s",
                fix="Move what takes time out of the module and its `register_` functions, into tools or resources.",
            ) from None

    def _registered(self, plugin: Found) -> Offers:
        """Import the module and let it fill registries of its own: a broken plugin leaves nothing behind."""
        offers = Offers.of(plugin.name)
        try:
            module = self._module(plugin)
            self.manifests[plugin.name] = self._manifest(plugin, module)
            for hook, parameter, registry in offers.by_hook():
                self._call(hook, module, **{parameter: registry})
        except DuplicateNameError as twice:
            raise PluginError(twice.message, fix=twice.fix) from twice
        except FrameworkError:
            raise
        except BaseException as broken:
            raise PluginError(f"it raised {_told(broken)}", fix=_place(broken)) from broken
        return offers

    def _module(self, plugin: Found) -> ModuleType:
        if not discovery.NAME.match(plugin.name):
            fix = "Use small letters, digits, `_` and `-`, a letter first."
            raise PluginError(f"`{plugin.name}` can't be a plugin's name", fix=fix)
        module = plugin.load()
        if other := self._manager.get_name(module):
            raise PluginError(f"it is the very module that is loaded as `{other}`", fix="Keep one of the two names.")
        self._check_hooks(module)
        self._modules[plugin.name] = module
        try:
            self._manager.register(module, plugin.name)
        except pluggy.PluginValidationError as wrong:
            raise PluginError(
                _parameters(wrong), fix="Give the function the hook's own parameters, or fewer."
            ) from wrong
        return module

    def _manifest(self, plugin: Found, module: ModuleType) -> Manifest:
        manifest = self._call("describe_plugin", module) or Manifest()
        if not isinstance(manifest, Manifest):
            raise PluginError("`describe_plugin` gave something else than a `Manifest`", fix="Return `Manifest(…)`.")
        for package in manifest.requires:
            if importlib.util.find_spec(package) is None:
                raise PluginError(f"it needs the package `{package}`", fix=f"Install it, or block `{plugin.name}`.")
        return manifest

    def _call(self, hook: str, module: ModuleType, **given: Any) -> Any:
        """One hook of one plugin."""
        others = [plugin for plugin in self._manager.get_plugins() if plugin is not module]
        return self._manager.subset_hook_caller(hook, others)(**given)

    def _check_hooks(self, module: ModuleType) -> None:
        """Refuse a misspelt hook, and a module that forgot to mark its functions."""
        marked = [name for name in dir(module) if self._manager.parse_hookimpl_opts(module, name) is not None]
        for name in marked:
            if name not in HOOKS:
                raise PluginError(f"there is no hook called `{name}`", fix=did_you_mean(name, HOOKS))
        if not marked:
            meant = next((name for name in dir(module) if name in HOOKS), "register_tools")
            raise PluginError("it implements no hook", fix=f"Write `@hookimpl` above a function such as `{meant}`.")

    def _left_out(self, plugin: Found, broken: PluginError) -> None:
        """Take a broken plugin out; stop here when it is required."""
        error = PluginError(broken.message, where=f"plugin `{plugin.name}` ({plugin.place})", fix=broken.fix)
        if plugin.name in self.required:
            raise error from broken
        self._modules.pop(plugin.name, None)
        if self._manager.has_plugin(plugin.name):
            self._manager.unregister(name=plugin.name)
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


@functools.cache
def _own_version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - reads files; for reports only

    try:
        return version("convo-framework")
    except PackageNotFoundError:
        return ""


def _summary(module: ModuleType | None) -> str:
    return (module.__doc__ or "").strip().partition("\n")[0] if module else ""


def _told(error: BaseException) -> str:
    """An error at import, as its author would recognise it."""
    text = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _place(error: BaseException) -> str:
    """The line to look at: the last one that is not ours or Python's."""
    place, trace = "", error.__traceback__
    while trace:
        code = trace.tb_frame.f_code
        if "importlib" not in code.co_filename and Path(__file__).parent != Path(code.co_filename).parent:
            place = f"{code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"Look at {place}." if place else ""


def _parameters(wrong: pluggy.PluginValidationError) -> str:
    lines = [line.strip() for line in str(wrong).splitlines() if line.strip()]
    return lines[-1] if lines else "a hook has other parameters"
