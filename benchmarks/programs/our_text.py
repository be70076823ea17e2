"""The conversation of `turn` as a flow of ours."""

from __future__ import annotations

import argparse
import asyncio

from loguru import logger

from benchmarks.measure import PROJECT
from benchmarks.programs import chatter
from framework.cli.talking import Transcript
from framework.plugins.host import PluginHost
from framework.project import Project
from framework.runtime.blueprint import Blueprint
from framework.runtime.conversation import Conversation
from framework.runtime.session import LiveSession
from framework.services.providers.scripted import ScriptedModel
from framework.services.resolve import Services
from framework.sessions.spec import SessionSpec


def services(_blueprint: Blueprint, _conversation: Conversation) -> Services:
    """The model of both sides; nothing else is needed."""
    return Services(llm=ScriptedModel(chatter.Parrot()))


async def main(turns: int, *, events: bool) -> None:
    """Run the session and take turns with it."""
    project = Project.find(PROJECT)
    session = LiveSession(
        SessionSpec(flow="chatter", channel="text"),
        project=project,
        host=PluginHost.load(project),
        services=services,
        **({"on_event": Transcript(as_json=True)} if events else {}),
    )
    running = asyncio.create_task(session.run())

    async def turn() -> None:
        await session.hear(chatter.LINE)
        await session.person()

    await session.person()
    await chatter.measure(turn, turns)
    session.hang_up()
    await running


if __name__ == "__main__":
    logger.remove()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=200)
    parser.add_argument("--events", action="store_true", help="print every event, as `convo chat --json` does")
    asked = parser.parse_args()
    asyncio.run(main(asked.turns, events=asked.events))
