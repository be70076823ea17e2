"""The flow behind a transcript, compiled as it was then: by its name and its hash, or the one that is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.errors import UserError
from framework.plugins.tools import Tool
from framework.runtime.blueprint import Blueprint, draw, plan_of
from framework.sessions.spec import SessionSpec
from framework.story.transcript import Transcript

if TYPE_CHECKING:
    from framework.engine.plan import Plan
    from framework.flows.model import Flow
    from framework.plugins.host import PluginHost
    from framework.project import Project


def behind(transcript: Transcript, project: Project, host: PluginHost, flow: str = "") -> tuple[Blueprint, Plan]:
    """The blueprint and plan of a transcript's flow.

    Args:
        transcript: The conversation.
        project: Where names are looked up.
        host: The plugins that offer its tools.
        flow: The flow to take, whatever the transcript says; else that of its name, if it is unchanged.

    Raises:
        UserError: There is no such flow, or it has changed since.
    """
    try:
        blueprint = drawn(transcript, project, flow or transcript.flow)
    except UserError as missing:
        if flow:
            raise
        raise UserError(
            f"the flow `{transcript.flow}` of the transcript can't be read: {missing.message}",
            where=missing.where,
            fix="Name its file with `--flow FILE`.",
        ) from missing
    if not flow and changed(blueprint, transcript):
        raise UserError(
            f"the flow `{transcript.flow}` has changed since this conversation",
            where=blueprint.loaded.source.file,
            fix="Give the file as it was with `--flow FILE`, or this one, to see how far it goes the same way.",
        )
    return blueprint, compiled(blueprint, host)


def changed(blueprint: Blueprint, transcript: Transcript) -> bool:
    """Whether a flow isn't the one of the conversation."""
    return bool(transcript.hash) and blueprint.loaded.hash != transcript.hash


def drawn(transcript: Transcript, project: Project, flow: str) -> Blueprint:
    """What a conversation of a flow is made of, with the personality of the transcript where there still is one."""
    known = transcript.personality in project.names("personalities")
    spec = SessionSpec(flow=flow, personality=transcript.personality or "" if known else "")
    return draw(spec, project)


def compiled(blueprint: Blueprint, host: PluginHost) -> Plan:
    """A plan; functions of a FlowConfig need no code, as nothing calls them."""
    return plan_of(blueprint, host, {name: _stand_in(name) for name in _functions(blueprint.loaded.flow)})


def _functions(flow: Flow) -> set[str]:
    uses = [*flow.global_functions, *(function for node in flow.nodes.values() for function in node.functions)]
    return {function.name for function in uses if not function.transition_only}


def _stand_in(name: str) -> Tool:
    async def nothing() -> None:
        """Stand in for a function."""

    return Tool(name=name, description="", function=nothing, parameters={"type": "object", "properties": {}})
