"""Check `convo.yaml`: every name in it must lead somewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.documents import Diagnostic
from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.documents import Source
    from framework.plugins.host import PluginHost
    from framework.project.project import Project


def check_project(project: Project, host: PluginHost | None = None) -> list[Diagnostic]:
    """Everything that is wrong with the file; without a host, what plugins would have to answer is left out."""
    found = list(project.problems)
    if project.source is not None:
        found += _names(project, project.source, host)
    return sorted(set(found))


def _names(project: Project, source: Source, host: PluginHost | None) -> Iterator[Diagnostic]:
    default = project.file.default_bot
    if default is not None and default not in project.bots:
        fix = did_you_mean(default, project.bots)
        yield Diagnostic(source.locate(("default_bot",)), "CFG010", f"there is no bot `{default}`.", fix)
    for name, bot in project.bots.items():
        yield from _file(project, source, name, "flow", bot.flow)
        yield from _file(project, source, name, "personality", bot.personality)
        yield from _file(project, source, name, "stack", bot.stack)
        if host is not None and bot.transport not in host.transports.names():
            fix = did_you_mean(bot.transport, host.transports.names())
            span = source.locate(("bots", name, "transport"))
            yield Diagnostic(span, "CFG012", f"there is no transport `{bot.transport}`.", fix)


KINDS = {"flow": "flows", "personality": "personalities", "stack": "stacks"}


def _file(project: Project, source: Source, bot: str, noun: str, name: str | None) -> Iterator[Diagnostic]:
    if not name or name in project.names(KINDS[noun]) or (project.root / name).is_file():
        return
    span = source.locate(("bots", bot, noun))
    yield Diagnostic(span, "CFG011", f"there is no {noun} `{name}`.", did_you_mean(name, project.names(KINDS[noun])))
