"""The clinic flow, played by a script as a text session and then replayed through the engine alone.

The session's own record of inputs is what is replayed, so both have the same conversation; they take turns.
`python -m benchmarks.programs.clinic`
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence

from loguru import logger

from benchmarks.programs import report
from framework.engine.effects import Choice
from framework.engine.inputs import Heard
from framework.engine.state import initial
from framework.engine.step import step
from framework.plugins.host import PluginHost
from framework.project import Project
from framework.runtime.blueprint import Blueprint
from framework.runtime.conversation import Conversation
from framework.runtime.session import LiveSession
from framework.services.providers.scripted import ScriptedModel
from framework.services.resolve import Services
from framework.services.router import Router, Verdict
from framework.sessions.events import Event
from framework.sessions.spec import SessionSpec
from framework.testing.scripted import Script, Step

LINES = (
    "My name is Grace Hopper",
    "yes",
    "the ninth of December 1976",
    "I need to see somebody about my knee",
    "the second one, please",
    "Can I bring my daughter?",
    "goodbye",
)
REPLAYS = 20
"""How often each session is replayed, so that both sides take about the same time."""
STEPS = (
    Step(say="How can I help you today? I can find a free time, book one, or cancel an appointment for you."),
    Step(call={"appointments_find": {}}),
    Step(say="On Monday there is half past ten in the morning, or two in the afternoon. Which one would you like?"),
    Step(say="Good, I have put you in on Monday at two. Come ten minutes early, please. Do you need anything else?"),
    Step(say="Of course she can come along. There is a corner with toys right beside the front desk, open all day."),
    Step(call={"go_goodbye": {}}),
)
"""What the model answers: twenty chunks each time that it speaks, as in `turn`."""


class Unmoved(Router):
    """A router that hears no intent in anything."""

    async def decide(self, text: str, choices: Sequence[Choice], language: str) -> Verdict:
        """None of them."""
        del text, choices, language
        return Verdict(None, 0.0, "router")

    def score(self, text: str, phrases: Sequence[str]) -> list[float]:
        """Nothing is like anything."""
        del text
        return [0.0] * len(phrases)


def services(_blueprint: Blueprint, _conversation: Conversation) -> Services:
    """The script, from its beginning."""
    return Services(llm=ScriptedModel(Script(steps=STEPS)), router=Unmoved())


async def played(project: Project, host: PluginHost) -> tuple[Conversation, float]:
    """One text session; the CPU seconds from its first turn to its end."""
    ended = 0.0

    def hears(event: Event) -> None:
        nonlocal ended
        if event.type == "node.left" and event.data["to"] is None:
            ended = time.process_time()

    session = LiveSession(
        SessionSpec(flow="clinic", personality="ava", channel="text"),
        project=project,
        host=host,
        services=services,
        on_event=hears,
    )
    running = asyncio.create_task(session.run())
    began = 0.0
    for line in LINES:
        if not await session.person():
            raise SystemExit("the session ended before its script did")
        began = began or time.process_time()
        await session.hear(line)
    assert session.conversation is not None
    await running
    return session.conversation, ended - began


def replayed(conversation: Conversation, times: int) -> float:
    """The CPU seconds of `step` alone on what happened in a session, from its first turn to its end."""
    first = next(n for n, what in enumerate(conversation.record) if isinstance(what, Heard))
    before, after = conversation.record[:first], conversation.record[first:]
    plan, beginning = conversation.plan, initial()
    for what in before:
        beginning, _ = step(plan, beginning, what)
    began = time.process_time()
    for _ in range(times):
        state = beginning
        for what in after:
            state, _ = step(plan, state, what)
    took = (time.process_time() - began) / times
    if state != conversation.state:
        raise SystemExit("the replay came to another end than the session")
    return took


async def main(sessions: int) -> None:
    """Play and replay in turns; the figures are turns a CPU second."""
    project = Project.find()
    host = PluginHost.load(project)
    await played(project, host)
    live = alone = 0.0
    for _ in range(sessions):
        conversation, took = await played(project, host)
        live += took
        alone += replayed(conversation, times=REPLAYS)
    turns = sessions * len(LINES)
    report(session=turns / live, engine=turns / alone)


if __name__ == "__main__":
    logger.remove()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=20)
    asyncio.run(main(parser.parse_args().sessions))
