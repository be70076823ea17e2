"""Every name that a flow of a project may use, with a line about each: for schemas, completion and hover."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framework.documents import scan
from framework.flows.names import Kind, names
from framework.slots import BUILT_IN as SLOT_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from framework.documents import Source
    from framework.plugins.host import PluginHost
    from framework.project import Project

OWN: tuple[Kind, ...] = ("node", "slot", "event", "interrupt", "timer")
"""What flows define themselves."""

BUILT_IN_INTERRUPTS = ("correct", "repeat", "hold", "human", "cancel")


@dataclass
class Vocabulary:
    """Kind → name → what it is, in a line; empty where nothing is known of it."""

    known: dict[Kind, dict[str, str]] = field(default_factory=dict)
    tools: dict[str, Any] = field(default_factory=dict, repr=False)
    """Name or alias → tool."""
    slot_types: dict[str, Any] = field(default_factory=dict, repr=False)

    def of(self, kind: Kind) -> dict[str, str]:
        """The names of one kind."""
        return self.known.get(kind, {})

    def with_flows(self, sources: Iterable[Source]) -> Vocabulary:
        """The same, with what these flows define."""
        own: dict[Kind, dict[str, str]] = {kind: {} for kind in OWN}
        for source in sources:
            for kind in OWN:
                own[kind].update(dict.fromkeys(names(source, kind), ""))
        own["interrupt"] = dict.fromkeys(BUILT_IN_INTERRUPTS, "Built in.") | own["interrupt"]
        return Vocabulary({**self.known, **own}, self.tools, self.slot_types)


def vocabulary(project: Project, host: PluginHost | None) -> Vocabulary:
    """What a project and its plugins offer to all flows; without a host nothing of plugins."""
    known: dict[Kind, dict[str, str]] = {
        "flow": dict.fromkeys(project.names("flows"), ""),
        "personality": dict.fromkeys(project.names("personalities"), ""),
        "stack": dict.fromkeys(project.names("stacks"), ""),
        "transfer": dict(project.transfers),
    }
    types = {kind.name: kind for kind in SLOT_TYPES}
    tools: dict[str, Any] = {}
    if host is not None:
        types |= {name: host.slot_types.get(name) for name in host.slot_types.names()}
        known["action"] = {name: host.actions.get(name).description for name in host.actions.names()}
        for name in host.tools.names():
            tool = host.tools.get(name)
            tools |= dict.fromkeys((name, *tool.aliases), tool)
        known["tool"] = {name: _line(tool.description) for name, tool in tools.items()}
    known["slot type"] = {name: _line(inspect.getdoc(type(kind)) or "") for name, kind in types.items()}
    return Vocabulary(known, tools, types)


def flows_of(project: Project) -> list[Source]:
    """The flows in the project's own folder, as far as they can be read."""
    found = (scan(project.flow_path(name), project.root)[0] for name in project.names("flows"))
    own = project.root.resolve()
    return [s for s in found if s is not None and s.ours and Path(s.file).resolve().is_relative_to(own)]


def _line(text: str) -> str:
    return text.strip().partition("\n")[0]
