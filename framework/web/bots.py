"""The bots one can talk to, and their flows to be drawn."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from framework.errors import FrameworkError, UnknownNameError
from framework.flows import load
from framework.flows.graph import END, edges, verb
from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from framework.project import Bot, Project


def listed(project: Project) -> dict[str, Any]:
    """Every bot of the project, the default one named."""
    return {"default": project.default_bot, "bots": [_entry(project, name, bot) for name, bot in project.bots.items()]}


def graph(project: Project, name: str) -> dict[str, Any]:
    """A bot's flow as nodes and edges."""
    if name not in project.bots:
        raise UnknownNameError(f"there is no bot `{name[:100]}`", fix=did_you_mean(name, project.bots))
    flow = load(project.flow_path(project.bots[name].flow), project.root).flow
    ways = edges(flow)
    ending = {way.source for way in ways if way.target == END}
    return {
        "flow": flow.flow or name,
        "initial": flow.initial_node,
        "nodes": [
            {
                "id": node,
                "title": it.title or "",
                "kind": verb(it),
                "end": node in ending,
                "description": it.description or "",
            }
            for node, it in flow.nodes.items()
        ],
        "edges": [{"from": way.source, "to": way.target, "label": way.label} for way in ways if way.target != END],
    }


def _entry(project: Project, name: str, bot: Bot) -> dict[str, Any]:
    description = ""
    with suppress(FrameworkError, OSError):  # a broken flow is said where it is drawn or started
        description = load(project.flow_path(bot.flow), project.root).flow.description or ""
    return {
        "name": name,
        "flow": bot.flow,
        "personality": bot.personality,
        "stack": bot.stack,
        "transport": bot.transport,
        "description": description,
    }
