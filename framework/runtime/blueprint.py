"""Find and read everything one session is made of: flow, personality, stack, functions. Without Pipecat."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from framework.engine.compiler import compile_plan
from framework.engine.plan import Plan
from framework.errors import UserError
from framework.flows.load import Loaded, load
from framework.personalities import NEUTRAL
from framework.personalities import load as load_personality
from framework.services.stacks import load_stack

if TYPE_CHECKING:
    from framework.flows.model import Flow
    from framework.personalities.model import Personality
    from framework.plugins.host import PluginHost
    from framework.plugins.tools import Tool
    from framework.project import Bot, Project
    from framework.services.model import StackModel
    from framework.sessions.spec import SessionSpec

DEFAULT_STACK = "offline"


@dataclass(frozen=True)
class Blueprint:
    """What a session is made of, read and checked."""

    loaded: Loaded
    personality: Personality
    stack: StackModel
    handlers: str
    cast: Mapping[str, Personality] = field(default_factory=dict)
    """Everybody who speaks at some node, by name."""

    @property
    def name(self) -> str:
        """The flow's name."""
        return self.loaded.flow.flow


def draw(spec: SessionSpec, project: Project, *, handlers: str = "") -> Blueprint:
    """Read what a spec names, as the project says it.

    Raises:
        UserError: Something is not there, or not as it should be.
    """
    bot = _bot(spec, project)
    default = project.bots.get(project.default_bot or "")
    flow = spec.flow or (bot.flow if bot else "")
    if not flow:
        raise UserError("no flow was named", fix="Name a flow or a bot, or set `default_bot` in `convo.yaml`.")
    loaded = load(project.flow_path(flow), project.root)
    stack, _ = load_stack(project.stack_path(_first(spec.stack, bot, default, "stack") or DEFAULT_STACK))
    chosen = spec.personality or loaded.flow.personality or _first("", bot, default, "personality")
    personality = load_personality(project.personality_path(chosen)) if chosen else NEUTRAL
    cast = cast_of([loaded.flow], project)
    return Blueprint(loaded, personality, stack, handlers or (bot.handlers or "" if bot else ""), cast)


def cast_of(flows: Iterable[Flow], project: Project) -> dict[str, Personality]:
    """Everybody whom nodes of these flows name, by name.

    Raises:
        UserError: One of them is not there.
    """
    flows = list(flows)
    named = [flow.defaults.personality for flow in flows]
    named += [node.personality for flow in flows for node in flow.nodes.values()]
    names = sorted({name for name in named if name is not None})
    return {name: load_personality(project.personality_path(name)) for name in names}


def _bot(spec: SessionSpec, project: Project) -> Bot | None:
    if spec.bot:
        if spec.bot not in project.bots:
            raise UserError(f"there is no bot `{spec.bot}`", fix=f"Bots are {', '.join(project.bots) or 'none'}.")
        return project.bots[spec.bot]
    return None if spec.flow else project.bots.get(project.default_bot or "")


def _first(said: str, bot: Bot | None, default: Bot | None, key: str) -> str:
    """What was said, else what the bot has, else what the default bot has."""
    for name in (said, *(getattr(one, key) or "" for one in (bot, default) if one)):
        if name:
            return str(name)
    return ""


def uses(plan: Plan, host: PluginHost) -> frozenset[str] | None:
    """The plugins that a flow's session needs: whose tools and actions it names, and those that only serve others.

    None is all of them, where one can't tell: functions of a FlowConfig may ask for anything.
    """
    if plan.pipecat:
        return None
    nodes = plan.nodes.values()
    tools = {tool for node in nodes for tool in (node.tool, *(offered.tool for offered in node.offered)) if tool}
    named = {host.tools.get(tool).name for tool in tools if tool in host.tools}
    named |= {action.name for node in nodes for action in (*node.enter, *node.leave)}
    called = {name.partition(".")[0] for name in (*host.tools.names(), *host.actions.names())}
    return frozenset({name.partition(".")[0] for name in named} | (set(host.in_use()) - called))


def plan_of(blueprint: Blueprint, host: PluginHost, functions: dict[str, Tool]) -> Plan:
    """The flow, made ready to run with these plugins and functions."""
    offered = [host.tools.get(name) for name in host.tools.names()]
    tools: dict[str, Any] = {name: tool for tool in offered for name in (tool.name, *tool.aliases)}
    return compile_plan(
        blueprint.loaded.flow,
        hash=blueprint.loaded.hash,
        personality=blueprint.personality,
        slot_types={name: host.slot_types.get(name) for name in host.slot_types.names()},
        tools={**tools, **functions},
        cast=blueprint.cast,
    )
