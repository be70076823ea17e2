"""Notice when nobody can go on, and bring the conversation back: first by itself, then by ending it."""

from __future__ import annotations

import asyncio
import uuid

from loguru import logger

from framework.engine import effects as do
from framework.engine import inputs as happened
from framework.runtime.conversation import Conversation
from framework.runtime.stage import PipelineStage
from framework.slots import phrases

LOOK_S = 2.0
STUCK_S = 8.0
"""How long nobody may be able to go on before something is done about it."""
TRIES = 2
"""How often the present node is entered anew before the session is ended."""


class Watchdog:
    """Looks from outside: whether a person, a task, a timer or words can still move the conversation."""

    def __init__(self, conversation: Conversation, stage: PipelineStage) -> None:
        self._conversation = conversation
        self._stage = stage
        self._tries = 0

    async def run(self) -> None:
        """Look every now and then, until cancelled."""
        quiet_since: float | None = None
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOK_S)
            if not self._stuck():
                quiet_since = None
            elif quiet_since is None:
                quiet_since = loop.time()
            elif loop.time() - quiet_since >= STUCK_S:
                quiet_since = None
                await self._recover()

    def _stuck(self) -> bool:
        conversation = self._conversation
        return (
            conversation.ended is None
            and bool(conversation.moved)
            and conversation.still
            and not conversation.waiting.is_set()
            and not self._stage.person_speaks
        )

    async def _recover(self) -> None:
        """Apologise and enter the node anew; when that doesn't help, end."""
        conversation = self._conversation
        self._tries += 1
        conversation.publish("error", {"code": "stuck", "message": "Nobody could go on; the node was entered anew."})
        logger.error("a conversation was stuck", node=conversation.node)
        if self._tries > TRIES or not conversation.node:
            conversation.tell(happened.HungUp, reason="stuck")
            return
        language = conversation.language
        await self._stage.say(do.Say(say="", text=phrases.sentence("ask_again", language), language=language))
        order = {"kind": "goto", "node": conversation.node, "order_id": uuid.uuid4().hex, "at_once": True}
        conversation.tell(happened.Ordered, order=order)
