"""Run every rule over a flow and gather what they say."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from framework.documents import Diagnostic, Severity
from framework.documents.comments import without_ignored
from framework.documents.quiet import collector_resting
from framework.flows.load import Loaded, Reading, examine_file
from framework.flows.rules import BUILT_IN
from framework.flows.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from framework.plugins.host import PluginHost
    from framework.project import Project

    Host = PluginHost | Callable[[], PluginHost] | None


def check(flow: Path | str | Loaded, *, project: Project | None = None, host: Host = None) -> list[Diagnostic]:
    """Everything that is wrong with a flow.

    Args:
        flow: The flow, or its file.
        project: What names of personalities are looked up in; without it they are not checked.
        host: The plugins, or what loads them when a rule asks; without it nothing that plugins offer is checked.
    """
    if isinstance(flow, Loaded):
        return without_ignored(run(flow, project, host), flow.source.texts)
    return check_reading(examine_file(flow, project.root if project else None), project=project, host=host)


def check_reading(reading: Reading, *, project: Project | None = None, host: Host = None) -> list[Diagnostic]:
    """The problems of a file that was read already, and those that rules find, but for those that comments ignore."""
    found = run(reading.loaded, project, host) if reading.loaded else []
    complete = reading.loaded.source.file if reading.loaded and project and host else None
    return without_ignored([*reading.diagnostics, *found], reading.texts, complete=complete)


def run(loaded: Loaded, project: Project | None = None, host: Host = None) -> list[Diagnostic]:
    """What the rules find."""
    maker = host if host is None or callable(host) else lambda: host
    subject = Subject(loaded.flow, loaded.source, project, maker, loaded.damage)
    found: list[Diagnostic] = []
    with collector_resting():
        for name in BUILT_IN:
            rule = import_module(f"framework.flows.rules.{name}")
            if not loaded.flow.pipecat or getattr(rule, "PIPECAT", False):
                found.extend(rule.check(subject))
    return found


def errors(diagnostics: list[Diagnostic]) -> list[Diagnostic]:
    """Those that keep a flow from running."""
    return [d for d in diagnostics if d.severity is Severity.ERROR]
