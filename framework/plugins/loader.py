"""Load one plugin: import it, check its word, and let it fill registries of its own.

A broken plugin leaves nothing behind, since the host takes over only what was loaded as a whole. One that hangs can't
be stopped, only left: it goes on in a daemon thread, fills registries that nobody reads, and is named. Block it in
`convo.yaml` to be rid of the thread.
"""

from __future__ import annotations

import importlib.util
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pluggy

from framework.errors import DuplicateNameError, FrameworkError, PluginError
from framework.plugins import discovery, hookspecs, threads
from framework.plugins.discovery import Found
from framework.plugins.manifest import Manifest
from framework.plugins.markers import PROJECT
from framework.plugins.offers import Offers
from framework.suggest import did_you_mean

PATIENCE_S = 20.0
"""How long a plugin may take to be imported and to register. Whatever is slow belongs into tools and resources."""

HOOKS = {name: hook for name, hook in vars(hookspecs).items() if hasattr(hook, f"{PROJECT}_spec")}
"""Every hook there is, by its name."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A plugin that kept its word so far."""

    module: ModuleType
    manifest: Manifest
    offers: Offers


def load(plugin: Found) -> Loaded:
    """The plugin with all that it registers; `PluginError` when it breaks its word."""
    if plugin.origin == "built in":
        return _loaded(plugin)
    try:
        with redirect_stdout(sys.stderr):  # what a plugin prints must not mix with what a command prints
            return threads.bounded(lambda: _loaded(plugin), seconds=PATIENCE_S, name=f"plugin/{plugin.name}")
    except TimeoutError:
        raise PluginError(
            f"it was not loaded within {PATIENCE_S:g} s",
            fix="Move what takes time out of the module and its `register_` functions, into tools or resources.",
        ) from None


def _loaded(plugin: Found) -> Loaded:
    """Any error, named as its author would recognise it."""
    try:
        return _registered(plugin)
    except DuplicateNameError as twice:
        raise PluginError(twice.message, fix=twice.fix) from twice
    except FrameworkError:
        raise
    except BaseException as broken:
        raise PluginError(f"it raised {_told(broken)}", fix=_place(broken)) from broken


def _registered(plugin: Found) -> Loaded:
    _check_name(plugin.name)
    module = plugin.load()
    hooks = _hooks(module, plugin.name)
    manifest = _manifest(hooks, plugin.name)
    offers = Offers.of(plugin.name)
    for hook, parameter, registry in offers.by_hook():
        getattr(hooks, hook)(**{parameter: registry})
    return Loaded(module, manifest, offers)


def _hooks(module: ModuleType, name: str) -> pluggy.HookRelay:
    """The plugin's implementations, checked against the page of hooks."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    marked = [name for name in dir(module) if manager.parse_hookimpl_opts(module, name) is not None]
    for hook in marked:
        if hook not in HOOKS:
            raise PluginError(f"there is no hook called `{hook}`", fix=did_you_mean(hook, HOOKS))
    if not marked:
        meant = next((name for name in dir(module) if name in HOOKS), "register_tools")
        raise PluginError("it implements no hook", fix=f"Write `@hookimpl` above a function such as `{meant}`.")
    try:
        manager.register(module, name)
    except pluggy.PluginValidationError as wrong:
        raise PluginError(_parameters(wrong), fix="Give the function the hook's own parameters, or fewer.") from wrong
    return manager.hook


def _manifest(hooks: pluggy.HookRelay, name: str) -> Manifest:
    manifest = hooks.describe_plugin() or Manifest()
    if not isinstance(manifest, Manifest):
        raise PluginError("`describe_plugin` gave something else than a `Manifest`", fix="Return `Manifest(…)`.")
    for package in manifest.requires:
        if importlib.util.find_spec(package) is None:
            raise PluginError(f"it needs the package `{package}`", fix=f"Install it, or block `{name}`.")
    return manifest


def _check_name(name: str) -> None:
    if not discovery.NAME.match(name):
        fix = "Use small letters, digits, `_` and `-`, a letter first."
        raise PluginError(f"`{name}` can't be a plugin's name", fix=fix)


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
