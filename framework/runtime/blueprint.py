"""Find and read everything one session is made of: flow, personality, stack, functions. Without Pipecat."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from framework.engine.compiler import compile_plan
from framework.engine.frames import opening
from framework.engine.plan import Plan
from framework.engine.work import Failure
from framework.errors import UnknownNameError, UserError
from framework.flows.graph import subflows
from framework.flows.load import Loaded, load
from framework.personalities import NEUTRAL
from framework.personalities import load as load_personality
from framework.services.stacks import load_stack
from framework.suggest import did_you_mean

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
    others: dict[str, Loaded]
    """The flows that it may run as subflows, and those that these may run."""
    personality: Personality
    stack: StackModel
    handlers: str
    cast: Mapping[str, Personality] = field(default_factory=dict)
    """Everybody who speaks at some node, by name."""
    stacks: Mapping[str, StackModel] = field(default_factory=dict)
    """The stacks that nodes name."""

    @property
    def name(self) -> str:
        """The flow's name."""
        return self.loaded.flow.flow

    @property
    def hash(self) -> str:
        """SHA-256 over all files of the flow and of those that it may run, in hex."""
        if not self.others:
            return self.loaded.hash
        parts = [self.loaded.hash, *(f"{name} {self.others[name].hash}" for name in sorted(self.others))]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


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
    others = _others(loaded, project)
    _reachable_people((loaded, *others.values()), project)
    stack, _ = load_stack(project.stack_path(_first(spec.stack, bot, default, "stack") or DEFAULT_STACK))
    chosen = spec.personality or loaded.flow.personality or _first("", bot, default, "personality")
    personality = load_personality(project.personality_path(chosen)) if chosen else NEUTRAL
    flows = [loaded.flow, *(other.flow for other in others.values())]
    functions = handlers or (bot.handlers or "" if bot else "")
    cast, stacks = cast_of(flows, project), stacks_of(flows, project)
    return Blueprint(loaded, others, personality, stack, functions, cast, stacks)


def cast_of(flows: Iterable[Flow], project: Project) -> dict[str, Personality]:
    """Everybody whom nodes of these flows name, by name.

    Raises:
        UserError: One of them is not there.
    """
    return {name: load_personality(project.personality_path(name)) for name in _named(flows, "personality")}


def stacks_of(flows: Iterable[Flow], project: Project) -> dict[str, StackModel]:
    """The stacks that nodes of these flows name.

    Raises:
        UserError: One of them is not there, or not as it should be.
    """
    return {name: load_stack(project.stack_path(name))[0] for name in _named(flows, "stack")}


def spoken(plan: Plan) -> tuple[str, ...]:
    """All languages that a session may be held in, its first one first."""
    plans = plan.flows.values() or (plan,)
    return tuple(
        dict.fromkeys(
            (*plan.languages, *(tag for one in plans for node in one.nodes.values() for tag in node.languages))
        )
    )


def _named(flows: Iterable[Flow], key: str) -> list[str]:
    """What nodes and defaults say under a key."""
    found = {getattr(use, key) for flow in flows for use in (flow.defaults, *flow.nodes.values())}
    return sorted(name for name in found if name is not None)


def _others(loaded: Loaded, project: Project) -> dict[str, Loaded]:
    """The flows that a session of this one can reach.

    Raises:
        UserError: One of them is not there, or can't run as written.
    """
    found = {loaded.flow.flow: loaded}
    todo = [*subflows(loaded.flow)]
    while todo:
        name = todo.pop()
        if name in found:
            continue
        path = project.flow_path(name)
        other = load(path, project.root)
        if other.flow.flow != name:
            raise UserError(f"`{path}` is run as `{name}`, and says that it is `{other.flow.flow}`", fix="Name it so.")
        found[name] = other
        todo.extend(subflows(other.flow))
    return {name: other for name, other in found.items() if other is not loaded}


def _reachable_people(flows: Iterable[Loaded], project: Project) -> None:
    """Everybody that a flow hands people to stands in `convo.yaml`.

    Raises:
        UnknownNameError: Somebody doesn't.
    """
    for target in (node.transfer for one in flows for node in one.flow.nodes.values()):
        if target is not None and target not in project.transfers:
            fix = did_you_mean(target, project.transfers) or f"Add it: `transfers: {{{target}: …}}`."
            raise UnknownNameError(f"`transfers` of convo.yaml names no `{target}`", fix=fix)


def admit(plan: Plan, inputs: Mapping[str, Any]) -> None:
    """See that a session has what its flow must be given.

    Raises:
        UserError: An input is missing, or isn't what its slot takes.
    """
    try:
        opening(plan, inputs, datetime.now(UTC).date())
    except Failure as failure:
        fix = f"Inputs of `{plan.flow}` are {', '.join(f'`{name}`' for name in plan.inputs) or 'none'}."
        raise UserError(str(failure), fix=fix) from None


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
    nodes = [node for flow in plan.flows.values() for node in flow.nodes.values()]
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
        hash=blueprint.hash,
        personality=blueprint.personality,
        slot_types={name: host.slot_types.get(name) for name in host.slot_types.names()},
        tools={**tools, **functions},
        cast=blueprint.cast,
        flows={name: other.flow for name, other in blueprint.others.items()},
    )
